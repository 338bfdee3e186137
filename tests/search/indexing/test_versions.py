import shutil
import threading
import time
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F

from search.encoders.cache import forget_artifacts
from search.exceptions import ArtifactError, NoVersion, VersionStateError
from search.indexing import building, hnsw, version_figures, versions
from search.indexing.embedding import Embedder
from search.indexing.entries import lock_written
from search.indexing.failures import list_failures
from search.indexing.removal import give_up_version
from search.models import (
    EntryImage,
    IndexEntry,
    IndexVersion,
)
from search.monitoring.verify import verify
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.outbox import empty_outbox, stale_products
from tests.search.products import build_version, colour_picture, drain, make_product
from tests.tiny_artifact import unloadable_artifact, write_tiny_artifact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def states() -> dict[int, str]:
    return dict(IndexVersion.objects.values_list("pk", "state"))


def test_a_build_ends_active_with_valid_indexes_and_a_measured_recall():
    make_product("A1")
    version = build_version()
    assert (version.state, version.total, version.ann_recall, version.error) == ("active", 1, 1.0, "")
    assert hnsw.index_validity() == {version.image_index: True, version.text_index: True}


def test_a_build_waits_for_embeddings():
    make_product("A1")
    version = versions.request_rebuild().version
    building.advance_builds()
    assert states() == {version.pk: "building"}
    assert IndexVersion.objects.serving() == version


@pytest.mark.parametrize(
    ("states", "serving"),
    [
        (["failed", "retired"], None),
        (["building", "ready"], 1),
        (["ready", "building"], 1),
        (["active", "ready", "building"], 0),
    ],
)
def test_searches_use_the_active_version_else_the_newest_on_its_way(states, serving):
    made = [
        IndexVersion.objects.create(
            artifact_path="a", artifact_name="a", fingerprint="f", dimension=32, state=state
        )
        for state in states
    ]
    assert IndexVersion.objects.serving() == (None if serving is None else made[serving])


def test_a_rebuild_without_a_change_says_so():
    make_product("A1")
    version = build_version()
    answer = versions.request_rebuild()
    assert (answer.version, answer.begun) == (version, False)
    assert answer.sentence == (
        f"Version {version.pk} has this artifact and no product has changed; --force builds a new one."
    )


def test_a_rebuild_notes_where_the_artifact_is_now(index_settings, tmp_path: Path):
    make_product("A1")
    version = build_version()
    stored = version.artifact_path
    shutil.copytree(stored, tmp_path / "now")
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "now")}
    answer = versions.request_rebuild()
    assert answer.sentence == (
        f"The artifact of version {version.pk} is noted in {tmp_path / 'now'} now, no longer in {stored}."
        f" Version {version.pk} has this artifact and no product has changed; --force builds a new one."
    )
    version.refresh_from_db()
    assert version.artifact_path == str(tmp_path / "now")
    assert "noted" not in versions.request_rebuild().sentence


def test_advancing_notes_where_an_artifact_is_now_once(tiny_artifact: Path):
    make_product("A1")
    version = build_version()
    IndexVersion.objects.update(artifact_path="/srv/releases/1/artifact")
    building.advance_builds()
    version.refresh_from_db()
    assert version.artifact_path == str(tiny_artifact)
    # Another host, which has it elsewhere, has noted its own folder: they do not go on for ever.
    IndexVersion.objects.update(artifact_path="/srv/releases/1/artifact")
    building.advance_builds()
    version.refresh_from_db()
    assert version.artifact_path == "/srv/releases/1/artifact"


@pytest.fixture
def lost(index_settings, tiny_artifact: Path, tmp_path: Path) -> IndexVersion:
    """A former version whose artifact is nowhere to be found."""
    make_product("A1")
    write_tiny_artifact(tmp_path / "old" / "a", name="old", seed=9)
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "old" / "a")}
    former = build_version()
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(tiny_artifact)}
    build_version()
    shutil.rmtree(tmp_path / "old")
    forget_artifacts()
    return former


def test_there_is_no_going_back_to_a_version_without_its_artifact_unless_asked_for(lost):
    with pytest.raises(ArtifactError) as raised:
        versions.roll_back()
    assert str(raised.value).startswith(
        f"Version {lost.pk} is not activated, because searches would be by words only: The artifact old ("
    )
    assert IndexVersion.objects.active() != lost
    assert versions.roll_back(without_artifact=True) == lost


