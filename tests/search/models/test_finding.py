"""One statement finds what a query names and measures it, and none but the nearest is ever asked of an HNSW index."""

from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.conf import Weights
from search.engine import Filters, search
from search.engine.candidates import Term, terms_of
from search.indexing.hnsw import build_indexes
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.models import IndexEntry, IndexVersion, StaleMark, StoredCard
from search.models.cards import packed
from search.models.finding import Measure, every_entry, find, holding_each, holding_most, selected
from search.query.lexicon import forget_words
from search.query.words import Unit
from search.registry import load_each, make_card
from tests.search.indexed import add, make_version, unit

RED = Term({"colour=Red": 1.0, "colour=Pink": 0.8}, (), (0.0, 0.0, 0.0), 2.0, 0.75)
SHIRT = Term({}, ("shirt",), (1.0, 0.9, 0.4), 3.0, 0.75)


def found(version, terms=(RED, SHIRT), *, limit=10, text="", order="", entries=None, keys=()):
    entries = entries or every_entry(version.pk)
    by = Measure(terms, "english", None)
    return find(entries, by, limit=limit, order=order, named=entries, text=text, keys=keys)


def skus(result, which=None):
    places = np.arange(len(result.entries)) if which is None else np.flatnonzero(which)
    return {row.facets[-1] for row in result.entries.take(places)}


@pytest.fixture
def shelf(version):
    for number, (colour, name) in enumerate(
        [("Pink", "shirt"), ("Red", "shirt"), ("Red", "hat"), ("Pink", "shirt")]
    ):
        facets = {"colour": [colour], "n": [str(number)]}
        add(
            version, f"s{number}", f"{colour} {name}", price=100 - number, facets=facets, text=unit(1, number)
        )
    return version


def test_what_holds_every_term_is_found_and_measured(shelf):
    result = found(shelf)
    assert skus(result) == {"n=0", "n=1", "n=3"}
    assert result.held == 3
    assert {row.fits for row in result.entries} == {(0.8, 1.0), (1.0, 1.0)}
    assert {row.price for row in result.entries} == {Decimal(100), Decimal(99), Decimal(97)}


def test_of_more_than_the_limit_what_fits_best_is_taken_first(shelf):
    assert skus(found(shelf, limit=1)) == {"n=1"}
    assert "n=1" in skus(found(shelf, limit=2))
    assert found(shelf, limit=2).held == 2
    assert skus(found(shelf, (SHIRT,), limit=2, order="price")) == {"n=3", "n=1"}
    assert skus(found(shelf, (SHIRT,), limit=2, order="-price")) == {"n=0", "n=1"}


def test_a_name_is_found_whatever_the_terms_are(shelf):
    result = found(shelf, text="Red HAT")
    assert skus(result, result.named) == {"n=2"}
    assert (result.held, len(result.entries)) == (3, 4)
    both = found(shelf, text="red shirt")  # named, and it holds every term
    assert (both.held, len(both.entries), skus(both, both.named)) == (3, 3, {"n=1"})
    assert skus(found(shelf, (), text="S1")) == {"n=1"}
    key = IndexEntry.objects.get(sku="s3").product_key
    by_code = found(shelf, (), text="nothing", keys=[key])
    assert skus(by_code, by_code.named) == {"n=3"}


def test_conditions_that_contradict_each_other_find_nothing(shelf):
    nothing = found(shelf, entries=selected(IndexEntry.objects.filter(pk__in=[])))
    assert (len(nothing.entries), nothing.held) == (0, 0)


def test_several_choices_of_terms_take_one_statement(shelf, django_assert_num_queries):
    with django_assert_num_queries(1):
        both, shirts, none = holding_each(every_entry(shelf.pk), [[RED], [SHIRT], []], "english", 3)
    assert (len(both), len(shirts), len(none)) == (3, 3, 3)
    first = holding_most(every_entry(shelf.pk), [RED, SHIRT], "english", looked_at=10, limit=1)
    assert IndexEntry.objects.get(pk__in=first).sku != "s2"


def test_a_term_is_the_unit_that_it_stands_for():
    (term,) = terms_of([Unit("shirt", {}, ("shirt",))], Weights())
    assert term.phrases == ("shirt",)
    assert term.fits[0] > term.fits[1] > term.fits[2] > 0


@pytest.fixture
def large(transactional_db, tiny_artifact, search_settings) -> IndexVersion:
    """Enough shirts for HNSW indexes, every one with a kept card."""
    version, keys = make_version(tiny_artifact), []
    for number in range(60):
        facets = {"colour": ["Red" if number % 2 else "Blue"], "gender": ["Men"], "category": ["Shirts"]}
        made = add(
            version,
            f"s{number:02}",
            "Plain shirt",
            facets=facets,
            text=unit(1, number),
            pictures=[unit(2, number)],
        )
        keys.append(str(made.pk))
    StoredCard.objects.write({key: packed(make_card(one)) for key, one in load_each(keys).products.items()})
    StaleMark.objects.all().delete()
    build_indexes(version)
    build_lexicon(version)
    refresh_word_list()
    forget_words()
    return version


def test_a_search_takes_four_statements(large):
    search("red shirt")
    numbers = []
    for _ in range(3):  # every few seconds one compares what the process has loaded
        with CaptureQueriesContext(connection) as asked:
            assert search("red shirt").matching == 30
        said = [one["sql"].split()[0] for one in asked]
        numbers.append(len(said) - said.count("BEGIN") - said.count("COMMIT"))
    assert min(numbers) <= 4  # the version, the transaction's settings, what is found, cards


@pytest.mark.parametrize("text", ["red shirt", "red linen shirt", "shirt", ""])
def test_totals_and_counts_come_from_no_hnsw_index(large, text):
    filters = Filters(facets={"colour": ("Red",)}, price_max=Decimal(500))
    search(text, filters=filters)
    with CaptureQueriesContext(connection) as asked:
        search(text, filters=filters)
    planned = 0
    for statement in (one["sql"] for one in asked):
        if "fashion_search_index" not in statement or not statement.lstrip().startswith(
            ("SELECT", "(WITH", "WITH")
        ):
            continue
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            cursor.execute("RESET enable_seqscan; RESET enable_sort; RESET enable_bitmapscan")
        planned += 1
        nearest = "<#>" in statement and "ORDER BY distance LIMIT" in statement
        assert nearest or "_hnsw" not in plan, statement
    assert planned >= 2
