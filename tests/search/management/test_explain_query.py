"""The command over a small index with its words counted."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from search.engine import answers
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.query.lexicon import forget_words
from tests.search.indexed import add


@pytest.fixture
def shelf(version):
    """Sneakers and shirts."""
    for number in range(12):
        colour = ("Navy Blue", "Red", "Blue")[number % 3]
        facets = {
            "colour": [colour],
            "category": ["Footwear", "Casual Shoes"],
            "gender": ["Men"],
            "brand": ["Acme"],
        }
        add(version, f"KX-44{number:02}", f"{colour} sneakers", price=100 * (number + 1), facets=facets)
    for number in range(4):
        facets = {"colour": ["Red"], "category": ["Shirts"], "pattern": [("Printed", "Solid")[number % 2]]}
        add(version, f"s{number}", "Red shirt", facets=facets, description="With velvet cuffs and pockets.")
    build_lexicon(version)
    refresh_word_list()
    forget_words()
    return version


def read(capsys, query):
    call_command("explain_query", query, json=True)
    return json.loads(capsys.readouterr().out)


def parts(reading):
    return {
        part["typed"]: (
            part["kind"],
            part["products"],
            {one["name"]: one["origin"] for one in part["meanings"]},
        )
        for part in reading["parts"]
    }


def test_every_part_says_where_it_comes_from(shelf, capsys):
    reading = read(capsys, "navy sneakers for men with velvet, not printed under 900")
    found = parts(reading)
    assert list(found) == ["navy", "sneakers", "for", "men", "with", "velvet", "not printed", "under 900"]
    kind, products, origins = found["navy"]
    assert (kind, products) == ("value", 8)  # blue ones, too
    assert origins["colour=Navy Blue"].startswith("search/synonyms.toml, line ")
    assert found["sneakers"][1] == 12
    assert found["sneakers"][2]["category=Casual Shoes"].startswith("search/synonyms.toml, line ")
    assert found["men"] == ("value", 12, {"gender=Men": "called so in the catalogue"})
    assert found["velvet"] == ("word", 4, {"velvet": "a word of products' texts"})
    assert found["for"][0] == "filler"
    assert found["not printed"][:2] == ("negated", 14)
    assert found["not printed"][2]["not pattern=Printed"].endswith("called so in the catalogue")
    assert found["under 900"][:2] == ("price", 13)
    assert reading["encoded"] == "Navy Blue Casual Shoes for men with velvet"


def test_lines_of_lists_are_those_that_say_it(shelf, capsys):
    origin = parts(read(capsys, "sneakers"))["sneakers"][2]["category=Casual Shoes"]
    file, _, number = origin.partition(", line ")
    line = (Path(__file__).parents[3] / file).read_text().splitlines()[int(number) - 1]
    assert line.startswith('"sneaker')


def test_slips_codes_other_languages_and_long_texts(shelf, capsys):
    reading = read(capsys, "snekers")
    assert (reading["typed"], reading["searched"]) == ("snekers", "sneakers")
    assert parts(read(capsys, "KX-4403"))["KX-4403"] == (
        "code",
        1,
        {"kx-4403": "SKUs and the codes in names"},
    )
    reading = read(capsys, "rotes Hemd")
    assert reading["language"] == "de"
    rot, hemd = reading["parts"]
    assert (rot["typed"], rot["english"], hemd["english"]) == ("rotes", "red", "shirt")
    assert rot["meanings"][0]["origin"].startswith("search/languages/de.toml, line ")
    assert read(capsys, "red shirt " * 30)["notes"] == [
        "The query is longer than 200 characters: it was cut after “shirt”."
    ]


def test_the_table_names_every_part(shelf, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    call_command("explain_query", "red shirt without pockets -acme")
    out = capsys.readouterr().out
    assert "colour=Red" in out
    assert "not pockets" in out
    assert "-acme" in out
    assert "The text encoder reads: red shirt" in out
    assert "All that is asked for: 0 of 16 products" in out


def test_what_cannot_be_read_is_said(shelf, capsys):
    call_command("explain_query", "a\x00b")
    assert str(answers.DROPPED) in " ".join(capsys.readouterr().out.split())
    shelf.state = "failed"
    shelf.save()
    with pytest.raises(CommandError, match="There is no active index version"):
        call_command("explain_query", "red")
