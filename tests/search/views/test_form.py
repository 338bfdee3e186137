"""What an address asks for, and the labels and prices that the panel shows."""

from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from django.http import HttpRequest, QueryDict
from django.utils import translation
from django.utils.html import format_html

from search.exceptions import InvalidQuery
from search.money import amount_card, format_money, price_text
from search.registry import ProductIndex, get_index
from search.views import FilterForm
from search.views.wanted import facet_labels, label_of, read_price


def form_of(query: str) -> FilterForm:
    """The panel of a query string."""
    request = HttpRequest()
    request.GET = QueryDict(query)
    return FilterForm(request)


@pytest.mark.parametrize(
    ("language", "stated", "read"),
    [
        ("en", "1500", "1500"),
        ("en", "1,500.50", "1500.50"),
        ("en", "₹ 1,500", "1500"),
        ("en", "1.500", "1.500"),
        ("de", "1.500", "1500"),
        ("de", "1.500,50 €", "1500.50"),
        ("de", "499.99", "499.99"),  # as links have it
        ("de", "12,5", "12.5"),
        ("fr", "1 500,50 €", "1500.50"),
    ],
)
def test_prices_are_read_as_their_language_writes_them(language, stated, read):
    with translation.override(language):
        assert read_price(stated, "lowest") == Decimal(read)


@pytest.mark.parametrize("stated", ["cheap", "-1", "1e99", "NaN", "1,2,3x"])
def test_what_is_no_price_is_refused(stated):
    with pytest.raises(InvalidQuery, match="The highest price must be a number"):
        read_price(stated, "highest")


def test_a_price_that_is_shown_is_read_as_the_same(search_settings):
    for language in ("en", "de", "fr"):
        with translation.override(language):
            for amount in ("0.5", "1499", "124999.95"):
                assert read_price(format_money(Decimal(amount), "EUR"), "lowest") == Decimal(amount)


@pytest.mark.parametrize(
    ("language", "amount", "currency", "shown"),
    [
        ("de", "1499", "EUR", "1.499\u00a0€"),
        ("de", "1499.5", "USD", "1.499,50\u00a0$"),
        ("de", "124999", "INR", "124.999\u00a0₹"),
        ("de", "12.5", "CHF", "12,50\u00a0CHF"),
        ("fr", "1499", "EUR", "1\u00a0499\u00a0€"),
        ("en", "1499.6", "JPY", "¥1,500"),
        ("en", "1499", "", "1,499"),
    ],
)
def test_prices_are_written_as_their_language_has_them(language, amount, currency, shown):
    with translation.override(language):
        assert format_money(Decimal(amount), currency) == shown


def struck(request, card):
    """A host's own prices: by who asks, as HTML."""
    if not card.sku:
        return f"{card.price:.0f} points"
    return format_html("<s>{}</s> {}", card.price, request.META.get("HTTP_X_CLUB", "everybody"))


def test_a_host_writes_prices_by_itself(search_settings, db):
    search_settings.FASHION_SEARCH = {**search_settings.FASHION_SEARCH, "PRICE_FORMAT": f"{__name__}.struck"}
    chips = form_of("price_min=100&price_max=500").chips()
    assert [chip.label for chip in chips] == ["100 points to 500 points"]


def test_several_currencies_stand_beside_each_other(search_settings):
    cards = [amount_card(Decimal(10), currency) for currency in ("EUR", "CHF", "INR")]
    assert [price_text(None, card) for card in cards] == ["€10", "CHF\u00a010", "₹10"]


def test_chips_read_as_a_person_would_say_them_and_name_the_same_once(search_settings):
    chips = form_of("q=shirt&category=Dress&category=Dresses&category=Shirts&size=M&colour=Navy").chips()
    assert {chip.label: parse_qs(chip.without) for chip in chips} == {
        "Dresses": {"q": ["shirt"], "category": ["Shirts"], "size": ["M"], "colour": ["Navy"]},
        "Shirts": {"q": ["shirt"], "category": ["Dress", "Dresses"], "size": ["M"], "colour": ["Navy"]},
        "Navy": {"q": ["shirt"], "category": ["Dress", "Dresses", "Shirts"], "size": ["M"]},
        "Size M": {"q": ["shirt"], "category": ["Dress", "Dresses", "Shirts"], "colour": ["Navy"]},
    }


def test_labels_are_the_hosts_first_then_the_plugins_then_names(monkeypatch):
    class Index(ProductIndex):
        facets = ("brand", "size", "neck_line", "category")
        labels = {"category": "Kind", "brand": "Maker", "unknown": "Not a facet"}

    monkeypatch.setattr("search.views.wanted.get_index", Index)
    labels = {facet: str(label) for facet, label in facet_labels().items()}
    assert list(labels.items()) == [
        ("category", "Kind"), ("brand", "Maker"), ("size", "Size"), ("neck_line", "Neck line"),
    ]  # fmt: skip
    assert label_of("pattern") == "Pattern"


def test_a_form_narrows_by_anything_but_words_and_pages(search_settings):
    assert get_index().facets
    for query in ("", "q=shirt", "q=shirt&page=3&token=x", "colour="):
        assert not form_of(query).narrows
    for query in (
        "colour=Red",
        "q=a&sort=price",
        "spelling=off",
        "photo=x",
        "in_stock=on",
        "utm_source=mail",
    ):
        assert form_of(query).narrows
