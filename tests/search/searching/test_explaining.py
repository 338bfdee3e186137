"""What an explained search says of its results."""

import numpy as np
import pytest

from search.indexing.lexicon import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexEntry, MerchandisingRule
from search.retrieval.encoding import to_literal
from search.retrieval.filters import Filters
from search.retrieval.lexicon import forget_words
from search.searching import search
from search.searching.explaining import explain_search
from search.searching.tracing import tracing
from tests.search.indexed import add, unit


@pytest.fixture
def near(monkeypatch):
    """Has every query encoded to the first axis of the joint space."""
    literal = to_literal(np.array(unit(1), dtype=np.float32))
    monkeypatch.setattr("search.searching.ranking.embed_query", lambda version, text: literal)


@pytest.fixture
def coloured(version, near):
    """Four products with known similarities to every query: pictures 1, .8 and .6, texts .6 and .8."""
    add(
        version,
        "r1",
        "Striped shirt",
        facets={"colour": ["Red"]},
        pictures=[unit(0.6, 0.8)],
        text=unit(0.6, 0.8),
    )
    add(version, "r2", "Red cap", facets={"colour": ["Red"]}, pictures=[unit(1)])
    add(
        version,
        "b1",
        "Blue shirt",
        facets={"colour": ["Blue"]},
        pictures=[unit(0.8, 0.6)],
        text=unit(0.8, 0.6),
    )
    add(version, "n1", "Nothing alike", facets={"colour": ["Green"]})
    build_lexicon(version)
    forget_words()


def by_sku(explained):
    return {
        result.card.sku: explained.explanations.get(str(result.product.pk))
        for result in explained.answer.results
    }


def test_every_figure_of_a_score(coloured):
    explained = explain_search("red shirt", page_size=24)
    found = by_sku(explained)
    assert list(found) == ["r1", "r2", "b1"]

    first = found["r1"]
    assert first.match == "full"
    assert [(fit.text, fit.fit, fit.found_in, fit.missing) for fit in first.terms] == [
        ("red", 1.0, "colour Red", False),
        ("shirt", 1.0, "title", False),
    ]
    assert (first.coverage, first.keyword_rank) == (1.0, 1)
    assert (first.image_similarity, first.text_similarity) == pytest.approx((0.6, 0.6), abs=1e-3)
    assert (first.image_rank, first.text_rank) == (3, 2)
    assert first.score == pytest.approx(1 + 0.5 * 0.6 + 0.5 * 0.6, abs=1e-3)
    assert (first.cheap, first.kids, first.rules) == (0.0, 0.0, ())

    second, third = found["r2"], found["b1"]
    assert [(fit.fit, fit.found_in, fit.missing) for fit in second.terms] == [
        (1.0, "colour Red", False),
        (0.0, "", True),
    ]
    red, shirt = (fit.importance for fit in second.terms)
    assert second.coverage == pytest.approx(red / (red + shirt))
    assert (second.match, second.keyword_rank, second.image_rank) == ("close", 2, 1)
    assert (second.text_similarity, second.text_rank) == (None, None)
    assert (third.match, third.keyword_rank, third.image_rank, third.text_rank) == ("close", 3, 2, 1)


def test_the_answer_is_that_of_a_search(coloured):
    explained, answer = explain_search("red shirt"), search("red shirt", with_facets=False)
    assert [(one.product, one.score) for one in explained.answer.results] == [
        (one.product, one.score) for one in answer.results
    ]
    assert {"encode", "rank", "facets", "freeze", "products"} - {"freeze"} <= explained.answer.stages.keys()
    assert explained.trace.listed == [str(one.product.pk) for one in answer.results]
    assert explained.asked.query.text == "red shirt"


def test_being_cheap_and_being_for_children(version):
    for sku, price, gender in (("a", 100, "Women"), ("b", 300, "Girls"), ("c", 200, "Women")):
        add(version, sku, "Top", price=price, facets={"category": ["Tops"], "gender": [gender]})
    build_lexicon(version)
    forget_words()
    found = by_sku(explain_search("cheap tops"))
    assert {sku: (one.cheap, one.kids) for sku, one in found.items()} == {
        "a": (1.0, 0.0),
        "c": (0.5, 0.0),
        "b": (0.0, 0.3),
    }


def test_rules_and_a_pinned_product_that_has_nothing_of_the_query(shirts, version):
    add(version, "bag", "Leather bag")
    for action, sku in (("pin", "bag"), ("boost", "s4")):
        key = IndexEntry.objects.get(sku=sku).product_key
        MerchandisingRule.objects.create(
            action=action, sku=sku, product_key=key, phrase="shirt", place="query", position=1
        )
    forget_snapshot()
    found = by_sku(explain_search("shirt"))
    assert next(iter(found)) == "bag"
    assert (found["bag"].match, found["bag"].coverage, found["bag"].keyword_rank) == ("pinned", 0.0, 6)
    assert [fired.sentence for fired in found["bag"].rules] == ["Pins bag first for 'shirt'"]
    assert [fired.sentence for fired in found["s4"].rules] == ["Boosts s4 clearly for 'shirt'"]
    assert found["s1"].rules == ()


def test_an_exact_sku_is_named(shirts):
    assert by_sku(explain_search("s3"))["s3"].match == "named"


def test_a_page_of_a_frozen_list_is_explained_too(shirts):
    first = explain_search("shirt", page_size=2)
    second = explain_search("shirt", page_size=2, page=2, token=first.answer.token)
    assert second.answer.restarted is False
    assert [one.match for one in by_sku(second).values()] == ["full", "full"]
    assert second.trace.ranked is not None


def test_filters_choose_among_explained_results(shirts):
    found = by_sku(explain_search("shirt", filters=Filters(facets={"brand": ("Bolt",)})))
    assert {sku: one.match for sku, one in found.items()} == {"s4": "full", "s5": "full"}


def test_without_words_or_without_an_index_there_is_nothing_to_explain(shirts, version):
    assert explain_search("").explanations == {}
    version.delete()
    explained = explain_search("shirt")
    assert (explained.version, explained.explanations, explained.asked) == (None, {}, None)


def test_a_query_of_a_price_only_lists_everything(shirts, monkeypatch):
    explained = explain_search("under 250")
    assert explained.answer.total == 3
    assert explained.steps is None
    assert explained.explanations == {}


def test_no_trace_is_left_behind(shirts):
    with tracing() as outer:
        with tracing() as inner:
            search("shirt")
        assert (outer.asked, inner.asked.query.text) == (None, "shirt")
        search("red")
    assert outer.asked.query.text == "red"
    search("blue")
    assert outer.asked.query.text == "red"
