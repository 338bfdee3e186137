"""New versions that are clearly worse than the active one: held back, told of, healed, overruled."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from search.exceptions import VersionStateError
from search.indexing import building, comparison, version_figures, versions
from search.indexing.version_figures import JudgedFigures
from search.models import Build, EntryImage, IndexEntry, IndexVersion
from shop.models import Product, ProductImage
from shop.search_index import ShopProductIndex
from tests.outbox import stale_products
from tests.search.products import begin_version, build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture(autouse=True)
def _quick_retries(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "MAX_ATTEMPTS": 1
    }  # what fails is parked at once


@contextmanager
def media_away() -> Iterator[None]:
    """All files of pictures but the last are gone; were that gone, too, the build would wait for the storage."""
    files = [Path(picture.image.path) for picture in ProductImage.objects.order_by("-pk")[1:]]
    for file in files:
        file.rename(file.with_suffix(".away"))
    try:
        yield
    finally:
        for file in files:
            file.with_suffix(".away").rename(file)


def states() -> dict[int, str]:
    return dict(IndexVersion.objects.values_list("pk", "state"))


def rebuild() -> IndexVersion:
    """Build another version beside the active one, as far as it gets by itself."""
    version = versions.request_rebuild(force=True).version
    drain()
    building.advance_builds()
    return IndexVersion.objects.get(pk=version.pk)


def reindex() -> None:
    """Have every product and picture read again."""
    building.begin_build_here(Build.Kind.REINDEX)
    drain()
    building.advance_builds()


def make_products(number: int) -> None:
    for one in range(number):
        make_product(f"A{one}")


def test_a_version_without_pictures_does_not_go_live():
    make_products(4)
    first = build_version()
    with media_away():
        second = rebuild()
        building.advance_builds()
    assert states() == {first.pk: "active", second.pk: "ready"}
    assert second.held == (
        "3 of 4 pictures have no embedding; in the active version 0 of 4."
        " 3 of 4 products with pictures are not found by any of them any more; in the active version 0 of 4."
    )
    build = Build.objects.get(version=second.pk)
    assert (build.state, build.reason) == ("failed", f"Not activated: {second.held}")
    assert EntryImage.objects.filter(version=first, embedding=None).count() == 0
    assert second.ann_recall == 1.0
    assert second.figures["new"]["recalls"] == {"pictures": 1.0, "texts": 1.0}
    assert second.figures["active"]["recalls"] == {"pictures": 1.0, "texts": 1.0}


def test_it_is_activated_by_itself_once_the_pictures_are_back():
    make_products(4)
    first = build_version()
    with media_away():
        second = rebuild()
        reindex()
        assert states() == {first.pk: "active", second.pk: "ready"}
    reindex()
    assert states() == {first.pk: "retired", second.pk: "active"}
    second.refresh_from_db()
    assert (second.held, second.figures["new"]["recalls"]) == ("", {"pictures": 1.0, "texts": 1.0})
    build = Build.objects.get(version=second.pk)
    assert (build.state, build.reason) == ("done", "")


def test_changes_reach_a_version_that_is_held_back_and_a_later_build_takes_its_place():
    make_products(4)
    build_version()
    with media_away():
        second = rebuild()
        third = rebuild()
    assert states() == {second.pk - 1: "active", third.pk: "ready"}
    product = Product.objects.get(sku="A0")
    product.name = "changed"
    product.save()
    drain()
    assert IndexEntry.objects.get(version=third, sku="a0").name == "changed"
    fourth = rebuild()
    assert states() == {second.pk - 1: "retired", fourth.pk: "active"}


def test_it_is_activated_by_force_or_given_up():
    make_products(4)
    first = build_version()
    with media_away():
        second = rebuild()
        with pytest.raises(VersionStateError, match=f"Version {second.pk} is held back: 3 of 4 pictures"):
            versions.activate(second.pk)
        assert states() == {first.pk: "active", second.pk: "ready"}
        versions.activate(second.pk, force=True)
        assert states() == {first.pk: "retired", second.pk: "active"}
        assert versions.roll_back() == first
        third = rebuild()
        versions.discard(third.pk, by="ann")
        building.advance_builds()
    assert states() == {first.pk: "active", second.pk: "retired"}
    with pytest.raises(
        VersionStateError, match=f"Version {first.pk} is active; only a ready one can be given up"
    ):
        versions.discard(first.pk)


def test_it_is_left_alone_once_somebody_has_gone_back():
    make_products(4)
    first = build_version()
    second = build_version(force=True)
    with media_away():
        third = rebuild()
    versions.roll_back()
    reindex()
    assert states() == {first.pk: "active", second.pk: "retired", third.pk: "ready"}


def test_what_was_deleted_or_lost_on_purpose_holds_nothing_back():
    make_products(8)
    build_version()
    for product in Product.objects.filter(sku__in=[f"A{one}" for one in range(6)]):
        product.delete()
    for picture in ProductImage.objects.all():
        picture.delete()
    second = rebuild()
    assert (second.state, second.held) == ("active", "")
    assert second.figures["new"]["counts"] | {"failed": 0} == {
        "entries": 2, "texts": 2, "failed": 0, "pictures": 0, "embedded": 0, "pictured": 0, "seen": 0,
    }  # fmt: skip


def test_a_version_is_not_worse_than_one_without_pictures_either():
    make_products(4)
    with media_away():
        first = build_version()
        second = rebuild()
    assert states() == {first.pk: "retired", second.pk: "active"}
    assert second.held == ""


def test_a_share_of_failed_pictures_that_the_setting_allows(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ACTIVATE_MAX_FAILED": 0.5}
    make_products(2)
    build_version()
    name = ProductImage.objects.get(product__sku="A0").image.path
    Path(name).unlink()
    assert rebuild().state == "active"


def test_products_that_are_gone_without_a_word():
    """The host's queryset finds fewer products: what the active version has is more than twice as much."""
    make_products(5)
    build_version()
    Product.objects.exclude(sku__in=["A0", "A1"]).update(published=False)
    second = rebuild()
    assert (second.state, second.held) == ("ready", "It has 2 products, the active version 5.")


