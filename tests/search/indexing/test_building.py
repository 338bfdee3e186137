import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from search.exceptions import BuildGivenUp, BuildStateError
from search.indexing import batches, building, hnsw, outbox, version_figures, versions
from search.indexing.removal import drop_version
from search.models import Build, EntryImage, IndexEntry, IndexVersion, KeptCount, KeptCountChange
from shop.models import Product
from tests.outbox import stale_products
from tests.search.products import add_picture, build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def active() -> IndexVersion:
    """Three products in an active version, and nothing in the outbox."""
    for number in range(3):
        make_product(f"A{number}")
    return build_version()


def start(kind: str = "rebuild") -> Build:
    build, _ = building.request_build(kind, by="anna")
    building.begin_build(build.pk)
    build.refresh_from_db()
    return build


def of_version(number: int) -> tuple[int, int]:
    return (
        IndexEntry.objects.filter(version=number).count(),
        EntryImage.objects.filter(version=number).count(),
    )


def test_cancelling_ends_the_build_and_leaves_the_active_version(active, published):
    build = start()
    claims = outbox.claim_texts(2)
    batches.index_texts(claims)
    assert of_version(build.version) == (2, 0)
    published.clear()

    cancelled = building.cancel_build(build.pk, by="ben")
    assert (cancelled.state, cancelled.reason, cancelled.cleared_at) == (
        "cancelled",
        "Cancelled by ben.",
        None,
    )
    assert IndexVersion.objects.get(pk=build.version).state == "failed"
    assert not stale_products().exists()
    assert published == [("advance_builds",)]

    building.advance_builds()
    build.refresh_from_db()
    assert build.cleared_at is not None
    assert not IndexVersion.objects.filter(pk=build.version).exists()
    assert of_version(build.version) == (0, 0)
    assert of_version(active.pk) == (3, 3)
    assert IndexVersion.objects.active() == active
    assert published == [("advance_builds",), ("reconcile",)]


def test_a_batch_that_is_being_encoded_writes_nothing_to_the_cancelled_version(active, monkeypatch):
    build = start()
    claims = outbox.claim_fresh(3)
    embed = batches.Embedder.embed

    def cancel_meanwhile(embedder, *args, **options):
        building.cancel_build(build.pk, by="ben")
        return embed(embedder, *args, **options)

    monkeypatch.setattr(batches.Embedder, "embed", cancel_meanwhile)
    batches.index_batch(claims)
    assert of_version(build.version) == (0, 0)


def test_a_second_build_begins_at_once_and_clearing_up_does_not_touch_it(active):
    first = start()
    building.cancel_build(first.pk, by="ben")
    second = start()
    assert stale_products().count() == 3
    building.advance_builds()
    assert stale_products().count() == 3
    drain()
    building.advance_builds()
    assert IndexVersion.objects.active().pk == second.version
    assert list(Build.objects.values_list("state", flat=True)) == ["done", "cancelled", "done"]


def test_a_build_that_waits_is_cancelled_and_does_not_begin_any_more(active):
    build, _ = building.request_build("rebuild", by="anna")
    building.cancel_build(build.pk, by="ben")
    building.begin_build(build.pk)
    building.advance_builds()
    assert list(IndexVersion.objects.all()) == [active]


def test_a_build_that_is_being_marked_marks_nothing(active, monkeypatch):
    def keys_and_cancel():
        yield "1"
        # From another connection: this one is inside the transaction that marks.
        canceller = threading.Thread(target=_cancel, args=[build.pk])
        canceller.start()
        canceller.join(timeout=120)

    class Keys:
        iterator = staticmethod(keys_and_cancel)
        count = staticmethod(lambda: 3)

    monkeypatch.setattr(versions, "product_keys", Keys)
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    assert not stale_products().exists()
    build.refresh_from_db()
    assert build.state == "cancelled"


def test_what_people_changed_stays_in_the_outbox(active):
    product = Product.objects.get(sku="A0")
    product.name = "changed before"
    product.save()
    build = start()
    product = Product.objects.get(sku="A1")
    product.name = "changed meanwhile"
    product.save()
    building.cancel_build(build.pk, by="ben")
    assert stale_products().count() == 2
    drain()
    names = IndexEntry.objects.filter(version=active).order_by("sku").values_list("name", flat=True)
    assert list(names) == ["changed before", "changed meanwhile", "red Shirt"]


def test_products_that_failed_stay_in_the_outbox(active):
    product = make_product("A9", pictures=0)
    add_picture(product, b"no picture")
    drain()
    stale_products().update(parked=True)
    build = start()
    building.cancel_build(build.pk, by="ben")
    assert list(stale_products().values_list("product_key", "parked")) == [(str(product.pk), False)]