def test_a_version_that_is_ready_waits_for_its_artifact(index_settings, tmp_path: Path, caplog):
    make_product("A1")
    first = build_version()
    write_tiny_artifact(tmp_path / "new" / "a", name="new", seed=9)
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "new" / "a")}
    second = versions.request_rebuild().version
    drain()
    second.refresh_from_db()
    IndexVersion.objects.filter(pk=second.pk).update(state="ready")
    (tmp_path / "new").rename(tmp_path / "away")
    forget_artifacts()
    with pytest.raises(ArtifactError, match=f"Version {second.pk} is not activated"):
        building.advance_builds()
    assert states() == {first.pk: "active", second.pk: "ready"}
    (tmp_path / "away").rename(tmp_path / "new")
    IndexVersion.objects.filter(pk=second.pk).update(state="building")
    building.advance_builds()
    assert states() == {first.pk: "retired", second.pk: "active"}


def test_a_rebuild_begins_nothing_with_an_artifact_that_cannot_be_loaded(index_settings, tmp_path: Path):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "ARTIFACT": str(unloadable_artifact(tmp_path / "a"))
    }
    with pytest.raises(ArtifactError, match=r"text\.onnx cannot be loaded"):
        versions.request_rebuild()
    assert states() == {}


def test_a_rebuild_with_another_artifact_begins_a_version(index_settings, tmp_path: Path):
    make_product("A1")
    first = build_version()
    write_tiny_artifact(tmp_path / "other", name="other", seed=8)
    index_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "other")}
    second = build_version()
    assert (second.artifact_name, states()) == ("other", {first.pk: "retired", second.pk: "active"})
    one, two = (EntryImage.objects.get(version=version).embedding for version in (first, second))
    assert one != two


def test_changes_during_a_build_reach_both_versions():
    product = make_product("A1")
    first = build_version()
    second = versions.request_rebuild(force=True).version
    product.name = "changed"
    product.save()
    drain()
    assert dict(IndexEntry.objects.values_list("version_id", "name")) == {
        first.pk: "changed",
        second.pk: "changed",
    }


def test_going_back_brings_up_to_date_what_changed_meanwhile():
    product = make_product("A1")
    first = build_version()
    second = build_version(force=True)
    product.name = "changed"
    product.save()
    gone = make_product("A2")
    drain()
    gone.delete()
    drain()
    assert versions.roll_back() == first
    assert states() == {first.pk: "active", second.pk: "retired"}
    drain()
    assert list(IndexEntry.objects.filter(version=first).values_list("name", flat=True)) == ["changed"]


def test_a_picture_overwritten_under_its_name_is_read_again_after_going_back():
    product = make_product("A1", colour="red")
    first = build_version()
    build_version(force=True)
    picture = product.images.get()
    with default_storage.open(picture.image.name, "wb") as file:
        file.write(colour_picture("blue"))
    picture.save()
    drain()
    assert versions.roll_back() == first
    drain()
    of_first, of_second = EntryImage.objects.order_by("version").values_list("picture_hash", flat=True)
    assert of_first == of_second == sha256(colour_picture("blue")).hexdigest()


def test_going_back_while_a_batch_is_being_read_has_it_read_again(monkeypatch):
    product = make_product("A1")
    first = build_version()
    build_version(force=True)
    product.name = "changed"
    product.save()
    real, turned = Embedder.embed, []

    def go_back_meanwhile(self, *args, **options):
        embedded = real(self, *args, **options)
        if not turned:
            turned.append(versions.roll_back())
        return embedded

    monkeypatch.setattr(Embedder, "embed", go_back_meanwhile)
    drain()
    assert turned == [first]
    assert IndexEntry.objects.get(version=first).name == "changed"


def test_a_batch_that_waits_for_going_back_writes_to_the_version_that_was_gone_back_to():
    make_product("A1")
    first = build_version()
    second = build_version(force=True)
    begun, written = threading.Event(), []

    def write() -> None:
        try:
            begun.set()
            with transaction.atomic():
                written.extend(lock_written())
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    with transaction.atomic():
        list(IndexVersion.objects.select_for_update())
        thread.start()
        assert begun.wait(10)
        time.sleep(0.3)  # it waits for the locks by now
        IndexVersion.objects.filter(pk=second.pk).update(state="retired")
        IndexVersion.objects.filter(pk=first.pk).update(state="active")
    thread.join(10)
    assert written == [first.pk]


def test_an_activated_version_is_not_given_up_by_whoever_read_it_before():
    make_product("A1")
    build_version()
    before = IndexVersion.objects.get()
    before.state = "building"  # as somebody read it a moment ago
    assert give_up_version(before, "A newer build took its place.") is False
    assert states() == {before.pk: "active"}


