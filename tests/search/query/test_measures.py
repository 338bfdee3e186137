"""Measures and packs, in all their spellings."""

import pytest

from search.query.measures import measure_at


@pytest.mark.parametrize(
    "text", ["pack of 3", "3 pack", "3-pack", "set of three", "three piece", "3pcs", "Pack of 3"]
)
def test_packs_are_one_thing(text):
    measure = measure_at(text, 0)
    assert measure.end == len(text)
    assert {"pack of 3", "set of 3", "pack of three", "3 pack"} <= set(measure.phrases)


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [("150ml", "150 ml", "150ml"), ("150 ml", "150ml", "150 ml"), ("15.6-inch", "15.6 inch", "15.6inch")],
)
def test_a_number_and_its_unit(text, one, other):
    assert {one, other} <= set(measure_at(text, 0).phrases)


@pytest.mark.parametrize("text", ["34x32", "100% cotton", "3 shirts", "mlb cap", "setting", "pack", "set of"])
def test_other_words(text):
    assert measure_at(text, 0) is None
