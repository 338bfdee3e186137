import pytest
from django.db import connection

from search.engine.answers import NO_WORDS
from search.engine.suggestions import suggest
from search.models import WordList, WordListPart
from search.query import names as keeping
from search.query.codes import ReadCodes, read_codes
from search.query.collecting import NameCollector
from search.query.names import NO_FACET, Names, Vocabulary, forget_names, names_of, title_of, words_of


def collect():
    collector = NameCollector()
    collector.add(
        "7",
        name="Blue T-shirt",
        brand="Levi's",
        facets=[("category", "Tops"), ("brand", "Levi's"), ("colour", "Blue")],
    )
    collector.add("3", name="Red hat", brand="", facets=[("category", "Tops")])
    return collector.names(Vocabulary({"tshirt": ("T-shirt", 1), "red": ("red", 1)}, frozenset()))


def test_products_keep_their_order_and_values_come_commonest_first():
    names = collect()

    assert list(names.keys) == ["7", "3"]
    assert list(names.products.words) == ["blue", "hat", "levis", "red", "shirt", "t", "tshirt"]
    assert names.values == [("category", "Tops", 2), (NO_FACET, "Levi's", 1), ("colour", "Blue", 1)]
    assert list(names.value_words.words) == ["blue", "levis", "tops"]
    assert [names.having.rows(range(place, place + 1)).tolist() for place in range(3)] == [[0, 1], [0], [0]]
    assert names.kinds.tolist() == [0]
    assert ("hat" in names, "tops" in names, "ha" in names) == (True, True, False)


def test_names_come_back_as_they_were_packed():
    names = collect()
    unpacked = Names.unpack(names.pack())

    assert (list(unpacked.keys), unpacked.values) == (list(names.keys), names.values)
    assert list(unpacked.products.words) == list(names.products.words)
    assert unpacked.products.matching(["t"]).flags.tolist() == [True, False]
    assert unpacked.value_words.matching(["to"]).flags.tolist() == [True, False, False]
    assert unpacked.having.rows(range(1)).tolist() == [0, 1]
    assert (unpacked.kinds.tolist(), unpacked.titles.tolist(), unpacked.spelt("tshirt")) == (
        [0],
        [0, 1],
        "T-shirt",
    )


def test_products_of_one_name_are_known():
    collector = NameCollector()
    for number, name in enumerate(("Red T-Shirt", "Blue hat", "red t shirts", "!", "Shirt T Red", "?")):
        collector.add(str(number), name=name, brand="", facets=[])
    assert collector.names().titles.tolist() == [0, 1, 0, 3, 0, 5]
    assert (
        title_of("Caf\u00e9 dresses", "english")
        == title_of("cafe dress", "english")
        != title_of("", "english")
    )


def test_names_of_nothing_come_back_empty():
    unpacked = Names.unpack(NameCollector().names().pack())

    assert [*unpacked.keys, *unpacked.products.words, *unpacked.products.matching(["a"]).flags] == []


def test_words_of_a_text_are_whole_and_in_parts():
    assert words_of("Blue T-Shirt") == ["blue", "tshirt", "t", "shirt"]


def keep(version, names, stamp):
    for number, part in enumerate(names.pack()):
        WordListPart.objects.create(version=version, stamp=stamp, number=number, data=part)
    fields = {"source": "", "stamp": stamp, "vocabulary": b"", "made_at": version.created_at}
    WordList.objects.update_or_create(version=version, defaults=fields)


def test_a_process_reads_the_names_of_a_stamp_once(version, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(keeping, "PART", 16)  # bytes
    keep(version, collect(), "a" * 64)
    forget_names()
    first = names_of(version.pk, "a" * 64)
    assert list(first.keys) == ["7", "3"]
    with django_assert_num_queries(0):
        assert names_of(version.pk, "a" * 64) is first
    keep(version, NameCollector().names(), "b" * 64)
    assert list(names_of(version.pk, "b" * 64).keys) == []


def test_names_that_are_replaced_while_they_are_read_are_read_anew(version, monkeypatch):
    keep(version, NameCollector().names(), "a" * 64)
    forget_names()

    replaced = []

    def replace_once(execute, sql, params, many, context):
        if '"data"' in sql and not replaced:
            replaced.append(sql)
            WordListPart.objects.all().delete()
            keep(version, collect(), "b" * 64)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(replace_once):
        assert list(names_of(version.pk, "a" * 64).keys) == ["7", "3"]


def test_a_list_of_the_release_before_has_no_parts_and_is_no_error_of_a_page(version):
    WordList.objects.create(
        version=version,
        source="",
        stamp="c" * 64,
        vocabulary=Vocabulary({}, frozenset()).pack(),
        made_at=version.created_at,
    )
    forget_names()
    with pytest.raises(LookupError):
        names_of(version.pk, "c" * 64)
    assert suggest("shirt").degraded == NO_WORDS
    assert read_codes("ga-100-1a2dr", version) == ReadCodes("ga-100-1a2dr")
