"""Entries in columns say the same as one by one: their order, what they have, and what is lacking of a query."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search.conf import Weights
from search.engine.candidates import Term
from search.engine.scored import NO_ENTRIES, ScoredEntries, ScoredEntry, Scoring, cheapness_of
from search.models.measured import Measured, MeasuredEntries
from tests.search.models.test_finding import RED, SHIRT

TOKENS = ("colour=Red", "colour=Red Wine", "brand=A", "brand==", "size=")
WORDS = Term({}, ("linen",), (1.0, 0.9, 0.4), 1.0, 0.75, literal=("linen",))
similarity = st.none() | st.floats(-1, 1, width=32)
share = st.floats(0, 1, width=32)


@st.composite
def entries(draw, least=0, most=8):
    made = []
    for number in range(draw(st.integers(least, most))):
        facets = draw(st.lists(st.sampled_from(TOKENS), unique=True))
        price = draw(st.none() | st.decimals(0, 10**10 - 1, places=4))
        made.append(
            Measured(
                draw(st.sampled_from("abc")) + str(number),
                number,
                draw(st.sampled_from(["", "a", "b"])),
                price,
                draw(st.booleans()),
                draw(st.floats(0, 2e9)),
                facets,
                draw(similarity),
                draw(similarity),
                draw(st.tuples(share, share, share)),
                (0.0, 0.0, draw(share)),
            )
        )
    return made


@given(entries())
def test_columns_give_back_their_entries(rows):
    columns = MeasuredEntries.of(rows)
    assert list(columns) == rows
    assert list(columns.take(np.arange(len(rows))[::-1])) == rows[::-1]
    assert list(columns.with_others(columns)) == [*rows, *rows]
    assert list(columns[1:3]) == rows[1:3]
    for token in TOKENS:
        assert columns.having_any([token]).tolist() == [token in row.facets for row in rows]
        assert columns.count_tokens()[token] == sum(token in row.facets for row in rows)
    assert set(columns.count_tokens()) <= set(TOKENS)


def scored_slowly(row, terms, weights, *, named, kids, cheap):
    """The score that Scoring documents, entry by entry."""
    wanted = sum(term.importance for term in terms)
    has = [fit >= term.needed for fit, term in zip(row.fits, terms, strict=True)]
    score = sum(term.importance * fit for fit, term in zip(row.fits, terms, strict=True)) / wanted
    if all(has):
        places = sum(term.importance * place for place, term in zip(row.places, terms, strict=True))
        score += weights.literal * places / wanted
    score += weights.image * max(row.image or 0, 0) + weights.text * max(row.text or 0, 0)
    return score + weights.cheap * cheap - weights.kids * kids, all(has) or named


@given(entries(least=1), st.data())
def test_scores_are_those_of_each_entry_by_itself(rows, data):
    terms, weights = (RED, SHIRT, WORDS), Weights()
    flags = st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))
    named, kids = data.draw(flags), data.draw(flags)
    columns = MeasuredEntries.of(rows)
    cheapness = cheapness_of(columns)
    scored = Scoring(terms, weights).of(
        columns, named=np.array(named, bool), for_kids=np.array(kids, bool), cheapness=cheapness
    )
    prices = sorted({row.price for row in rows if row.price is not None}, reverse=True)
    for place, (row, item) in enumerate(zip(rows, scored, strict=True)):
        cheap = 0.0 if row.price is None else prices.index(row.price) / max(len(prices) - 1, 1)
        score, full = scored_slowly(row, terms, weights, named=named[place], kids=kids[place], cheap=cheap)
        assert abs(item.score - score) < 1e-9
        assert (item.full, item.named, item.row) == (full, named[place], row)


@given(entries(most=12), st.data())
def test_by_score_is_the_order_of_sorted(rows, data):
    number = len(rows)
    scores = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=number, max_size=number))
    leading = data.draw(st.lists(st.booleans(), min_size=number, max_size=number))
    items = ScoredEntries.of(
        ScoredEntry(row, score, matching) for row, score, matching in zip(rows, scores, leading, strict=True)
    )
    expected = sorted(items, key=lambda item: (not item.matching, -item.score, item.row.product_key))
    assert list(items.take(items.by_score(~items.matching))) == expected


def test_no_entry_is_a_list_as_others():
    assert (list(NO_ENTRIES), NO_ENTRIES.keys, NO_ENTRIES.scores) == ([], [], {})
    pinned = Measured("k", 1, "", Decimal("1.50"), True, 0.0, ["colour=Red"])
    (item,) = NO_ENTRIES.with_listed(MeasuredEntries.of([pinned]))
    assert (item.row.product_key, item.row.price, item.matching, item.compared) == (
        "k",
        Decimal("1.50"),
        True,
        False,
    )
