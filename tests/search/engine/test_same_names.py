"""Categories of one name at two places of the tree stay two: in filters, in the panel, in what a query means."""

import pytest

from search import registry
from search.engine import Filters, browse_products, find_product, search
from search.engine.suggestions import suggest
from search.facets import WAY, placed
from search.indexing.documents import document_of
from search.indexing.lexicons import refresh_word_list
from search.registry import ProductDocument
from shop.models import Category, Product
from shop.search_index import ShopProductIndex
from tests.search.products import build_version, make_product
from tests.search.test_mapping import MappedIndex

pytestmark = pytest.mark.django_db(transaction=True)

HERS, HIS = f"Women{WAY}Shoes", f"Men{WAY}Shoes"


def category(*names: str) -> Category:
    """The category at the end of a path, with all above it."""
    above = None
    for name in names:
        slug = name.lower()
        above = Category.objects.filter(name=name, parent=above).first() or Category.objects.create(
            name=name, slug=slug, parent=above
        )
    return above


def product(sku: str, *path: str, **fields: object) -> Product:
    """A product in a category."""
    made = make_product(sku, **fields)
    made.category = category(*path)
    made.save()
    return made


@pytest.fixture
def products(index_settings, settings, tmp_path) -> dict[str, Product]:
    """Shoes of women and of men, and a dress, whose category has a name of its own."""
    settings.MEDIA_ROOT = str(tmp_path)
    made = {
        "hers": product("W1", "Women", "Shoes", name="loafer"),
        "his": product("M1", "Men", "Shoes", name="oxford", colour="blue"),
        "dress": product("W2", "Women", "Dresses", name="maxi", colour="green"),
    }
    Category.objects.filter(slug="shirts").delete()
    return made


@pytest.fixture
def mapped(monkeypatch, products) -> MappedIndex:
    """The shop by paths alone."""
    index = MappedIndex()
    index.model = Product
    monkeypatch.setattr(registry, "_registered", [index])
    return index


def skus(answer) -> set[str]:
    return {result.card.sku for result in answer.results}


def test_a_name_that_stands_twice_carries_its_path_and_others_do_not(mapped, products):
    found = {name: document_of(mapped, one)[0].facets["category"] for name, one in products.items()}
    assert found == {"hers": ("Women", HERS), "his": ("Men", HIS), "dress": ("Women", "Dresses")}


def test_both_are_counted_filtered_and_meant(mapped, products):
    build_version()
    refresh_word_list()
    answer = search()
    assert [(one.value, one.label, one.parent, one.count) for one in answer.facets["category"]] == [
        ("Women", "Women", "", 2),
        ("Dresses", "Dresses", "Women", 1),
        (HERS, "Shoes", "Women", 1),
        ("Men", "Men", "", 1),
        (HIS, "Shoes", "Men", 1),
    ]
    assert skus(search(filters=Filters(facets={"category": (HERS,)}))) == {"W1"}
    assert skus(search(filters=Filters(facets={"category": ("Men",)}))) == {"M1"}
    assert len(browse_products().results) == 3
    assert find_product("W1").facets["category"] == ["Women", HERS]
    answer = search("shoes")
    assert ({result.card.sku for result in answer.results[: answer.matching]}, answer.matching) == (
        {"W1", "M1"},
        2,
    )
    answer = search("women shoes")
    assert [result.card.sku for result in answer.results[: answer.matching]] == ["W1"]
    assert {one.value for one in suggest("sho").categories} == {HERS, HIS}


def test_the_api_gives_value_and_label(mapped, products, client):
    build_version()
    counts = client.get("/api/v1/search/").json()["facets"]["category"]
    assert {"value": HIS, "label": "Shoes", "count": 1, "parent": "Men"} in counts
    found = client.get("/api/v1/search/", {"category": HIS}).json()
    assert [one["sku"] for one in found["results"]] == ["M1"]


def test_a_name_becomes_ambiguous_with_the_second_category(mapped, products):
    assert document_of(mapped, products["dress"])[0].facets["category"] == ("Women", "Dresses")
    category("Men", "Dresses")
    mapped.mapped._repeated.forget()
    assert document_of(mapped, products["dress"])[0].facets["category"] == ("Women", f"Women{WAY}Dresses")


def test_an_index_with_a_document_of_its_own_says_itself_what_is_ambiguous(monkeypatch, products):
    assert document_of(registry.get_index(), products["hers"])[0].facets["category"] == ("Women", "Shoes")
    monkeypatch.setattr(ShopProductIndex, "ambiguous", lambda self: {"Shoes"})
    assert document_of(registry.get_index(), products["hers"])[0].facets["category"] == ("Women", HERS)


def test_a_name_that_occurs_twice_on_one_path_is_two_values(monkeypatch, products):
    monkeypatch.setattr(ShopProductIndex, "ambiguous", lambda self: {"Shoes"})
    usual = ShopProductIndex.document

    def document(self, product) -> ProductDocument:
        made = usual(self, product)
        return registry.replace(made, facets={"category": ("Shoes", " Shoes\x00 ", "", None, "Boots")})

    monkeypatch.setattr(ShopProductIndex, "document", document)
    made, notes = document_of(registry.get_index(), products["hers"])
    assert made.facets["category"] == ("Shoes", f"Shoes{WAY}Shoes", "Boots")
    assert not [note for note in notes if "twice" in note.what]


def test_a_way_that_is_longer_than_a_value_may_be_keeps_its_end():
    long = "x" * 150
    assert placed([long, "y" * 60, "Shoes"], {"Shoes"}, 200)[-1] == f"{'y' * 60}{WAY}Shoes"
    assert placed([long * 2, "Shoes"], {"Shoes"}, 200)[-1] == "Shoes"
