"""Searches by code and by what a query says of money."""

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from search.conf import get_settings
from search.engine import search
from search.indexing.lexicons import build_lexicon, refresh_word_list
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Watches with codes, and bags of several prices."""

    def thing(sku, name, kind, price, **more):
        add(version, sku, name, facets={"category": (kind,), "brand": ["Casio"]}, price=price, **more)

    thing("w1", "G-Shock watch GA-100-1A2DR", "Watches", 8000)
    thing("w2", "G-Shock watch GA-100-1A4DR", "Watches", 7000)
    thing("w3", "Steel watch ES2944", "Watches", 1020)
    thing("w4", "Steel watch 1020-204", "Watches", 300)
    thing("h1", "Tote", "Handbags", 900)
    thing("h2", "Hobo", "Handbags", 500)
    thing("h3", "Shopper", "Handbags", 1300)
    thing("c1", "Clutch", "Clutches", 100)
    build_lexicon(version)
    refresh_word_list()
    return version


@pytest.fixture
def in_rupees(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CURRENCY": "INR"}
    return search_settings


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("GA-100-1A2DR", {"w1"}),
        ("ga100", {"w1", "w2"}),
        ("casio es-2944", {"w3"}),
        ("1020-204", {"w4"}),
        ("gshock", {"w1", "w2"}),
    ],
)
def test_a_code_comes_first(shop, text, first):
    answer = search(text)
    assert set(skus(answer)[: len(first)]) == first
    assert answer.matching >= len(first)
    assert not answer.unknown
    assert "price" not in [part.facet for part in answer.understood]


def test_a_code_is_said_to_be_understood(shop):
    (part,) = search("ga100").understood
    assert (part.facet, part.text, part.without) == ("code", "ga100", "")


def test_the_nearest_code_is_said_to_be_near(shop):
    answer = search("es-2945")
    assert skus(answer)[0] == "w3"
    assert (answer.matching, answer.notes) == (0, ("No product has the code es-2945; nearest: ES2944.",))


def test_a_query_without_a_code_asks_no_more(shop, django_assert_max_num_queries):
    search("red watch")  # words are loaded
    with django_assert_max_num_queries(100) as plain:
        search("red watch")
    with django_assert_max_num_queries(100) as other:
        search("steel watch ga100")
    sql = [query["sql"] for query in plain.captured_queries]
    assert not any("wordlist" in one for one in sql)  # which was looked at just now
    assert sum("wordlist" in query["sql"] for query in other.captured_queries) <= 4


def test_the_cheapest_of_a_kind_by_rising_price(shop):
    answer = search("cheapest handbag")
    assert skus(answer)[:3] == ["h2", "h1", "h3"]
    assert [(part.facet, part.values) for part in answer.understood][-1] == ("sort", ("price",))


def test_the_dearest_of_a_kind_by_falling_price(shop):
    assert skus(search("most expensive handbag"))[:3] == ["h3", "h1", "h2"]


def test_the_cheapest_of_all(shop):
    assert skus(search("cheapest"))[:3] == ["c1", "w4", "h2"]


def test_another_order_may_be_chosen(shop):
    assert skus(search("cheapest handbag", sort="-price"))[:3] == ["h3", "h1", "h2"]


def test_another_currency_is_said(shop, in_rupees):
    answer = search("handbag under $50")
    assert set(skus(answer)[: answer.matching]) == {"h1", "h2", "h3", "c1"}
    assert answer.notes == ("“under $50” was not applied: prices are in INR.",)


def test_another_currency_is_converted_by_the_hosts_rate(shop, in_rupees):
    in_rupees.FASHION_SEARCH = in_rupees.FASHION_SEARCH | {"RATES": {"USD": 20}}
    answer = search("handbag under $50")
    assert set(skus(answer)[: answer.matching]) == {"h1", "h2", "c1"}
    assert answer.understood[-1].values == ("", "1000.00")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CURRENCY", "rupees"),
        ("RATES", {"USD": 0}),
        ("RATES", {"dollar": 2}),
        ("RATES", {"USD": "2"}),
        ("RATES", []),
    ],
)
def test_settings_that_cannot_be_meant(search_settings, name, value):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {name: value}
    with pytest.raises(ImproperlyConfigured, match=name):
        get_settings()


def test_a_sale_that_the_catalogue_does_not_tell_of_is_said(shop):
    answer = search("handbag 20% off")
    assert set(skus(answer)[: answer.matching]) == {"h1", "h2", "h3", "c1"}
    assert answer.notes == ("“20% off” was not applied: the catalogue does not say what is on sale.",)


def test_a_sale_that_the_catalogue_tells_of(version):
    add(version, "a", "Tote", facets={"category": ("Handbags",), "offer": ["On sale"]}, price=Decimal(5))
    add(version, "b", "Hobo", facets={"category": ("Handbags",)}, price=Decimal(5))
    build_lexicon(version)
    answer = search("discounted handbag")
    assert (skus(answer)[: answer.matching], answer.notes) == (["a"], ())
    assert search("handbag 20% off").notes == (
        "“20% off”: what is on sale is shown; the catalogue does not say by how much.",
    )


def test_packs_and_measures_are_found_in_any_spelling(version):
    add(version, "a", "Socks pack of 3", price=100)
    add(version, "b", "Socks 3-pack", price=100)
    add(version, "c", "Socks", price=100, description="Three sizes in a pack, 3 colours")
    add(version, "d", "Deo 150ml", price=100)
    add(version, "e", "Deo 150 ml", price=100)
    build_lexicon(version)
    for text in ("set of three socks", "3 pack socks", "socks pack of 3"):
        answer = search(text)
        assert set(skus(answer)[: answer.matching]) == {"a", "b"}, text
    for text in ("150ml deo", "deo 150 ml"):
        answer = search(text)
        assert set(skus(answer)[: answer.matching]) == {"d", "e"}, text
