import pytest

from search.query.spelling import cost


@pytest.mark.parametrize(
    ("typed", "meant", "expected"),
    [
        ("jeans", "jeans", 0.0),
        ("jeasn", "jeans", 0.6),  # swapped
        ("wallett", "wallet", 0.4),  # doubled
        ("rebok", "reebok", 0.4),  # a double letter left single
        ("benneton", "benetton", 0.8),  # both
        ("casul", "casual", 0.7),  # a vowel left out
        ("wach", "watch", 0.9),  # another letter left out
        ("formel", "formal", 0.6),  # one vowel for another
        ("lipstikk", "lipstick", 0.6),  # k for c
        ("shirr", "shirt", 0.8),  # r beside t
        ("shirp", "shirt", 1.1),  # p far from t
        ("ahirt", "shirt", 1.05),  # a beside s, but first
        ("hsirt", "shirt", 0.6),  # swapped, first or not
        ("hirt", "shirt", 1.15),  # the first left out
    ],
)
def test_each_kind_of_slip_has_its_cost(typed, meant, expected):
    assert cost(typed, meant) == pytest.approx(expected)
