"""Suggestions for the box of pages."""

import json
import re
from pathlib import Path

import pytest
from django.utils import translation
from pytest_django.asserts import assertContains

import search
from search.templatetags.fashion_search import SCRIPT_TEXTS, search_texts

pytestmark = pytest.mark.django_db
SCRIPTS = Path(search.__file__).parent / "static" / "fashion_search"


def points(request, card):
    """A host's own prices."""
    return f"{card.price:.0f} points for {request.path}"


def test_suggestions_come_with_labels_and_prices(client, shelf, host):
    found = client.get("/find/suggest/", {"q": "bro"}).json()
    assert [(one["value"], one["label"]) for one in found["categories"]] == [("Brown", "Colour")]
    assert [(one["name"], one["price_text"]) for one in found["products"]] == [("Brown shoe", "₹3,000")]
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PRICE_FORMAT": f"{__name__}.points"}
    (product,) = client.get("/find/suggest/", {"q": "bro"}).json()["products"]
    assert product["price_text"] == "3000 points for /find/suggest/"


def test_they_need_no_key_where_the_api_does(client, shelf, host):
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "API_ANONYMOUS": False}
    assert client.get("/find/suggest/", {"q": "bro"}).status_code == 200
    assert client.get("/find/suggest/", {"word": "bro"}).status_code == 400


def test_any_box_of_the_host_has_them(client, host, db):
    page = client.get("/")
    assertContains(page, 'data-suggest="/find/suggest/"')
    assertContains(page, "fashion_search/suggest.js")


@pytest.mark.urls("tests.search.templatetags.test_fashion_search")
def test_no_box_has_them_where_the_pages_are_not_included():
    from tests.search.templatetags.test_fashion_search import render

    html = render("{% search_box %}")
    assert "data-suggest" not in html
    assert "<script" not in html


def test_every_text_of_the_scripts_is_handed_to_them_in_german():
    said = {
        text
        for script in ("pages.js", "photo.js", "suggest.js")
        for call in re.findall(r"\bsay\((.*)", (SCRIPTS / script).read_text())
        for text in re.findall(r'"((?:[^"\\]|\\.)*)"', call.partition(", {")[0] or call)
        if text and (text[0] in " {“" or text[0].isupper())
    }
    assert len(said) > 15
    assert said == set(SCRIPT_TEXTS)
    with translation.override("de"):
        texts = json.loads(search_texts())
    assert texts.keys() == said
    assert texts["Recent searches"] == "Letzte Suchen"
    assert json.loads(search_texts()) == {}
