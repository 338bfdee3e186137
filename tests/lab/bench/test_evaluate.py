"""`make evaluate`, with a command that answers at once."""

import json
import subprocess
from pathlib import Path

import pytest

from lab.bench import evaluate

FIGURES = {
    "all": {"queries": 3, "precision": 0.5, "reachable": 0.75},
    "prices": {"queries": 1, "precision": 0.25, "reachable": 1.0},
}


@pytest.fixture
def data(tmp_path, monkeypatch):
    (tmp_path / "fashion").mkdir()
    for name in evaluate.JUDGED_BY:
        (tmp_path / "fashion" / name).write_text('{"query": "red"}\n' * 4)
    monkeypatch.setenv("FASHION_DATA", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/none")
    return tmp_path


@pytest.fixture
def asked(monkeypatch):
    """The files that the command was given."""
    files = []

    def manage(command, queries, *options):
        files.append(Path(queries).name)
        Path(options[-1]).write_text(json.dumps(FIGURES))
        return subprocess.CompletedProcess([command], 0, "", "")

    monkeypatch.setattr(evaluate, "manage", manage)
    return files


def test_each_file_is_judged_by_its_figure(data, asked, capsys):
    more = data / "mine.jsonl"
    more.write_text('{"query": "blue"}\n' * 3)
    assert evaluate.main(["--queries", str(more), "--json", str(data / "out.json")]) == 0
    assert asked == ["field_queries.jsonl", "shopper_queries.jsonl", "queries.jsonl", "mine.jsonl"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "field_queries.jsonl: reach@10 0.750 over 3 queries"
    assert lines[1].split() == ["prices", "1", "1.000"]
    assert lines[2] == "  1 were left out: this shop's catalogue has no right answer to them."
    assert lines[3] == "shopper_queries.jsonl: P@10 0.500 over 3 queries"
    assert lines[-1].split() == ["prices", "1", "1.000"]  # of three, none was left out
    assert json.loads((data / "out.json").read_text())["mine.jsonl"] == FIGURES


def test_what_is_missing_is_named(data, asked, monkeypatch, capsys):
    monkeypatch.setenv("FASHION_DATA", str(data / "nowhere"))
    assert evaluate.main([]) == 1
    assert "field_queries.jsonl" in capsys.readouterr().err
    assert asked == []


def test_a_command_that_fails_is_shown(data, monkeypatch, capsys):
    failed = subprocess.CompletedProcess(["evaluate_search"], 1, "", "There is no active index version.")
    monkeypatch.setattr(evaluate, "manage", lambda *arguments: failed)
    assert evaluate.main([]) == 1
    assert "There is no active index version." in capsys.readouterr().err
