"""The command over a real index."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.search.products import build_version, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]

QUERIES = [
    {"query": f"{colour} shirt", "kind": "colours", "rule": {"colour": [colour]}}
    for colour in ("red", "blue", "green")
]


@pytest.fixture
def file(tmp_path):
    for number, colour in enumerate(("red", "blue", "green", "red")):
        make_product(f"R{number}", colour=colour)
    build_version()
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(json.dumps(query) + "\n" for query in QUERIES))
    return file


def test_weights_are_tried_and_printed(file, tmp_path, capsys):
    call_command("tune_search", file, rounds=1, write=tmp_path / "weights.json")
    out = capsys.readouterr().out
    assert "tuned on" in out
    assert "held back" in out
    assert "The default weights are the best that were tried." in out
    assert "The last round" not in out
    assert json.loads((tmp_path / "weights.json").read_text()) == {"WEIGHTS": {}}


def test_what_cannot_be_done_says_why(file, tmp_path):
    with pytest.raises(CommandError, match="--rounds must be"):
        call_command("tune_search", file, rounds=0)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("tune_search", tmp_path / "none.jsonl")


def test_without_an_index_there_is_nothing_to_tune(tmp_path):
    with pytest.raises(CommandError, match="no active index version"):
        call_command("tune_search", tmp_path / "none.jsonl")
