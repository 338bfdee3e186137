"""Pages without words show the same counts whether these are kept or counted, and count no table where they are kept."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.engine import Filters, browse, search
from search.engine.answers import SearchAnswer
from search.engine.browse import browse_products
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexEntry, IndexVersion, KeptCount, MerchandisingRule
from search.models.entries import EntryQuerySet
from tests.search.indexed import add

KINDS = (("Tops", "Shirts"), ("Tops", "Blouses"), ("Shoes", "Boots"))


@pytest.fixture
def shelf(empty_version):
    """Forty products of three kinds, the pictures of none."""
    for number in range(40):
        add(
            empty_version,
            f"s{number:02}",
            f"Thing {number}",
            price=None if number % 9 == 8 else (number * 37) % 900,
            facets={
                "category": KINDS[number % 3],
                "brand": [("Acme", "Bolt", "Crag")[number % 7 % 3]],
                "colour": [("Red", "Blue")[number % 5 % 2]],
                "size": [("S", "M", "L")[number % 3], ("M", "XL")[number % 2]],
            },
        )
    IndexEntry.objects.filter(sku__endswith="3").update(in_stock=False)
    return empty_version


def rule(action: str, **values: object) -> None:
    if sku := values.get("sku"):
        values["product_key"] = IndexEntry.objects.get(sku=sku).product_key
    MerchandisingRule.objects.create(action=action, place="category", **values)
    forget_snapshot()


def told(answer: SearchAnswer) -> Mapping[str, object]:
    return {
        "skus": [result.card.sku for result in answer.results],
        "total": answer.total,
        "facets": answer.facets,
        "prices": answer.price_ranges,
        "in_stock": answer.in_stock,
        "lacking": answer.left_out,
    }


CHOSEN: list[Mapping[str, object]] = [
    {"facets": facets, "in_stock": in_stock, **prices}
    for facets, in_stock, prices in product(
        (
            {},
            {"category": ("Tops",)},
            {"category": ("Shirts",)},
            {"category": ("Shirts", "Boots")},
            {"category": ("Tops",), "brand": ("Acme", "Bolt")},
            {"colour": ("Red",)},
            {"category": ("Hats",)},
        ),
        (False, True),
        ({}, {"price_min": Decimal(300)}),
    )
]


@pytest.mark.parametrize("rules", ["none", "a product", "a value", "pins"])
def test_kept_counts_are_those_of_the_entries(shelf, rules):
    if rules == "a product":
        rule("hide", sku="s00", phrase="Tops")
    elif rules == "a value":
        rule("hide", facet="brand", value="Bolt", phrase="Tops")
        rule("hide", facet="size", value="XL", phrase="Shirts")
    elif rules == "pins":
        rule("pin", sku="s03", position=2, phrase="Tops")
        rule("pin", sku="s06", position=99, phrase="Tops")
    assert bool(search("", filters=Filters(facets={"category": ("Tops",)})).fired) == (rules != "none")
    for chosen in CHOSEN:
        for page, sort in ((1, "relevance"), (2, "price")):
            ask = {
                "filters": Filters(**chosen),
                "page_size": 6,
                "page": page,
                "sort": sort,
                "freezing": False,
            }
            IndexVersion.objects.update(counted=True)
            kept = told(search("", **ask))
            IndexVersion.objects.update(counted=False)
            assert kept == told(search("", **ask)), (chosen, page, sort)


@pytest.mark.parametrize("facets", [{}, {"category": ("Tops",)}])
@pytest.mark.parametrize("in_stock", [False, True])
def test_no_entry_is_counted_where_it_is_kept(shelf, monkeypatch, facets, in_stock):
    def count(*_args: object) -> None:
        pytest.fail("entries were counted")

    for name in ("count", "facet_counts", "aggregate"):
        monkeypatch.setattr(EntryQuerySet, name, count)
    answer = search("", filters=Filters(facets=facets, in_stock=in_stock), page_size=6)
    assert (answer.degraded, answer.left_out) == ("", ())
    assert answer.total > 20
    assert browse_products(page_size=5).total == 40


def test_a_page_reads_what_is_kept_once_for_each_place(shelf):
    with CaptureQueriesContext(connection) as asked:
        search("", filters=Filters(facets={"category": ("Tops",)}), page_size=6)
    read = [query["sql"] for query in asked if "fashion_search_keptcount" in query["sql"]]
    assert len(read) == 2  # the category, and all categories


def test_a_change_is_shown_at_once(shelf):
    before = search("", page_size=6)
    assert KeptCount.objects.fold() > 0
    IndexEntry.objects.filter(sku="s00").update(facets=["category=Hats"], price=5000)
    IndexEntry.objects.filter(sku="s01").delete()
    after = search("", page_size=6)
    assert after.total == before.total - 1
    assert [one.count for one in after.facets["category"] if one.value == "Hats"] == [1]


@pytest.mark.parametrize("size", [3, 7, 40])
@pytest.mark.parametrize("few", [0, 100])
def test_what_has_no_price_comes_after_the_dearest_and_after_the_cheapest(shelf, monkeypatch, size, few):
    monkeypatch.setattr(browse, "FEW", few)
    prices = dict(IndexEntry.objects.values_list("sku", "price"))
    keys = dict(IndexEntry.objects.values_list("sku", "product_key"))
    unpriced = sorted((sku for sku in prices if prices[sku] is None), key=keys.__getitem__)
    for sort, sign in (("price", 1), ("-price", -1)):
        ranked = sorted(set(prices) - set(unpriced), key=lambda sku: (sign * prices[sku], keys[sku]))
        pages = range(1, len(prices) // size + 2)
        found = [search("", sort=sort, page=page, page_size=size, freezing=False) for page in pages]
        assert [result.card.sku for answer in found for result in answer.results] == [
            *ranked,
            *unpriced,
        ]
