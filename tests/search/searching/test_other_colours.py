"""The same style in other colours."""

import pytest

from search.engine import find_other_colours
from search.models import IndexEntry
from tests.search.indexed import add, unit


def put(version, sku, colour, *direction, style="acme|shirt"):
    product = add(version, sku, f"{colour} shirt", facets={"colour": [colour]}, pictures=[unit(*direction)])
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


def skus(product, **options):
    return [result.card.sku for result in find_other_colours(str(product.pk), **options)]


def test_each_other_colour_once_by_the_likest_picture(red):
    assert skus(red) == ["green", "blue-near"]
    assert skus(red, limit=1) == ["green"]


def test_a_product_of_no_style_colour_or_picture_has_none(red, version):
    IndexEntry.objects.filter(sku="red").update(style="")
    assert skus(red) == []
    IndexEntry.objects.filter(sku="red").update(style="acme|shirt", facets=[])
    assert skus(red) == []
    bare = add(version, "bare", "Grey shirt", facets={"colour": ["Grey"]})
    IndexEntry.objects.filter(sku="bare").update(style="acme|shirt")
    assert skus(bare) == []


@pytest.mark.django_db
def test_without_an_index_there_are_none():
    assert find_other_colours("1") == []
