"""The page of results, in a host's base template."""

import html
import re
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from django.urls import reverse
from django.utils.html import format_html
from pytest_django.asserts import assertContains, assertNotContains

from search.engine import answers
from search.exceptions import InvalidQuery
from search.models import Banner, IndexVersion, Redirect
from search.session import OutOfTime
from search.views import results as results_module
from search.views import search as search_module
from search.views.results import counted_in_words

pytestmark = pytest.mark.django_db


def skus(response) -> list[str]:
    """The products of a page, in their order."""
    return re.findall(r'data-sku="(\w+)"', response.content.decode())


def tag(response, pattern: str) -> list[str]:
    """What a pattern finds in a page, unescaped."""
    return [html.unescape(found) for found in re.findall(pattern, response.content.decode())]


def test_a_host_shows_results_in_its_own_base(client, shelf):
    assert reverse("fashion_search_pages:search") == "/find/"
    response = client.get("/find/?q=cotton+shirt")
    assertContains(response, "<title>cotton shirt | Nordlicht</title>")
    assertContains(response, "Results for “cotton shirt”")
    assert skus(response)[:2] == ["S3", "S2"] or skus(response)[:2] == ["S2", "S3"]
    assertContains(response, '<link rel="stylesheet" href="/static/fashion_search/pages.css">')
    assertContains(response, "A shop with pages of its own.")


def test_every_class_of_the_pages_has_the_prefix(client, shelf):
    host = {"fashion-search-box", "fashion-search-banners"}  # of the template tags
    Banner.objects.create(text="Sale", phrase="shirt")
    for address in ("/find/?q=shirt&colour=Red", "/find/?q=zeppelin", "/find/photo/", "/find/?page=x"):
        classes = " ".join(tag(client.get(address), r'class="([^"]*)"')).split()
        assert classes
        assert {name for name in classes if not name.startswith("fs")} <= host


def test_filters_are_labelled_counted_and_taken_away(client, shelf):
    response = client.get("/find/?q=shirt&colour=Red&price_max=2000&page=1&sort=price")
    assert skus(response)[0] == "S2"
    labels = tag(response, r'<details class="fs-group"[^>]*>\s*<summary>([^<]*)')
    assert labels == ["Category", "For", "Colour", "Brand"]
    chips = {chip.label: parse_qs(chip.without) for chip in response.context["chips"]}
    assert chips["Red"] == {"q": ["shirt"], "price_max": ["2000"], "sort": ["price"]}
    assert set(chips) == {"Red", "Up to ₹2,000"}
    assertContains(response, '<option value="price" selected>Price, low to high</option>')
    assertContains(response, 'name="colour" value="Red" checked')
    cleared = tag(response, r'class="fs-clear" href="([^"]*)"')[0]
    assert len(skus(client.get(f"/find/{cleared}"))) >= 3


def test_pages_are_linked_before_and_behind_and_keep_their_list(client, shelf, host):
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PAGE_SIZE": 1}
    first = client.get("/find/?q=shirt")
    head = first.content.decode().partition("</head>")[0]
    assert 'rel="prev"' not in head
    assert '<link rel="next" href="?q=shirt&amp;page=2">' in head
    assert '<link rel="canonical" href="http://testserver/find/?q=shirt">' in head
    (following,) = set(tag(first, r'<a rel="next" href="([^"]*)"'))
    assert "token=" in following
    second = client.get(f"/find/{following}")
    assert skus(second) != skus(first)
    head = second.content.decode().partition("</head>")[0]
    assert '<link rel="prev" href="?q=shirt&amp;page=1">' in head
    assert '<link rel="canonical" href="http://testserver/find/?q=shirt&amp;page=2">' in head
    assert 'name="robots"' not in head
    assertContains(second, 'data-position="2"')
    assert client.get("/find/?q=shirt&page=90").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "colour=Red",
        "q=shirt&sort=price",
        "q=shirt&in_stock=on",
        "q=shirt&price_min=1",
        "q=zeppelin",
        "more=S1",
    ],
)
def test_search_engines_list_no_page_that_only_narrows_another(client, shelf, query):
    response = client.get(f"/find/?{query}")
    assertContains(response, '<meta name="robots" content="noindex, follow">')
    words = parse_qs(query).get("q")
    (canonical,) = tag(response, r'rel="canonical" href="([^"]*)"')
    assert canonical == "http://testserver/find/" + (f"?q={words[0]}" if words else "")


def test_a_list_that_is_too_old_begins_anew_and_says_so(client, shelf, host):
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PAGE_SIZE": 1}
    response = client.get("/find/?q=shirt&page=2&token=forgotten")
    assertContains(response, "here is a fresh list from its beginning")
    assert response.context["answer"].page == 1


