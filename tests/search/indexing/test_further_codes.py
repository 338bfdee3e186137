"""Further SKUs of a product: they find it as its own does, however they are typed, and are no words of the catalogue."""

from dataclasses import replace

import pytest

from search.engine import search
from search.indexing.documents import clean_document
from search.indexing.lexicons import refresh_word_list
from search.models import IndexEntry, WordList
from search.query.lexicon import forget_words
from search.query.names import names_of
from search.registry import ProductDocument
from search.signals import mark_stale
from search.text import without_codes
from shop.search_index import ShopProductIndex
from tests.search.indexing.test_documents import SOUND
from tests.search.products import build_version, drain, make_product

CODES = {"S-1": ("ROSA/77-XL", "4006381333931", "QUOK-4711"), "S-2": ("ROSA/78-XL", "QUOK-4712")}


@pytest.fixture
def found(index_settings, transactional_db, monkeypatch):
    """What a search for a text finds first, and its notes, where products have further codes."""
    document = ShopProductIndex.document

    def with_codes(self: ShopProductIndex, product: object) -> ProductDocument:
        given = document(self, product)
        return replace(given, codes=CODES.get(given.sku, ()))

    monkeypatch.setattr(ShopProductIndex, "document", with_codes)
    for sku in ("S-1", "S-2", "S-3"):
        make_product(sku, colour="red")
    build_version()

    def first(text: str) -> tuple[str, tuple[str, ...]]:
        answer = search(text)
        return answer.results[0].card.sku, answer.notes

    return first


@pytest.fixture
def counted(found):
    """The same once a worker has counted the words."""
    refresh_word_list()
    forget_words()
    return found


@pytest.mark.parametrize(
    ("typed", "sku"),
    [
        ("ROSA/77-XL", "S-1"),
        ("ROSA/78-XL", "S-2"),
        ("QUOK-4711", "S-1"),
        ("QUOK-4712", "S-2"),
        ("4006381333931", "S-1"),
    ],
)
def test_a_new_code_is_found_as_it_is_written_before_it_is_counted(found, typed, sku):
    assert found(typed)[0] == sku


@pytest.mark.parametrize("typed", ["quok-9", "QUOK 9", "quok9", "shirt quok-9", "4006381333999", "nine9"])
def test_a_code_that_came_after_the_count_is_found_at_once_however_it_is_typed(counted, monkeypatch, typed):
    monkeypatch.setitem(CODES, "S-3", ("QUOK-9", "4006381333999", "NINE 9"))
    (key,) = IndexEntry.objects.filter(sku="s-3").values_list("product_key", flat=True)
    mark_stale([key])
    drain()
    assert counted(typed) == ("S-3", ())


def test_an_own_sku_that_came_after_the_count_is_no_slip_of_another(counted):
    make_product("ROSA-77-XM", colour="red")
    drain()
    assert counted("rosa-77-xm") == ("ROSA-77-XM", ())


@pytest.mark.parametrize(
    "typed", ["ROSA/77-XL", "rosa77xl", "rosa 77-xl", "shirt rosa-77-XL", "4006381333931"]
)
def test_a_product_is_found_by_each_of_its_codes(counted, typed):
    assert counted(typed) == ("S-1", ())


def test_of_a_code_that_no_product_has_the_nearest_is_named_as_it_is_written(counted):
    sku, notes = counted("ROSA/79-XL")
    assert sku in ("S-1", "S-2")
    assert notes == ("No product has the code ROSA/79-XL; nearest: ROSA/77-XL, ROSA/78-XL.",)


def test_codes_are_no_words_and_no_part_of_the_encoded_text(counted):
    entry = IndexEntry.objects.get(sku="s-1")
    assert without_codes(entry.keywords)[1] == list(CODES["S-1"])
    names = names_of(entry.version_id, WordList.objects.get(version=entry.version_id).stamp)
    assert "rosa" not in {shown.lower() for shown in names.spellings.values()}
    index = ShopProductIndex()
    assert "ROSA" not in index.encoded_text(replace(SOUND, codes=CODES["S-1"]))


@pytest.mark.parametrize(
    ("given", "kept", "notes"),
    [
        (("A 1", "A 1", "B\n2"), ("A 1", "B 2"), 1),
        ("A1", ("A1",), 1),
        (None, (), 1),
        ((17,), ("17",), 1),
        ((), (), 0),
    ],
)
def test_codes_are_cleaned_with_a_note(given, kept, notes):
    document, said = clean_document(replace(SOUND, codes=given), "7")
    assert (document.codes, len(said)) == (kept, notes)