def test_a_brand_that_everybody_has_lost(monkeypatch):
    make_products(2)
    build_version()
    real = ShopProductIndex.document

    def without_brand(self, product):
        document = real(self, product)
        facets = {name: values for name, values in document.facets.items() if name != "brand"}
        return replace(document, brand=" ", facets=facets)

    monkeypatch.setattr(ShopProductIndex, "document", without_brand)
    second = rebuild()
    assert second.held == (
        "2 of 2 products have no brand; in the active version it was 0 of 2."
        " 2 of 2 products have no facet brand; in the active version it was 0 of 2."
    )


def test_an_index_that_finds_too_little(monkeypatch):
    make_products(1)
    build_version()
    monkeypatch.setattr(version_figures, "measure_recalls", lambda version: {"pictures": 0.5, "texts": None})
    second = rebuild()
    assert (second.state, second.ann_recall) == ("ready", 0.5)
    assert second.held.startswith("ANN recall@24 of pictures is 0.500, below 0.95.")
    # A change of a product used to take the reason from the version, and so to let it go live.
    Product.objects.get().save()
    drain()
    building.advance_builds()
    second.refresh_from_db()
    assert second.state == "ready"


def write_queries(folder: Path, *queries: dict) -> str:
    file = folder / "judged.jsonl"
    file.write_text("".join(json.dumps(query) + "\n" for query in queries))
    return str(file)


def evaluated(number: int) -> float:
    """What `evaluate_search` says of the version, which is not active."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        file = django_settings.FASHION_SEARCH["ACTIVATION_QUERIES"]
        call_command(
            "evaluate_search", file, index_version=number, no_store=True, json=figures, stdout=StringIO()
        )
        return json.loads(figures.read_text())["all"]["ndcg"]


def test_judged_queries_that_the_new_version_answers_worse(index_settings, tmp_path: Path):
    """Its entries are those of other products: nothing but the judged queries can tell."""
    make_product("R1", colour="red")
    make_product("B1", colour="blue")
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "ACTIVATION_QUERIES": write_queries(tmp_path, {"query": "red", "relevant": ["R1"]})
    }
    first = build_version()
    second = versions.request_rebuild(force=True).version
    drain()
    red, blue = IndexEntry.objects.filter(version=second).order_by("-sku")
    for entry, key in ((red, "swapped"), (blue, red.product_key), (red, blue.product_key)):
        IndexEntry.objects.filter(pk=entry.pk).update(product_key=key)
    building.advance_builds()
    second.refresh_from_db()
    assert states() == {first.pk: "active", second.pk: "ready"}
    compared = comparison.kept_comparison(second)
    assert compared.active.judged == JudgedFigures(queries=1, precision=0.1, ndcg=1.0)
    assert second.held == (
        "P@10 of the judged queries is 0.000, in the active version 0.100."
        " nDCG@10 of the judged queries is 0.000, in the active version 1.000."
    )
    assert evaluated(second.pk) == compared.new.judged.ndcg


def test_judged_queries_that_cannot_be_asked_hold_a_version_back(index_settings, tmp_path: Path):
    make_products(1)
    build_version()
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "ACTIVATION_QUERIES": str(tmp_path / "nowhere.jsonl")
    }
    second = rebuild()
    assert second.state == "ready"
    assert second.held.startswith("The judged queries of ACTIVATION_QUERIES could not be asked: ")
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ACTIVATION_QUERIES": ""}
    building.advance_builds()  # nothing has changed, and it was asked a moment ago
    assert states()[second.pk] == "ready"
    versions.activate(second.pk, force=True)
    assert states()[second.pk] == "active"


def test_a_release_before_knows_nothing_of_figures():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fashion_search_indexversion (artifact_path, artifact_name, fingerprint, dimension, state,"
            " created_at, error) VALUES ('a', 'a', 'f', 32, 'ready', now(), '')"
        )
    version = IndexVersion.objects.get()
    assert (version.held, version.figures, comparison.kept_comparison(version)) == ("", {}, None)
    assert comparison.compare_again(version) is None
    assert begin_version().pk != version.pk
    assert stale_products().count() == 0
