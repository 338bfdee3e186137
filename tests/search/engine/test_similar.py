import pytest

from search.engine import Filters, answers, find_other_colours, find_similar
from search.exceptions import InvalidQuery
from search.models import IndexEntry
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.search.indexed import add, unit


def skus(answer):
    return [result.card.sku for result in answer.results]


def test_the_best_pair_of_pictures_decides_and_the_product_itself_is_left_out(version):
    product = add(version, "this", "This", pictures=[unit(1), unit(0, 1)])
    add(version, "second", "Second", pictures=[unit(4, 0, 3)])  # 0.8 beside the first picture
    add(version, "first", "First", pictures=[unit(-1), unit(0, 1)])  # 1.0 beside the second
    add(version, "last", "Last", pictures=[unit(-1, -1)])
    add(version, "none", "None", text=unit(1))

    answer = find_similar(str(product.pk))

    assert skus(answer) == ["first", "second", "last"]
    assert [result.score for result in answer.results] == pytest.approx([1.0, 0.8, -0.7071], abs=1e-3)
    assert (answer.complete, answer.degraded) == (True, "")
    assert skus(find_similar(str(product.pk), limit=1)) == ["first"]


def test_without_a_picture_the_text_decides(version):
    product = add(version, "this", "This", text=unit(1))
    add(version, "near", "Near", text=unit(1, 1))
    add(version, "nearer", "Nearer", text=unit(2, 1))

    assert skus(find_similar(str(product.pk))) == ["nearer", "near"]


def test_filters_hold(version):
    product = add(version, "this", "This", pictures=[unit(1)], facets={"colour": ["Red"]})
    add(version, "red", "Red", pictures=[unit(-1)], facets={"colour": ["Red"]})
    add(version, "blue", "Blue", pictures=[unit(1)], facets={"colour": ["Blue"]})

    assert skus(find_similar(str(product.pk), filters=Filters(facets={"colour": ("Red",)}))) == ["red"]


def test_withdrawn_products_are_not_shown(version):
    product = add(version, "this", "This", pictures=[unit(1)])
    add(version, "other", "Other", pictures=[unit(1)])
    Product.objects.filter(sku="other").update(published=False)

    assert skus(find_similar(str(product.pk))) == []


def test_a_product_without_embeddings_has_none_and_it_is_said(version):
    product = add(version, "this", "This")
    add(version, "other", "Other", pictures=[unit(1)])

    assert find_similar(str(product.pk)).degraded == answers.NOT_ENCODED
    assert find_similar("no such key").degraded == answers.NOT_ENCODED


def test_what_cannot_be_answered_is_refused(version):
    with pytest.raises(InvalidQuery, match=r"limit must be a whole number from 1\."):
        find_similar("1", limit=0)
    with pytest.raises(InvalidQuery, match="'fabric' is not a facet"):
        find_similar("1", filters=Filters(facets={"fabric": ("M",)}))


# The same style in other colours.


def put(version, sku, colour, *direction, style="acme|shirt", kind=()):
    facets = {"category": kind, "colour": [colour]}
    product = add(version, sku, f"{colour} shirt", facets=facets, pictures=[unit(*direction)])
    IndexEntry.objects.filter(sku=sku.lower()).update(style=style)
    return product


@pytest.fixture
def red(version):
    own = put(version, "red", "Red", 1)
    put(version, "blue-far", "Blue", 0.2, 1)
    put(version, "blue-near", "Blue", 1, 0.2)
    put(version, "green", "Green", 1, 0.1)
    put(version, "red-too", "Red", 1, 0.01)
    put(version, "other", "Pink", 1, style="acme|dress")
    return own


def skus_in_colours(product, **options):
    return [result.card.sku for result in find_other_colours(str(product.pk), **options)]


def test_each_other_colour_once_by_the_likest_picture(red):
    assert skus_in_colours(red) == ["green", "blue-near"]
    assert skus_in_colours(red, limit=1) == ["green"]


def test_pictures_that_differ_are_not_of_one_style(red, index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"OTHER_COLOUR_SIMILARITY": 0.99}
    assert skus_in_colours(red) == ["green"]
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"OTHER_COLOUR_SIMILARITY": 1}
    assert skus_in_colours(red) == []


def test_another_kind_of_product_is_not_of_one_style(version, monkeypatch):
    """A formal shoe that is named like a casual one, and looks like it."""
    casual = put(version, "casual", "Brown", 1, kind=["Shoes", "Casual Shoes"])
    put(version, "formal", "Black", 1, kind=["Shoes", "Formal Shoes"])
    put(version, "unknown", "Grey", 1, 0.05)
    put(version, "other", "White", 1, 0.1, kind=["Shoes", "Casual Shoes"])
    assert skus_in_colours(casual) == ["other"]
    monkeypatch.setattr(ShopProductIndex, "kind", "")
    assert skus_in_colours(casual) == ["formal", "unknown", "other"]


def test_a_product_of_no_style_colour_or_picture_has_none(red, version):
    IndexEntry.objects.filter(sku="red").update(style="")
    assert skus_in_colours(red) == []
    IndexEntry.objects.filter(sku="red").update(style="acme|shirt", facets=[])
    assert skus_in_colours(red) == []
    bare = add(version, "bare", "Grey shirt", facets={"colour": ["Grey"]})
    IndexEntry.objects.filter(sku="bare").update(style="acme|shirt")
    assert skus_in_colours(bare) == []


@pytest.mark.django_db
def test_without_an_index_there_are_none():
    assert find_other_colours("1") == []
