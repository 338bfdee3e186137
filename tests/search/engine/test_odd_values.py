"""An index of an earlier release may hold whatever a host gave; searches over it end, and show what can be chosen."""

import pytest

from search.engine import search
from search.engine.request import Filters
from search.indexing.lexicons import build_lexicon
from search.models import IndexEntry, VersionLexicon
from search.query.lexicon import forget_words
from tests.search.indexed import add

ODD = {
    "brand": ["", " ", "\uff9e x y"],
    "colour": ["", "a=b", "x > y"],
    "category": ["", "Tops", "", "Shirts", "Tops"],
    "size": ["x" * 500],
    "a=b": ["c"],
}


@pytest.fixture
def odd(version):
    add(version, "odd", "Shirt", brand="Bolt", facets=ODD)
    add(version, "deep", "Shirt", facets={"category": [f"level {number}" for number in range(50)]})
    add(version, "ring", "Shirt", facets={"category": ["Shirts", "Tops"]})
    return version


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("query", ["", "shirt", "x y", "tops"])
@pytest.mark.parametrize("chosen", [{}, {"colour": ("a=b",)}, {"category": ("Tops",)}])
def test_a_search_ends(odd, client, counted, query, chosen):
    if counted:
        build_lexicon(odd)
        forget_words()
    answer = search(query, filters=Filters(facets=chosen))
    for counts in answer.facets.values():
        assert all(count.value.strip() for count in counts)
        seen = [""]
        for count in counts:
            assert count.parent in seen
            seen.append(count.value)
    if query in ("", "shirt"):
        assert {"a=b", "x > y"} <= {count.value for count in answer.facets["colour"]}
    address = {"q": query, **{name: list(values) for name, values in chosen.items()}}
    assert client.get("/search/", address).status_code == 200
    assert client.get("/api/v1/search/", address).status_code == 200


def test_the_words_and_the_tree_of_categories_leave_blank_values_out(odd, client):
    lexicon = build_lexicon(odd)
    assert not [token for token in lexicon.facets if not token.partition("=")[2].strip()]
    forget_words()
    shown = client.get("/api/v1/categories/").json()["results"]
    assert {one["name"] for one in shown} == {"Tops", "Shirts", *(f"level {number}" for number in range(50))}


def test_a_lexicon_that_was_counted_with_blank_values(odd):
    build_lexicon(odd)
    VersionLexicon.objects.update(
        facets={"category=": 1, "brand= ": 2, "category=Tops": 1}, paths=[["", "Tops"], [""], ["Tops", ""]]
    )
    forget_words()
    answer = search("shirt")
    assert [(count.value, count.parent) for count in answer.facets["category"] if count.value == "Tops"] == [
        ("Tops", "")
    ]


def test_products_without_an_sku_are_no_variants_of_one_picture(odd):
    IndexEntry.objects.update(sku="")
    assert search("shirt").total == 3
