"""The table of cases: queries by kind, each with what is understood of it."""

import tomllib
from pathlib import Path

import pytest

from tests.search.query.reading import described

FOLDER = Path(__file__).with_name("cases")
CASES = [
    pytest.param(case["query"], case["understood"], id=f"{file.stem}: {case['query'][:60]}")
    for file in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(file.read_text())["case"]
]


@pytest.mark.parametrize(("query", "understood"), CASES)
def test_what_is_understood(query, understood):
    assert described(query) == understood, (
        f"{query!r} is read as\n  {described(query)}\nand not as\n  {understood}"
    )


def test_the_table_is_large_and_has_no_query_twice():
    queries = [case.values[0] for case in CASES]
    assert len(queries) >= 300
    assert len(set(queries)) == len(queries)