def test_a_reindex_is_cancelled_and_what_it_indexed_stays(active):
    build = start("reindex")
    assert stale_products().count() == 3
    batches.index_batch(outbox.claim_fresh(1))
    building.cancel_build(build.pk, by="ben")
    assert not stale_products().exists()
    building.advance_builds()
    build.refresh_from_db()
    assert (build.state, build.cleared_at is None) == ("cancelled", False)
    assert of_version(active.pk) == (3, 3)


def test_what_has_ended_cannot_be_cancelled(active):
    build = Build.objects.get()
    with pytest.raises(BuildStateError, match=r"^The rebuild is done and cannot be cancelled any more\.$"):
        building.cancel_build(build.pk, by="ben")
    with pytest.raises(BuildStateError, match=r"^There is no build 0\.$"):
        building.cancel_build(0, by="ben")
    build = start()
    IndexVersion.objects.filter(pk=build.version).update(state="ready")
    sentence = rf"^Version {build.version} is ready and cannot be cancelled any more\.$"
    with pytest.raises(BuildStateError, match=sentence):
        building.cancel_build(build.pk, by="ben")
    build.refresh_from_db()
    assert build.state == "running"


def test_a_build_whose_version_is_gone_can_be_cancelled(active):
    build = start()
    drop_version(IndexVersion.objects.get(pk=build.version))
    assert building.cancel_build(build.pk, by="ben").state == "cancelled"


@pytest.mark.parametrize(
    ("place", "step"),
    [(building, "build_indexes"), (building, "build_lexicon"), (version_figures, "measure_recalls")],
)
def test_a_build_that_is_cancelled_in_one_of_its_last_steps_is_not_activated(
    active, monkeypatch, place, step
):
    build = start()
    drain()
    real = getattr(place, step)

    def cancel_meanwhile(version):
        if version.pk == build.version:
            building.cancel_build(build.pk, by="ben")
        return real(version)

    monkeypatch.setattr(place, step, cancel_meanwhile)
    building.advance_builds()
    build.refresh_from_db()
    assert (build.state, build.cleared_at is None) == ("cancelled", False)
    assert list(IndexVersion.objects.all()) == [active]
    assert sorted(hnsw.index_validity()) == sorted([active.image_index, active.text_index])


def test_an_hnsw_index_that_is_being_built_is_broken_off(active):
    build = start()
    drain()
    version = IndexVersion.objects.get(pk=build.version)
    outcome: list[BaseException | None] = []

    def build_in_thread() -> None:
        try:
            hnsw.build_indexes(version)
            outcome.append(None)
        except BuildGivenUp as error:
            outcome.append(error)
        finally:
            connection.close()

    # A concurrent build waits for transactions that may write to its table, so it cannot end before this one.
    with transaction.atomic():
        IndexEntry.objects.filter(version=active).update(updated_at=timezone.now())
        EntryImage.objects.filter(version=active).update(error="")
        thread = threading.Thread(target=build_in_thread)
        thread.start()
        _wait_for_build(version)
        assert hnsw.built_share(version) == 0.0
        canceller = threading.Thread(target=_cancel, args=[build.pk])
        canceller.start()
        canceller.join(timeout=120)
        assert not canceller.is_alive()
    # The broken index is dropped, which waits for the transaction, too.
    thread.join(timeout=120)
    assert isinstance(outcome[0], BuildGivenUp)
    building.advance_builds()
    assert sorted(hnsw.index_validity()) == sorted([active.image_index, active.text_index])


def _cancel(pk: int) -> None:
    try:
        building.cancel_build(pk, by="ben")
    finally:
        connection.close()


def _wait_for_build(version: IndexVersion) -> None:
    deadline = timezone.now() + timedelta(seconds=20)
    with connection.cursor() as cursor:
        while timezone.now() < deadline:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute("SELECT count(*) FROM pg_stat_progress_create_index WHERE index_relid <> 0")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("No index is being built.")


def test_a_version_of_the_release_before_is_counted_by_the_next_round(active):
    KeptCount.objects.all().delete()
    KeptCountChange.objects.all().delete()
    IndexVersion.objects.update(counted=False)
    assert KeptCount.objects.entries_of(IndexVersion.objects.get()) == 3

    building.advance_builds()

    version = IndexVersion.objects.get()
    assert (version.counted, KeptCount.objects.entries_of(version)) == (True, 3)
    assert KeptCount.objects.wrong(version) == 0
