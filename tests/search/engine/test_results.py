"""Filters, sorts and counts over a list of results, against plain Python over the documents."""

import itertools
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import Filters, search
from search.engine.counts import Counts, count_results
from search.engine.results import ResultList, count_matching
from search.engine.scored import ScoredEntries, ScoredEntry
from search.indexing.lexicons import build_lexicon
from search.models import IndexEntry
from search.models.measured import Measured
from search.query.lexicon import forget_words
from tests.search.indexed import add

VALUES = {"colour": ("Red", "Blue", "Navy"), "brand": ("A", "B"), "category": ("Tops", "Shirts", "Shoes")}


@st.composite
def rows(draw):
    count = draw(st.integers(0, 12))
    made = []
    for number in range(count):
        tokens = {
            f"{name}={value}"
            for name, values in VALUES.items()
            for value in draw(st.sets(st.sampled_from(values)))
        }
        price = draw(st.none() | st.integers(0, 5).map(Decimal))
        created = float(draw(st.integers(0, 3)))
        in_stock, matching = draw(st.booleans()), draw(st.booleans())
        row = Measured(f"{number:02}", number, "", price, in_stock, created, sorted(tokens))
        made.append(ScoredEntry(row, 1.0, matching))
    return made


filters = st.builds(
    Filters,
    facets=st.fixed_dictionaries(
        {
            name: st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)
            for name, values in VALUES.items()
        }
    ),
    price_min=st.none() | st.integers(0, 3).map(Decimal),
    price_max=st.none() | st.integers(2, 5).map(Decimal),
    in_stock=st.booleans(),
)


def slowly(row, chosen, ignored=""):
    """Whether a row meets the filters, said again in other words."""
    reasons = []
    for name, values in chosen.facets.items():
        if name != ignored and values:
            reasons.append(sum(f"{name}={value}" in row.row.facets for value in values) > 0)
    if chosen.price_min is not None:
        reasons.append(row.row.price is not None and not row.row.price < chosen.price_min)
    if chosen.price_max is not None:
        reasons.append(row.row.price is not None and not row.row.price > chosen.price_max)
    reasons.append(row.row.in_stock or not chosen.in_stock)
    return False not in reasons


@given(rows(), filters)
def test_counts_and_results_agree_with_a_slow_reference(pool, chosen):
    found = list(itertools.compress(pool, ScoredEntries.of(pool).meet(chosen)))
    assert found == [row for row in pool if slowly(row, chosen)]

    def counted(**ignoring):
        under = [row for row in pool if slowly(row, **ignoring)]
        return [row for row in under if row.matching] or under

    everything = count_results(ScoredEntries.of(pool), list(VALUES), chosen, {})
    for name, counts in everything.facets.items():
        expected = Counter(
            value
            for row in counted(chosen=chosen, ignored=name)
            for value in VALUES[name]
            if f"{name}={value}" in row.row.facets
        )
        assert {count.value: count.count for count in counts if count.count} == dict(expected)
        assert [count.count for count in counts] == sorted((count.count for count in counts), reverse=True)
        assert {count.value for count in counts} >= set(chosen.facets[name])

    without_price = counted(chosen=replace(chosen, price_min=None, price_max=None))
    for one in everything.price_ranges:
        asked = replace(chosen, price_min=one.lowest, price_max=one.highest)
        assert one.count == sum(slowly(row, asked) for row in without_price) > 0
    priced = sum(row.row.price is not None for row in without_price)
    assert sum(one.count for one in everything.price_ranges) in (0, priced)
    assert everything.in_stock == sum(
        row.row.in_stock for row in counted(chosen=replace(chosen, in_stock=False))
    )


@given(rows(), st.sampled_from(["relevance", "newest", "price", "-price"]))
def test_sorting_loses_and_doubles_nothing(pool, sort):
    items = ResultList(ScoredEntries.of(pool), True, Counts()).sorted_by(sort)
    ordered = list(items)
    assert sorted(row.row.product_key for row in ordered) == [row.row.product_key for row in pool]
    if sort == "relevance":
        return
    first = count_matching(items)
    assert first == sum(row.matching for row in pool)
    for part in (ordered[:first], ordered[first:]):
        if sort == "newest":
            assert [row.row.created for row in part] == sorted(
                (row.row.created for row in part), reverse=True
            )
            continue
        prices = [row.row.price for row in part]
        known = [price for price in prices if price is not None]
        assert prices[: len(known)] == sorted(known, reverse=sort == "-price")


# Totals, counts and pages of searches against plain Python over the same products.


PATHS = [("Tops", "Shirts"), ("Tops", "Blouses"), ("Shoes", "Boots"), ("Shoes", "Sandals")]
WHOLE_VALUES = {
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
        optional={
            name: st.lists(st.sampled_from(of), max_size=3).map(tuple) for name, of in WHOLE_VALUES.items()
        },
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
                "brand": [draw.choice(WHOLE_VALUES["brand"])],
                "colour": [draw.choice(WHOLE_VALUES["colour"][:3])],
                "size": draw.sample(WHOLE_VALUES["size"], draw.randint(0, 3)),
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
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CANDIDATES": candidates, "ENOUGH": 3}

    answer = search("party dress", filters=Filters(facets={"colour": ("Teal",), "category": ("Dresses",)}))

    assert sorted(result.product.sku for result in answer.results) == ["d05", "d06"]
    assert (answer.total, answer.complete) == (2, True)
    counts = {one.value: one.count for one in answer.facets["colour"]}
    assert (counts["Teal"], counts["Red"]) == (2, red)


def test_an_answer_is_incomplete_where_more_lack_a_part_than_are_looked_at(dresses, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENOUGH": 3}
    assert search("party dress").complete
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CANDIDATES": 4}
    assert not search("party dress").complete
