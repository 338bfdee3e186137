import pytest

from search.monitoring.services import count, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (75, "1 min 15 s"), (120, "2 min"), (601, "10 min"),
        (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"), (86_400, "1 day"), (400_000, "4 days"),
    ],
)  # fmt: skip
def test_spans(seconds, words):
    assert span(seconds) == words


def test_counts():
    assert [count(number, "product") for number in (0, 1, 1234)] == [
        "0 products",
        "1 product",
        "1,234 products",
    ]
