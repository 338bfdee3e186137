from datetime import timedelta

import pytest
from django.db.models import F

from search.indexing import batches, building, outbox
from search.indexing.locks import is_held, only_one
from search.indexing.storage_probe import forget_storage
from search.models import Build, StaleProduct
from search.monitoring.build_progress import read_progress
from tests.outbox import stale_products
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def build() -> Build:
    """A rebuild of four products that has begun, beside an active version."""
    for number in range(4):
        make_product(f"A{number}")
    build_version()
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    build.refresh_from_db()
    return build


def steps() -> dict[str, str]:
    return {step["name"]: step["state"] for step in read_progress()["steps"]}


def wait(seconds: float) -> None:
    """Let so much time have passed since anything was done for the build."""
    span = timedelta(seconds=seconds)
    moments = ("started_at", "step_at", "moved_at")
    Build.objects.running().update(**{moment: F(moment) - span for moment in moments})


def no_ping() -> int:
    raise AssertionError("Workers are only asked where nothing moves.")


def test_before_the_first_build():
    assert read_progress() is None


def test_keywords_then_embeddings(build):
    progress = read_progress(no_ping)
    assert (progress["headline"], progress["running"]) == (f"Rebuild: version {build.version}", True)
    assert progress["sentence"] == "Writing keywords: 0 of 4 products."
    assert (progress["done"], progress["total"], progress["percent"]) == (0, 4, 0.0)
    assert (progress["rate"], progress["seconds_left"]) == (None, None)

    batches.index_texts(outbox.claim_texts(3))
    wait(15)
    progress = read_progress(no_ping)
    assert progress["sentence"] == "Writing keywords: 3 of 4 products."
    assert (progress["percent"], progress["seconds_left"]) == (75.0, 5)
    assert list(steps().values()) == ["done", "done", "current", "ahead", "ahead", "ahead", "ahead"]
    batches.index_batch(outbox.claim_fresh(1))
    progress = read_progress(no_ping)
    assert progress["sentence"] == "Encoding products: 1 of 4 done."
    assert progress["percent"] == 25.0
    assert list(steps().values()) == ["done", "done", "done", "current", "ahead", "ahead", "ahead"]


def test_rate_and_time_left(build):
    Build.objects.filter(pk=build.pk).update(pace=[[0, 0], [5, 2], [10, 5]])
    wait(20)
    batches.index_batch(outbox.claim_fresh(1))
    progress = read_progress(no_ping)
    assert (progress["rate"], progress["seconds_left"]) == (0.5, 6)
    assert progress["figures"] == "for 20 s · 0.5 products/s · about 6 s left in this step"


def test_the_steps_after_encoding(build, monkeypatch):
    drain()
    seen: list[tuple] = []
    for place, step in (
        (building, "build_indexes"),
        (building, "build_lexicon"),
        (building.versions, "activate"),
    ):
        monkeypatch.setattr(place, step, _looked(getattr(place, step), seen))
    building.advance_builds()
    assert seen == [
        ("Building HNSW indexes.", 0.0, "building HNSW indexes"),
        ("Verifying.", None, "verifying"),
        (
            "Switching.",
            None,
            "switching",
        ),  # the indexes of the active version and of this one are looked at again
        ("Switching.", None, "switching"),
        ("Switching.", None, "switching"),
    ]
    progress = read_progress(no_ping)
    assert (progress["state"], progress["running"]) == ("done", False)
    assert progress["sentence"].startswith("The version is active. 4 of 4 products in ")
    assert set(steps().values()) == {"done"}


def _looked(function, seen):
    def look_first(*args):
        progress = read_progress(no_ping)
        current = [step["name"] for step in progress["steps"] if step["state"] == "current"]
        seen.append((progress["sentence"], progress["percent"], *current))
        return function(*args)

    return look_first


@pytest.mark.parametrize(
    ("workers", "advice"),
    [
        (None, "The task queue cannot be reached. Start Redis and see that the workers reach it; the build goes on by itself from where it stopped."),
        (0, "No Celery worker answers. Start one; the build goes on by itself from where it stopped, nothing is lost."),
        (2, "2 workers answered. What a killed worker held is taken over within 1 min if Celery beat runs; see that it does, and read the worker's log. If that does not help, cancel and begin again."),
    ],
)  # fmt: skip
def test_a_build_that_does_not_move_says_what_to_do(build, workers, advice):
    wait(29)
    assert read_progress(no_ping)["stalled"] is False
    wait(2)
    progress = read_progress(lambda: workers)
    assert progress["stalled"] is True
    assert progress["advice"].endswith(f" s. {advice}")
    assert progress["advice"].startswith("Nothing has moved for 31 s. ")


def test_a_build_that_waits_for_the_storage_says_so(build, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)  # where no picture is
    forget_storage()
    wait(31)
    advice = read_progress(lambda: 2)["advice"]
    assert (
        "s. The storage of the pictures does not answer, and products wait until it does: products/" in advice
    )


def test_a_build_that_no_worker_has_begun(build):
    building.cancel_build(build.pk, by="ben")
    building.request_build("rebuild", by="anna")
    wait(31)
    progress = read_progress(lambda: 0)
    assert (progress["sentence"], progress["stalled"]) == ("Waiting for a worker.", True)


def test_a_planned_attempt_is_no_standstill(build):
    drain()
    StaleProduct.objects.create(
        product_key="77", marked_at="2026-01-01T00:00:00Z", backfill=True, attempts=1, last_error="bad"
    )
    stale_products().update(next_attempt_at=build.started_at + timedelta(seconds=60))
    wait(40)
    progress = read_progress(no_ping)
    assert progress["stalled"] is False
    assert "1 product failed and will be tried again" in progress["figures"]
    stale_products().update(next_attempt_at=build.started_at - timedelta(seconds=60))
    assert read_progress(lambda: 0)["stalled"] is True


def test_a_long_step_is_no_standstill_while_a_process_is_in_it(build):
    drain()
    Build.objects.filter(pk=build.pk).update(step="indexing")
    wait(3600)
    assert not is_held("advance")
    assert read_progress(lambda: 0)["stalled"] is True
    with only_one("advance") as alone:
        assert alone
        assert is_held("advance")
        assert not is_held("rebuild")
        assert read_progress(no_ping)["stalled"] is False


def test_a_cancelled_build_says_what_becomes_of_its_rows(build):
    batches.index_batch(outbox.claim_fresh(1))
    Build.objects.filter(pk=build.pk).update(indexed=1)
    building.cancel_build(build.pk, by="ben")
    sentence = (
        "Cancelled by ben. It ended after 1 of 4 products. Searches use the version that was active before."
    )
    assert read_progress(no_ping)["sentence"] == f"{sentence} What it had written is being removed."
    building.advance_builds()
    progress = read_progress(no_ping)
    assert progress["sentence"] == f"{sentence} What it had written is removed."
    assert (progress["state"], progress["figures"], progress["stalled"]) == ("cancelled", "", False)
    assert list(steps().values()) == ["done", "done", "done", "ended", "ahead", "ahead", "ahead"]


def test_a_reindex_has_fewer_steps(build):
    building.cancel_build(build.pk, by="ben")
    reindex, _ = building.request_build("reindex", by="anna")
    building.begin_build(reindex.pk)
    assert list(steps()) == [
        "waiting for a worker",
        "marking products",
        "writing keywords",
        "encoding products",
    ]
    drain()
    building.advance_builds()
    assert read_progress(no_ping)["sentence"].startswith("The index is up to date. 4 of 4 products in ")