def test_a_slip_is_corrected_and_can_be_searched_for(client, shelf):
    response = client.get("/find/?q=cottn+shirt")
    assertContains(response, "You typed “cottn shirt”.")
    assertContains(response, "Search for “cottn shirt” instead")
    (address,) = tag(response, r'href="(\?[^"]*spelling=off)"')
    typed = client.get(f"/find/{address}")
    assert typed.context["answer"].query == "cottn shirt"
    assertContains(typed, '<input type="hidden" name="spelling" value="off">')


def test_a_relaxed_query_says_what_it_shows(client, shelf):
    response = client.get("/find/?q=linen+red+shirt")
    assertContains(response, "No match for “linen red shirt”.")
    assertContains(response, "Showing <strong>linen shirt</strong>.")
    response = client.get("/find/?q=linen+zzzz+shirt")
    assertContains(response, "No product mentions “zzzz”.")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"total": 57, "matching": 5}, ["5 matches", "52 similar"]),
        ({"total": 2057, "matching": 1, "complete": False}, ["1 match", "2,056+ similar"]),
        ({"total": 57, "fitting": 1}, ["1 partial match", "56 similar"]),
        ({"total": 3, "fitting": 3}, ["3 partial matches"]),
        ({"total": 52}, ["52 similar"]),
        ({"total": 1234, "matching": 1234}, ["1,234 products"]),
        ({"total": 1, "matching": 0, "photo": "token"}, ["1 product"]),
        ({"total": 0}, []),
        ({"total": 9, "left_out": (answers.RESULTS,)}, []),
    ],
)
def test_what_was_found_is_said_in_words(answer, found):
    assert counted_in_words(answers.SearchAnswer(**{"complete": True, **answer})) == found


def test_numbers_beside_filters_are_those_of_the_heading(client, shelf):
    for query, leading in (("blue shirt", 1), ("cotton shirt", 2), ("linen red shirt", 1)):
        response = client.get("/find/", {"q": query})
        answer = response.context["answer"]
        assert (answer.matching or answer.fitting, answer.total > leading) == (leading, True)
        for values in (answer.facets["colour"], answer.facets["brand"]):
            assert sum(one.count for one in values) == leading
        assertContains(response, f"{response.context['found'][0]}, ")
        assertContains(response, f"data-fs-done>Show {response.context['found'][0]}<")


def test_nothing_found_says_what_to_try(client, shelf):
    response = client.get("/find/?q=zeppelin&colour=Red")
    assertContains(response, "<h1 data-count>No results for “zeppelin”</h1>")
    assertContains(response, "Remove a filter: nothing fits all of them.")
    assertContains(response, "Check the spelling, or use fewer words.")
    assertContains(response, 'href="/find/photo/"')
    response = client.get("/find/?q=shirt&colour=Brown&price_max=5000")
    (offer,) = response.context["offers"]
    assertContains(response, f"Without “Brown”</a>: {offer.matching} matches")


def test_redirects_lead_away_and_banners_are_shown(client, shelf):
    Redirect.objects.create(phrase="sale", url="/products/sale/")
    Banner.objects.create(text="Linen weeks", phrase="linen shirt", link="/products/linen/")
    response = client.get("/find/?q=sale")
    assert (response.status_code, response["Location"]) == (302, "/products/sale/")
    assertContains(
        client.get("/find/?q=linen+shirt"), '<a href="/products/linen/"><span>Linen weeks</span></a>'
    )


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (answers.EMBEDDINGS, "Showing matches by words only."),
        (answers.PRODUCTS, "Some products cannot be found yet."),
        (answers.LOOK, "Not everything you liked counts."),
        (answers.COUNTS, "The numbers beside them"),
        (answers.SPELLING, "could not check your spelling"),
        (answers.LEXICON, "please use the filters for now"),
        (answers.CARDS, "Some of the products on this page cannot be shown"),
    ],
)
def test_what_an_answer_leaves_out_is_said(client, shelf, monkeypatch, left_out, said):
    whole = results_module.search

    def lacking(*args, **kwargs):
        from dataclasses import replace

        return replace(whole(*args, **kwargs), left_out=(left_out,), degraded="It lacks something.")

    monkeypatch.setattr(results_module, "search", lacking)
    response = client.get("/find/?q=shirt")
    assertContains(response, said)
    assert response["Cache-Control"] == "no-store"
    assertContains(response, "noindex")


def test_without_an_index_the_page_says_so_and_keeps_what_is_set(client, host, db):
    assert not IndexVersion.objects.exists()
    response = client.get("/find/?q=shirt&colour=Red&page=3")
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )
    assertContains(response, "Search is not ready.", status_code=503)
    assertContains(response, 'name="colour" value="Red" checked', status_code=503)
    assertContains(response, "Try again", status_code=503)
    assertNotContains(response, "No results", status_code=503)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("price_min=cheap", "The lowest price must be a number such as 1500."),
        ("price_max=1e99", "The highest price must be a number such as 1500."),
        ("page=one", "The page must be a whole number from 1."),
        ("in_stock=perhaps", "in_stock must be on or off."),
        ("photo=forged", "The photo is not known any more: send it again."),
    ],
)
def test_what_cannot_be_answered_is_told_with_what_to_change(client, shelf, query, sentence):
    response = client.get(f"/find/?{query}")
    assertContains(response, sentence, status_code=400)
    assertContains(response, "That search did not work", status_code=400)
    assertContains(response, "See all products", status_code=400)


