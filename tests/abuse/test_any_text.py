"""Any text at all, made by Hypothesis: cleaned once and for all, understood without an error, or refused as an invalid query."""

import unicodedata
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import HttpRequest, QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search.conf import Weights
from search.engine.boxes import Box
from search.engine.request import clean_filters
from search.exceptions import InvalidQuery
from search.query.lexicon import Lexicon
from search.query.parse import clean_query, read_query
from search.query.prices import read_price
from search.query.synonyms import Synonyms
from search.text import MAX_LENGTH, clean_text
from search.views import FilterForm
from tests.abuse.strings import NAUGHTY

SAME_EACH_TIME = settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
WORDS = ("red", "shirt", "under", "over", "between", "and", "-", '"', "or", "₹", "1500", "2k", "size", "9", "cheap", "for",
         "men's", "t-shirt", "not", "blue")  # fmt: skip
PARTS = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=12), st.sampled_from([text[:300] for text in NAUGHTY.values()])
)
TEXTS = st.one_of(
    st.lists(PARTS, max_size=14).map(" ".join),
    st.text(max_size=400),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Zs", "Lo"]), max_size=60),
)
NUMBERS = st.one_of(
    st.decimals(allow_nan=False).map(str),
    st.builds("{}E{}".format, st.integers(0, 10**11), st.integers(-30_000, 30_000)),
    st.builds("{}.{}".format, st.integers(0, 10**10), st.integers(0, 10**30)),
)
LEXICON = Lexicon(
    {
        "category=Shirts": 20,
        "category=Shoes": 9,
        "colour=Red": 20,
        "colour=Blue": 9,
        "gender=Men": 9,
        "size=9": 4,
    },
    {"shirt": 20, "linen": 3},
    50,
    Synonyms(
        {"tee": ("shirts",)},
        {"red": ("blue",)},
        {"shirt": ("men",)},
        {"office": ("shoes",)},
        frozenset(["for", "a"]),
    ),
    paths=[("Shirts",), ("Shoes",)],
)


REFUSALS = {
    "invalid_character",
    "too_long",
    "invalid_price",
    "invalid_page",
    "invalid_box",
    "invalid_in_stock",
}


def read(reader, *given_):
    """What a reader makes of it, or None where it is refused with a sentence."""
    try:
        return reader(*given_)
    except InvalidQuery as error:
        refusal = error
    assert refusal.code in REFUSALS
    assert refusal.sentence.endswith(".")
    return None


def form_of(query):
    """The filter panel of a query string."""
    request = HttpRequest()
    request.GET = QueryDict(query)
    return FilterForm(request)


def cleaned(text):
    """The cleaned query, or None where it is refused."""
    return read(clean_query, text)


@SAME_EACH_TIME
@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(text):
    query = cleaned(text)
    if query is not None:
        assert clean_query(query.text) == replace(query, cut=False)
        assert len(query.text) <= MAX_LENGTH
        assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in query.text)
        assert query.text == unicodedata.normalize("NFC", query.text)


@SAME_EACH_TIME
@given(st.text(max_size=150))
def test_composed_and_decomposed_are_the_same(text):
    both = [cleaned(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")]
    assert both[0] == both[1]


@SAME_EACH_TIME
@given(TEXTS)
def test_every_text_is_understood(text):
    query = cleaned(text)
    if query is None:
        return
    understood = read_query(query.wanted, LEXICON, Weights(), quoted=query.quoted)
    for unit in understood.parts:
        assert unit.importance >= 0
    if understood.price:
        ends = [end for end in (understood.price.lowest, understood.price.highest) if end is not None]
        assert ends
        assert ends == sorted(ends)
        assert all(0 <= end < 10**10 for end in ends)


@SAME_EACH_TIME
@given(st.text(max_size=MAX_LENGTH))
def test_a_price_takes_words_away_and_adds_none(text):
    price, rest = read_price(text)
    assert price is not None or rest == text
    assert set(rest) <= {*text, " "}


@SAME_EACH_TIME
@given(
    st.dictionaries(
        st.sampled_from(
            ["q", "page", "price_min", "price_max", "colour", "sort", "more", "in_stock", "token"]
        ),
        TEXTS,
    )
)
def test_filters_are_read_or_refused(given_):
    # As a request brings them: half a surrogate pair comes as three bytes that no UTF-8 has.
    form = form_of(urlencode(given_, errors="surrogatepass"))
    wanted = read(form.wanted)
    if wanted is None:
        return
    for price in (wanted.filters.price_min, wanted.filters.price_max):
        assert price is None or Decimal(0) <= price < 10**10
    assert wanted.page >= 0
    form.chips()


@pytest.mark.django_db
@SAME_EACH_TIME
@given(NUMBERS)
@example("1E-20000")
@example("0E+20000")
@example("1." + "0" * 16_000 + "1")
def test_a_price_that_is_taken_is_one_that_postgres_takes(number):
    wanted = read(form_of(urlencode({"price_min": number})).wanted)
    filters = read(clean_filters, wanted.filters, ()) if wanted else None
    if filters is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::numeric", [filters.price_min])
        assert cursor.fetchone() == (filters.price_min,)


@SAME_EACH_TIME
@given(st.one_of(TEXTS, st.lists(st.floats().map(str), max_size=5).map(",".join)))
def test_a_box_lies_inside_or_is_refused(text):
    box = read(Box.read, text)
    if box is None:
        return
    assert 0 <= box.left < box.right <= 1
    assert 0 <= box.top < box.bottom <= 1


@pytest.mark.parametrize("name", NAUGHTY)
def test_every_naughty_text_is_cleaned_once_and_for_all(name):
    query = cleaned(NAUGHTY[name])
    assert query is None or clean_text(query.text, "q") == query.text
