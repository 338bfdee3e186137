"""Totals, counts and pages of searches against plain Python over the same products."""

import random
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import Filters, search
from search.engine.version_words import forget_words
from search.indexing.lexicon import build_lexicon
from search.models import IndexEntry
from tests.search.indexed import add

PATHS = [("Tops", "Shirts"), ("Tops", "Blouses"), ("Shoes", "Boots"), ("Shoes", "Sandals")]
VALUES = {
    "category": ("Tops", "Shirts", "Blouses", "Shoes", "Boots"),
    "brand": ("Acme", "Bolt", "Crest"),
    "colour": ("Red", "Blue", "Navy Blue", "None has it"),
    "size": ("S", "M", "L"),
}
PRICES = (None, 99, 250, 499, 500, 799, 999, 1500, 2999)

chosen = st.builds(
    Filters,
    facets=st.fixed_dictionaries(
        {},
        optional={name: st.lists(st.sampled_from(of), max_size=3).map(tuple) for name, of in VALUES.items()},
    ),
    price_min=st.none() | st.sampled_from([0, 100, 499, 500]).map(Decimal),
    price_max=st.none() | st.sampled_from([500, 999, 2000]).map(Decimal),
    in_stock=st.booleans(),
)


@pytest.fixture
def products(version):
    """Sixty products, most of them called linen, with everything else drawn."""
    draw = random.Random(7)
    for number in range(60):
        add(
            version,
            f"p{number:02}",
            "Linen" if draw.random() < 0.8 else "Wool",
            price=draw.choice(PRICES),
            facets={
                "category": draw.choice(PATHS),
                "brand": [draw.choice(VALUES["brand"])],
                "colour": [draw.choice(VALUES["colour"][:3])],
                "size": draw.sample(VALUES["size"], draw.randint(0, 3)),
            },
        )
    IndexEntry.objects.filter(sku__in=[f"p{number:02}" for number in range(0, 60, 4)]).update(in_stock=False)
    build_lexicon(version)
    forget_words()
    return [
        (row.product_key, set(row.facets), row.price, row.in_stock, row.name)
        for row in IndexEntry.objects.order_by("-created", "product_key")
    ]


def meets(product, filters, *, ignoring=""):
    _, tokens, price, in_stock, _ = product
    for name, values in filters.facets.items():
        if values and name != ignoring and tokens.isdisjoint(f"{name}={value}" for value in values):
            return False
    if ignoring != "price":
        if filters.price_min is not None and (price is None or price < filters.price_min):
            return False
        if filters.price_max is not None and (price is None or price > filters.price_max):
            return False
    return in_stock or not filters.in_stock or ignoring == "in_stock"


@pytest.mark.parametrize("text", ["linen", ""])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=chosen, sort=st.sampled_from(["relevance", "newest", "price", "-price"]))
def test_totals_counts_and_pages_agree_with_a_slow_reference(products, text, filters, sort):
    found = [product for product in products if not text or product[4] == "Linen"]
    expected = [product for product in found if meets(product, filters)]

    answer = search(text, filters=filters, sort=sort, page_size=25)

    assert (answer.total, answer.complete) == (len(expected), True)
    pages = [answer, *(search(text, filters=filters, sort=sort, page_size=25, page=page) for page in (2, 3))]
    shown = [str(result.product.pk) for page in pages for result in page.results]
    assert sorted(shown) == sorted(product[0] for product in expected)
    if sort == "newest":
        assert shown == [product[0] for product in expected]

    for name, counts in answer.facets.items():
        under = [product for product in found if meets(product, filters, ignoring=name)]
        tokens = Counter(token for product in under for token in product[1] if token.startswith(f"{name}="))
        assert {f"{name}={one.value}": one.count for one in counts if one.count} == dict(tokens)
    under = [product for product in found if meets(product, filters, ignoring="price")]
    for one in answer.price_ranges:
        inside = [
            product[2]
            for product in under
            if product[2] is not None
            and (one.lowest is None or product[2] >= one.lowest)
            and (one.highest is None or product[2] <= one.highest)
        ]
        assert one.count == len(inside) > 0
    priced = [product for product in under if product[2] is not None]
    assert sum(one.count for one in answer.price_ranges) in (0, len(priced))
    assert answer.in_stock == sum(
        product[3] for product in found if meets(product, filters, ignoring="in_stock")
    )


def test_categories_stand_below_each_other(products):
    for text in ("linen", ""):
        categories = search(text).facets["category"]
        parents = {one.value: one.parent for one in categories}
        assert parents == {"Tops": "", "Shoes": ""} | {leaf: root for root, leaf in PATHS}
        order = [one.value for one in categories]
        assert all(order.index(leaf) > order.index(root) for root, leaf in PATHS)


@pytest.fixture
def dresses(version):
    """A party bag and twelve dresses, two of them teal, so that no product is a party dress."""
    add(version, "bag", "Party bag", facets={"colour": ["Gold"], "category": ["Bags"]})
    for number in range(12):
        facets = {"colour": ["Teal" if number in (5, 6) else "Red"], "category": ["Dresses"]}
        add(version, f"d{number:02}", "Long dress", facets=facets)
    build_lexicon(version)
    forget_words()


@pytest.mark.parametrize(("candidates", "red"), [(4, 4), (200, 10)])
def test_a_filter_loses_none_of_the_closest_however_few_are_looked_at(
    dresses, search_settings, candidates, red
):
    search_settings.FASHION_SEARCH |= {"CANDIDATES": candidates, "ENOUGH": 3}

    answer = search("party dress", filters=Filters(facets={"colour": ("Teal",), "category": ("Dresses",)}))

    assert sorted(result.product.sku for result in answer.results) == ["d05", "d06"]
    assert (answer.total, answer.complete) == (2, True)
    counts = {one.value: one.count for one in answer.facets["colour"]}
    assert (counts["Teal"], counts["Red"]) == (2, red)


def test_an_answer_is_incomplete_where_more_lack_a_part_than_are_looked_at(dresses, search_settings):
    search_settings.FASHION_SEARCH |= {"ENOUGH": 3}
    assert search("party dress").complete
    search_settings.FASHION_SEARCH |= {"CANDIDATES": 4}
    assert not search("party dress").complete