def test_activating_the_active_version_again_catches_up():
    """As when the message of going back is delivered again, its first worker having died before it compared anything."""
    product = make_product("A1")
    version = build_version()
    Product.objects.filter(pk=product.pk).update(name="changed")
    assert versions.activate(version.pk) == version
    drain()
    assert IndexEntry.objects.get().name == "changed"


def test_a_failure_that_is_over_is_not_remembered_by_a_former_version(index_settings, monkeypatch):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"MAX_ATTEMPTS": 1}
    product = make_product("A1")
    build_version()
    build_version(force=True)
    real = ShopProductIndex.document
    monkeypatch.setattr(ShopProductIndex, "document", lambda self, product: {}["size"])
    product.save()
    drain()
    assert [failure.reason for failure in list_failures()] == ["document() failed: KeyError: 'size'"]
    monkeypatch.setattr(ShopProductIndex, "document", real)
    product.save()
    drain()
    assert list_failures() == []


def test_a_newer_build_takes_the_place_of_one_that_runs():
    make_product("A1")
    versions.request_rebuild()
    second = versions.request_rebuild(force=True).version
    assert states() == {second.pk: "building"}


def test_only_a_ready_or_retired_version_with_its_indexes_is_activated():
    make_product("A1")
    building_one = versions.request_rebuild().version
    with pytest.raises(VersionStateError, match="is building; only a ready or retired one can be activated"):
        versions.activate(building_one.pk)
    IndexVersion.objects.update(state="ready")
    with pytest.raises(VersionStateError, match=f"lacks a valid index: {building_one.image_index}"):
        versions.activate(building_one.pk)
    with pytest.raises(NoVersion, match="There is no index version 0"):
        versions.activate(0)
    with pytest.raises(NoVersion, match="No retired version is kept"):
        versions.roll_back()


def test_an_index_that_a_killed_build_left_invalid_is_built_again():
    make_product("A1")
    version = build_version()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [version.image_index]
        )
    assert hnsw.broken_indexes(version) == [version.image_index]
    building.advance_builds()
    assert hnsw.broken_indexes(version) == []


def test_a_version_below_the_wanted_recall_is_not_activated(monkeypatch):
    make_product("A1")
    monkeypatch.setattr(version_figures, "measure_recalls", lambda version: {"pictures": 0.5, "texts": 0.97})
    versions.request_rebuild()
    drain()
    building.advance_builds()
    version = IndexVersion.objects.get()
    assert (version.state, version.ann_recall) == ("ready", 0.5)
    assert version.held.startswith("ANN recall@24 of pictures is 0.500, below 0.95.")


def test_a_build_that_was_cut_off_before_its_products_were_marked_is_filled():
    make_product("A1")
    versions.request_rebuild()
    empty_outbox()
    IndexVersion.objects.update(total=None)
    building.advance_builds()
    assert stale_products().count() == 1
    drain()
    building.advance_builds()
    assert IndexVersion.objects.get().state == "active"


def test_products_that_a_build_missed_are_marked_before_it_ends():
    make_product("A1")
    versions.request_rebuild()
    drain()
    Product.objects.bulk_create(
        [Product(sku="A2", slug="a2", name="Hat", category=Product.objects.get().category)]
    )
    building.advance_builds()
    assert list(stale_products().values_list("product_key", "backfill")) == [
        (str(Product.objects.get(sku="A2").pk), True)
    ]
    drain()
    building.advance_builds()
    assert IndexVersion.objects.get().state == "active"


def test_a_parked_product_does_not_hold_up_a_build():
    make_product("A1")
    make_product("A2")
    versions.request_rebuild()
    parked = stale_products().order_by("pk").first()
    stale_products().filter(pk=parked.pk).update(parked=True, attempts=F("attempts") + 3)
    drain()
    building.advance_builds()
    assert IndexVersion.objects.get().state == "active"


def test_parked_products_without_an_entry_do_not_hold_up_a_build(index_settings, monkeypatch):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"BATCH_SIZE": 2, "MAX_ATTEMPTS": 1}
    for number in range(4):
        make_product(f"A{number}")

    def document(self, product):
        if product.sku == "A3":
            return real(self, product)
        raise KeyError("size")

    real = ShopProductIndex.document
    monkeypatch.setattr(ShopProductIndex, "document", document)
    versions.request_rebuild()
    drain()
    building.advance_builds()
    assert stale_products().filter(parked=True).count() == 3
    assert IndexVersion.objects.get().state == "active"
    checks = {check.name: check.passed for check in verify().checks}
    assert checks["one entry per product"]