def test_words_and_names_are_escaped(client, shelf):
    assertNotContains(client.get("/find/?q=%3Cscript%3Ealert"), "<script>alert")
    response = client.get("/find/?q=a%00%3Cb%3E")
    assert response.status_code == 200
    assertNotContains(response, "<b>")
    assert b"\0" not in response.content


def test_likings_are_chips_with_their_names(client, shelf):
    response = client.get("/find/?more=s1&less=S4&less=gone")
    assert [(one.kind, one.name) for one in response.context["likings"]] == [
        ("More like", "Blue linen shirt"),
        ("Less like", "Brown shoe"),
    ]
    assertContains(response, "<h1>More like this</h1>")
    assertContains(response, 'aria-label="More like this: ')


def test_names_of_likings_keep_nobody_waiting(client, shelf, monkeypatch):
    def late(_skus):
        raise OutOfTime("The time was up.")

    monkeypatch.setattr(results_module, "_names_of", late)
    response = client.get("/find/?more=s1&less=S4")
    assert [one.name for one in response.context["likings"]] == ["s1", "S4"]


def test_a_search_is_logged_once_for_its_list(client, shelf, monkeypatch):
    seen = []

    def note(request, answer, filters):
        seen.append((answer.typed, filters.facets))
        return "0123"

    monkeypatch.setattr(search_module, "log_search", note)
    assertContains(client.get("/find/?q=shirt&colour=Red"), 'data-search="0123"')
    assert seen == [("shirt", {"colour": ("Red",)})]


def test_clicks_are_reported_although_the_host_includes_no_api(client, shelf):
    assertContains(client.get("/find/"), 'data-events="/find/events/"')
    assert client.post("/find/events/", "{}", content_type="application/json").status_code == 400


def test_only_reading_is_allowed(client, shelf):
    assert client.post("/find/").status_code == 405


def test_a_host_replaces_one_part(client, shelf, host, tmp_path):
    folder = tmp_path / "fashion_search" / "pages"
    folder.mkdir(parents=True)
    (folder / "_card.html").write_text("<b>{{ card.name }}</b>")
    # A template of the same name may extend the plugin's own.
    (folder / "search.html").write_text(
        '{% extends "fashion_search/pages/search.html" %}{% block fs_box %}{% endblock %}'
        "{% block fs_heading %}<h1>Found</h1>{% endblock %}"
    )
    host.TEMPLATES = [{**host.TEMPLATES[0], "DIRS": [tmp_path, *host.TEMPLATES[0]["DIRS"]]}]
    response = client.get("/find/?q=linen+shirt")
    assertContains(response, "<b>Blue linen shirt</b>")
    assertContains(response, "<h1>Found</h1>")
    assertNotContains(response, "fashion-search-box")


def club_price(request, card):
    """A host's own prices: who is in the club pays less."""
    if not card.sku:
        return f"{card.price:.0f} net"
    share = Decimal("0.5") if request.headers.get("x-club") else 1
    return format_html("<b>{} net</b>", round(card.price * share))


def test_prices_are_the_hosts_own_for_whoever_asks(client, shelf, host):
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PRICE_FORMAT": f"{__name__}.club_price"}
    response = client.get("/find/?q=linen+shirt&price_max=1000")
    assertContains(response, '<p class="fs-price"><b>900 net</b></p>')
    assertContains(response, "Up to 1000 net")
    response = client.get("/find/?q=linen+shirt", headers={"x-club": "yes"})
    assertContains(response, '<p class="fs-price"><b>450 net</b></p>')


def test_a_host_names_another_base(client, shelf, host, tmp_path):
    (tmp_path / "bridge.html").write_text(
        '{% extends "other.html" %}{% block body %}{% block content %}{% endblock %}{% endblock %}'
    )
    (tmp_path / "other.html").write_text(
        "<html><title>Other</title><body>{% block body %}{% endblock %}</body></html>"
    )
    host.TEMPLATES = [{**host.TEMPLATES[0], "DIRS": [tmp_path]}]
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PAGES_BASE": "bridge.html"}
    response = client.get("/find/?q=linen+shirt")
    assertContains(response, "<title>Other</title>")
    assertContains(response, "Blue linen shirt")


def test_the_engine_says_what_is_wrong_in_the_language_of_the_page(client, shelf, host, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise InvalidQuery("expired_photo", "The photo is not known any more: send it again.")

    monkeypatch.setattr(results_module, "search", refuse)
    assertContains(
        client.get("/find/", headers={"accept-language": "de"}),
        "Das Foto ist nicht mehr bekannt: Bitte noch einmal senden.",
        status_code=400,
    )
