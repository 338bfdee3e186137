"""Codes of products in what shoppers type."""

import pytest

from search.query.codes import Codes, typed_codes
from search.query.collecting import NameCollector
from search.query.names import Names, codes_of_name

NAMES = {
    "a": ("CASIO G-Shock Watch GA-100-1A2DR", "S-1201"),
    "b": ("CASIO G-Shock Watch GA-100-1A4DR", "S-1202"),
    "c": ("Fossil Watch ES2944", "48213"),
    "d": ("Mayhem Sunglasses 1020-204", "x1"),
    "e": ("Casio watch EFR 502D 7AV", "x2"),
    "f": ("Perfume 150ml pack of 3", "x3"),
}


def collected():
    collector = NameCollector()
    for key, (name, sku) in NAMES.items():
        collector.add(key, name=name, brand="", facets=(), sku=sku)
    return Names.unpack(collector.names().pack())


def holding(codes, text):
    return next((found for one in typed_codes(text) if (found := codes.holding(one))), [])


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("GA-100-1A2DR", ["a"]),
        ("ga1001a2dr", ["a"]),
        ("GA 100 1A2DR watch", ["a"]),
        ("ga100", ["a", "b"]),
        ("casio GA-100", ["a", "b"]),
        ("1a4dr", ["b"]),
        ("es-2944", ["c"]),
        ("ES 2944", ["c"]),
        ("48213", ["c"]),
        ("1020-204", ["d"]),
        ("s1201", ["a"]),
        ("efr502d", ["e"]),
        ("EFR-502D-7AV", ["e"]),
        ("4821", []),
        ("under 48213", []),
        ("150ml", []),
        ("g-shock", []),
        ("top 100", []),
    ],
)
def test_codes_are_found_however_they_are_typed(text, keys):
    assert holding(Codes(collected()), text) == keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("ga-101", ["a", "b"]),  # one wrong
        ("GA-100-1A2R", ["a"]),  # one missing
        ("es2994", ["c"]),
        ("1020-205", ["d"]),
        ("48214", []),  # short numbers are all near to one another
        ("xy-777", []),
    ],
)
def test_one_character_may_be_wrong(text, keys):
    (typed,) = (one for one in typed_codes(text) if one.single)
    codes = Codes(collected())
    assert codes.holding(typed) == []
    assert codes.close_to(typed)[0] == keys


@pytest.mark.parametrize(
    "text",
    [
        "34x32",
        "w34l32",
        "2xl",
        "150ml",
        "3-pack",
        "spf50",
        "1,500",
        "levis 501",
        "90s",
        "uk8",
        "2-in-1",
        "1990s",
        "100%",
        "5k",
        "size 42",
    ],
)
def test_measures_and_sizes_are_no_codes(text):
    assert not [one for one in typed_codes(text) if one.single]


def test_codes_of_a_name():
    found = dict(codes_of_name("Casio EFR 502D Men's 2-pack"))
    assert found["efr502d"] == "EFR 502D"
    assert "men" not in found
