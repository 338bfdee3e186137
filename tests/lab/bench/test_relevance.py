"""Rows of the relevance bench: which target is missed, and the table of all engines."""

import json
from urllib.parse import quote

import pytest
from django.db import connection

from lab.bench.large_shop import fill
from lab.bench.relevance import OURS, measure, report, rows
from search.indexing.hnsw import drop_indexes


def figures(precision: float, *, typos: float, nothing: int = 0) -> dict[str, dict[str, float]]:
    every = {
        "queries": 4,
        "precision": precision,
        "ndcg": 0.95,
        "nothing": nothing,
        "p50_ms": 20,
        "p95_ms": 51.26,
    }
    return {"all": every, "brands": {**every, "precision": 1.0}, "typos": {**every, "precision": typos}}


def test_all_targets_are_met():
    assert rows({OURS: figures(0.9, typos=0.75)}) == [
        ("P@10, all queries", "0.900", "at least 0.9", True),
        ("P@10, lowest: typos", "0.750", "at least 0.75", True),
        ("nDCG@10, all queries", "0.950", "at least 0.9", True),
        ("nDCG@10, lowest: brands", "0.950", "at least 0.75", True),
        ("queries without results", "0", "none", True),
    ]


def test_each_target_can_be_missed():
    met = [met for *_, met in rows({OURS: figures(0.89, typos=0.74, nothing=1)})]
    assert met == [False, False, True, True, False]


def test_every_engine_is_a_line_of_the_table(capsys):
    report({OURS: figures(0.9, typos=0.75), "Another": figures(0.5, typos=0.1, nothing=3)})
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        "P@10 all brands typos",
        "This search 0.900 1.000 0.750",
        "Another 0.500 1.000 0.100",
        "nDCG@10 all brands typos",
        "This search 0.950 0.950 0.950",
        "Another 0.950 0.950 0.950",
        "This search 0 of 4 queries find nothing, p50 20.0 ms, p95 51.3 ms",
        "Another 3 of 4 queries find nothing, p50 20.0 ms, p95 51.3 ms",
    ]


@pytest.mark.django_db(transaction=True)
def test_every_engine_is_asked_on_the_products_of_the_shop(tmp_path, monkeypatch):
    database = connection.settings_dict
    url = f"postgresql://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}"
    monkeypatch.setenv("DATABASE_URL", url)
    version = fill(60, encoded=True)
    lines = [
        {"query": "shirt", "kind": "kinds", "rule": {"article_type": ["Shirts"]}},
        {"query": "shrt", "kind": "typos", "rule": {"article_type": ["Shirts"]}},
    ]
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, lines)))
    figures = measure(tmp_path / "queries.jsonl")
    drop_indexes(version.pk)
    assert list(figures) == [OURS, "Postgres full text", "Haystack, Whoosh", "django-watson"]
    assert all(by_kind["all"]["queries"] == 2 for by_kind in figures.values())
    assert figures[OURS]["all"]["nothing"] == 0
    assert figures["Postgres full text"]["typos"]["nothing"] == 1
    assert figures["Postgres full text"]["kinds"]["nothing"] == 0
