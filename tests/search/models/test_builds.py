from datetime import timedelta

import pytest
from django.db.models import F

from search.exceptions import BuildGivenUp, BuildStateError
from search.indexing import building, version_figures, versions
from search.models import Build, IndexEntry, IndexVersion, StaleProduct
from search.tasks import begin_build
from tests.outbox import stale_products
from tests.search.products import add_picture, build_version, colour_picture, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def latest() -> tuple:
    return Build.objects.values_list("kind", "state", "step", "version", "total", "indexed").first()


def test_a_rebuild_from_its_request_to_its_end(published):
    make_product("A1")
    first = build_version()
    published.clear()
    build, sent = building.request_build("rebuild", by="anna")
    assert (sent, published) == (True, [("begin_build", build.pk)])
    assert latest() == ("rebuild", "running", "queued", None, None, 0)

    begin_build(build.pk)
    assert latest() == ("rebuild", "running", "encoding", first.pk + 1, 1, 0)
    assert published[1:] == [("index_stale",)] * 2
    drain()
    assert latest() == ("rebuild", "running", "encoding", first.pk + 1, 1, 1)
    building.advance_builds()
    assert latest() == ("rebuild", "done", "switching", first.pk + 1, 1, 1)
    build.refresh_from_db()
    assert (build.started_by, build.reason) == ("anna", "")
    assert build.ended_at > build.started_at
    assert IndexVersion.objects.active().pk == first.pk + 1


def test_a_rebuild_from_the_command_line_is_recorded():
    make_product("A1")
    version = build_version()
    assert latest() == ("rebuild", "done", "switching", version.pk, 1, 1)
    assert Build.objects.get().started_by == ""


def test_one_build_at_a_time():
    make_product("A1")
    building.request_build("rebuild", by="anna")
    for kind in Build.Kind.values:
        with pytest.raises(BuildStateError, match=r"^A rebuild runs already, begun by anna\.$"):
            building.request_build(kind, by="ben")
    assert Build.objects.count() == 1


def test_a_message_that_comes_twice_begins_one_version():
    make_product("A1")
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    building.begin_build(build.pk)
    assert IndexVersion.objects.count() == 1
    with pytest.raises(BuildGivenUp):
        Build.objects.begin(build.pk)


def test_two_workers_that_begin_the_same_build_leave_the_first_ones_version():
    """One has seen that the build waits, as beat's round does, and comes to the lock once the other has given it back."""
    make_product("A1")
    build, _ = building.request_build("rebuild", by="anna")
    begin_build(build.pk)
    begun = latest()
    with pytest.raises(BuildGivenUp, match="has begun already"):
        versions.request_rebuild(force=True, build=build)
    assert latest() == begun
    assert [version.state for version in IndexVersion.objects.all()] == ["building"]


def test_a_build_whose_message_was_lost_is_begun_by_the_next_round():
    make_product("A1")
    building.request_build("rebuild", by="anna")
    building.advance_builds()
    drain()
    building.advance_builds()
    assert latest() == ("rebuild", "done", "switching", IndexVersion.objects.get().pk, 1, 1)


def test_a_newer_build_from_the_command_line_takes_its_place():
    make_product("A1")
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    newer = versions.request_rebuild(force=True).version
    build.refresh_from_db()
    assert (build.state, build.reason) == ("failed", "A newer build took its place.")
    assert latest() == ("rebuild", "running", "encoding", newer.pk, 1, 0)


def test_an_artifact_that_cannot_be_read_ends_the_build(index_settings, tmp_path):
    make_product("A1")
    build, _ = building.request_build("rebuild", by="anna")
    index_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "none")}
    building.begin_build(build.pk)
    build.refresh_from_db()
    assert build.state == "failed"
    assert build.reason.startswith(f"The artifact {tmp_path / 'none'} cannot be read: No such file")


def test_a_version_below_the_wanted_recall_ends_the_build_as_failed(monkeypatch):
    make_product("A1")
    monkeypatch.setattr(version_figures, "measure_recalls", lambda version: {"pictures": 0.5, "texts": 1.0})
    versions.request_rebuild()
    drain()
    building.advance_builds()
    build = Build.objects.get()
    assert build.state == "failed"
    assert build.reason.startswith("Not activated: ANN recall@24 of pictures is 0.500, below 0.95.")


