"""What changes nothing of a query's meaning: the order of words that ask for nothing, case, accents and width."""

import random
import tomllib
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.query.reading import described, lexicon, understand
from tests.search.query.test_cases import FOLDER

# Each example takes a millisecond or two.
MANY = settings(max_examples=300, deadline=None, derandomize=True, database=None)
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
# A word in capitals among others may be a brand that is called like a word that asks for nothing.
BRANDS_IN_CAPITALS = ("and", "only")
QUERIES = [
    case["query"]
    for file in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(file.read_text())["case"]
]
CONTENT = ("red", "navy", "shirt", "sneakers", "dress", "printed", "velvet", "women", "norwood", "watch")
FILLERS = sorted(
    {"please", "show", "me", "some", "nice", "need", "i", "want", "best", "new", "buy", "pretty", "stylish", "really", "the", "product"}
    & lexicon().synonyms.fillers
)  # fmt: skip


def meaning(text):
    """What is understood, whatever the case of what is shown as it was typed."""
    return unicodedata.normalize("NFKC", described(text)).casefold()


def bare(text):
    """The text with its Latin letters without accents."""
    decomposed = unicodedata.normalize("NFD", text)
    latin = "".join(
        letter
        for place, letter in enumerate(decomposed)
        if not (unicodedata.combining(letter) and decomposed[place - 1].isascii())
    )
    return unicodedata.normalize("NFC", latin)


def plain(text):
    """What is said of a query, in small letters without accents: typed words are shown as they were typed."""
    return bare(meaning(text))


def changed(change, spoken=meaning):
    """The queries of the table that a change makes mean something else, each as it is then read."""
    return {query: described(change(query)) for query in QUERIES if spoken(change(query)) != spoken(query)}


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_case_changes_nothing(change):
    found = changed(change)
    assert not {query for query in found if not set(query.lower().split()) & set(BRANDS_IN_CAPITALS)}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_letters_are_the_same(form):
    assert changed(lambda query: unicodedata.normalize(form, query)) == {}


def test_without_accents_it_is_the_same():
    assert changed(bare, plain) == {}


def test_width_changes_nothing():
    assert changed(lambda query: query.translate(WIDE)) == {}


@MANY
@given(
    st.lists(st.sampled_from(CONTENT), min_size=1, max_size=4, unique=True),
    st.sampled_from("\u0301\u0308\u0302\u0303"),
)
def test_accents_on_words_change_nothing(words, accent):
    query = " ".join(words)
    accented = query.replace("e", "e" + accent).replace("a", "a" + accent)
    assert plain(accented) == plain(query)


@MANY
@given(
    st.lists(st.sampled_from(CONTENT), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(FILLERS), min_size=2, max_size=5, unique=True),
    st.integers(0, 2**20),
)
def test_the_order_of_words_that_ask_for_nothing_changes_nothing(content, fillers, seed):
    draw = random.Random(seed)
    slots = [draw.randrange(len(content) + 1) for _ in fillers]

    def query(order):
        words = list(content)
        for slot, filler in sorted(zip(slots, order, strict=True), reverse=True, key=lambda pair: pair[0]):
            words.insert(slot, filler)
        return " ".join(words)

    first, other = (understand(query(order))[2] for order in (fillers, draw.sample(fillers, len(fillers))))
    assert other.units == first.units
    assert (other.price, other.negated, other.unknown) == (first.price, first.negated, first.unknown)
