"""Lines of the filter bench: what overlaps, what is missed."""

import pytest

from lab.bench.filters import Line, overlap, report

MET = Line(
    share=20,
    queries=2,
    full=2,
    overlap=0.98,
    least_overlap=0.96,
    p50_ms=20.0,
    p95_ms=59.9,
    exact_p50_ms=70.0,
)


def changed(**values: float) -> Line:
    return Line(**{name: values.get(name, getattr(MET, name)) for name in Line.__dataclass_fields__})


@pytest.mark.parametrize(
    ("page", "right", "expected"),
    [("abcd", "abcd", 1.0), ("abcx", "abcd", 0.75), ("", "abcd", 0.0), ("", "", 1.0), ("a", "", 0.0)],
)
def test_overlap_is_a_share_of_the_exact_page(page, right, expected):
    assert overlap(list(page), list(right)) == expected


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, 0),
        ({"full": 1}, 1),
        ({"overlap": 0.979}, 1),
        ({"p95_ms": 60.0}, 1),
        ({"p95_ms": 60.0, "share": 1}, 0),  # nothing is filtered
    ],
)
def test_a_missed_limit_is_marked_and_fails(values, status, capsys):
    assert report([MET, changed(**values)]) == status
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("MISSED") for line in lines[-2:]] == [False, bool(status)]
    assert lines[-2].split() == (
        ["5.00", "%", "2", "of", "2", "0.9800", "0.96", "20.0", "ms", "59.9", "ms", "70", "ms"]
    )