def test_trouble_in_a_build_that_goes_on_is_kept(monkeypatch):
    make_product("A1")

    def fail(version):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(building, "build_indexes", fail)
        versions.request_rebuild()
        drain()
        with pytest.raises(OSError, match="disk full"):
            building.advance_builds()
    build = Build.objects.get()
    assert (build.state, build.step, build.reason) == ("running", "indexing", "OSError: disk full")
    building.advance_builds()
    build.refresh_from_db()
    assert (build.state, build.reason) == ("done", "")


def test_trouble_at_the_beginning_is_kept_and_the_build_waits_on(monkeypatch):
    make_product("A1")
    build, _ = building.request_build("rebuild", by="anna")

    def fail(**options):
        raise OSError("too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(versions, "request_rebuild", fail)
        with pytest.raises(OSError, match="too many open files"):
            building.begin_build(build.pk)
    build.refresh_from_db()
    assert (build.step, build.reason) == ("queued", "OSError: too many open files")
    building.begin_build(build.pk)
    build.refresh_from_db()
    assert (build.step, build.reason) == ("encoding", "")


class TestReindex:
    def test_it_reads_every_picture_again(self, index_settings):
        product = make_product("A1")
        version = build_version()
        name = product.images.get().image.name
        with product.images.get().image.storage.open(name, "wb") as file:
            file.write(colour_picture("blue"))
        before = IndexEntry.objects.get().images.get().picture_hash
        build, _ = building.request_build("reindex", by="anna")
        building.begin_build(build.pk)
        assert latest() == ("reindex", "running", "encoding", version.pk, 1, 0)
        drain()
        building.advance_builds()
        assert latest() == ("reindex", "done", "encoding", version.pk, 1, 1)
        assert IndexEntry.objects.get().images.get().picture_hash != before
        assert IndexVersion.objects.count() == 1

    def test_without_a_version_there_is_nothing_to_reindex(self):
        build, _ = building.request_build("reindex", by="anna")
        building.begin_build(build.pk)
        build.refresh_from_db()
        assert (build.state, build.reason) == (
            "failed",
            "There is no index version to reindex; rebuild instead.",
        )

    def test_it_goes_on_until_failed_products_are_parked(self, index_settings):
        product = make_product("A1", pictures=0)
        add_picture(product, b"no picture")
        build_version_with_failure()
        build, _ = building.request_build("reindex", by="anna")
        building.begin_build(build.pk)
        drain()
        building.advance_builds()
        assert latest()[1] == "running"
        stale_products().update(parked=True)
        building.advance_builds()
        assert latest()[1] == "done"

    def test_what_people_changed_goes_first(self):
        make_product("A1")
        make_product("A2")
        build_version()
        changed = StaleProduct.objects.create(product_key="77", marked_at="2026-01-01T00:00:00Z")
        build, _ = building.request_build("reindex", by="anna")
        building.begin_build(build.pk)
        assert Build.objects.get(pk=build.pk).total == 2
        assert list(stale_products().filter(backfill=False)) == [changed]


def build_version_with_failure() -> None:
    versions.request_rebuild()
    drain()
    stale_products().update(parked=True)
    building.advance_builds()
    assert IndexVersion.objects.active()


def test_the_rate_is_that_of_the_last_half_minute():
    build = Build.objects.queue("rebuild")
    Build.objects.begin(build.pk)

    def batch(seconds_later: float, products: int) -> list:
        Build.objects.update(started_at=F("started_at") - timedelta(seconds=seconds_later))
        Build.objects.note_batch(products)
        return [[round(seconds), indexed] for seconds, indexed in Build.objects.get().pace]

    assert batch(0, 10) == [[0, 10]]
    assert batch(0, 0) == [[0, 10]]  # a batch of keyword parts
    assert batch(10, 10) == [[0, 10], [10, 20]]
    assert batch(25, 50) == [[0, 10], [10, 20], [35, 70]]
    assert batch(10, 10) == [[10, 20], [35, 70], [45, 80]]
    assert batch(0, 1) == [[10, 20], [35, 70], [45, 80], [45, 81]]
    assert batch(1, 1) == [[10, 20], [35, 70], [45, 80], [46, 82]]
