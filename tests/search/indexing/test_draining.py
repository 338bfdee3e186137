"""A worker takes from the outbox what it can do, and leaves the rest to others untouched."""

from pathlib import Path

import pytest

from search.encoders.cache import forget_artifacts
from search.indexing import outbox
from search.indexing.failures import count_failures
from search.models import EntryImage, IndexEntry, IndexVersion
from search.monitoring.index_figures import _lacking
from tests.outbox import stale_products
from tests.search.products import begin_version, drain, make_product
from tests.tiny_artifact import write_tiny_artifact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def away(index_settings, tmp_path: Path):
    """A version of an artifact that is nowhere to be found; calling it puts the artifact back."""
    folder = tmp_path / "known" / "a"
    write_tiny_artifact(folder, seed=9)
    index_settings.FASHION_SEARCH |= {"ARTIFACT": str(folder)}
    begin_version()
    folder.parent.rename(tmp_path / "away")
    forget_artifacts()

    def back() -> None:
        (tmp_path / "away").rename(folder.parent)
        forget_artifacts()

    return back


def test_a_worker_without_the_artifact_claims_nothing_to_embed(away):
    for number in range(3):
        make_product(f"A{number}")
    drain()
    version = IndexVersion.objects.get()
    rows = list(stale_products())
    assert [(row.attempts, row.parked, row.claimed_at, row.next_attempt_at) for row in rows] == [
        (0, False, None, None)
    ] * 3
    assert "The artifact" in version.lack
    assert count_failures()["artifact"] == 3
    assert _lacking().samples[0].value == 1
    # What needs no artifact is done: products are found by their words.
    assert sorted(IndexEntry.objects.values_list("sku", "embedded_hash")) == [
        ("a0", ""),
        ("a1", ""),
        ("a2", ""),
    ]
    drain()
    assert not outbox.claim_retry()

    away()
    drain()
    version.refresh_from_db()
    assert (stale_products().count(), version.lack) == (0, "")
    assert IndexEntry.objects.filter(embedded_hash="").count() == 0
    assert EntryImage.objects.exclude(embedding=None).count() == 3


def test_what_one_worker_lacks_another_takes_at_once(away, monkeypatch):
    make_product("A1")
    drain()  # the worker of a host that lacks the artifact
    assert outbox.is_due()
    away()  # the worker of a host that has it
    (claim,) = outbox.claim_fresh(5)
    assert claim.attempts == 1


def test_a_worker_that_has_one_of_two_artifacts_does_its_part_once(
    away, index_settings, tiny_artifact, monkeypatch
):
    product = make_product("A1")
    lacked = IndexVersion.objects.get()
    index_settings.FASHION_SEARCH |= {"ARTIFACT": str(tiny_artifact)}
    IndexVersion.objects.update(state="active")
    had = begin_version()
    drain()
    assert IndexEntry.objects.get(version=had).embedded_hash != ""
    assert IndexEntry.objects.get(version=lacked).embedded_hash == ""
    row = stale_products().get()
    assert (row.product_key, row.attempts, row.claimed_at, row.parked) == (str(product.pk), 0, None, False)

    monkeypatch.setattr(outbox, "leave", None)  # it is not taken a second time
    drain()

    index_settings.FASHION_SEARCH |= {"ARTIFACT_FOLDERS": [row_folder(lacked)]}
    away()
    drain()
    assert stale_products().count() == 0
    assert IndexEntry.objects.filter(embedded_hash="").count() == 0


def row_folder(version: IndexVersion) -> str:
    return str(Path(version.artifact_path).parent)


def test_what_a_version_was_refused_for_stays_while_products_are_indexed():
    make_product("A1")
    begin_version()
    IndexVersion.objects.update(state="ready", error="ANN recall@24 is 0.500, below 0.95: not activated.")
    drain()
    assert IndexVersion.objects.get().error == "ANN recall@24 is 0.500, below 0.95: not activated."
