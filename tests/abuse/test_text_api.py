"""Naughty texts in every input of the API: no 5xx, refused at once, in JSON."""

import json

import pytest

from tests.abuse.headers import HARMFUL, MEDIA_TYPES, at_the_edge
from tests.abuse.pages import complaints, encoded, form, query, send_all_to
from tests.abuse.strings import COMPOSED, DECOMPOSED, MEGABYTES, NAUGHTY, SHORT
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

BASE = "/api/v1/"
TEXTS = (("search/", "q"), ("search/", "colour"), ("search/", "more"), ("suggest/", "q"), ("words/", "q"),
         ("tags/", "product"), ("products/", "cursor"), ("search/", "token"), ("search/", "photo"))  # fmt: skip
OTHERS = (("search/", "sort"), ("search/", "page"), ("search/", "page_size"), ("search/", "price_min"),
          ("search/", "price_max"), ("search/", "in_stock"), ("search/", "spelling"), ("search/", "explain"),
          ("search/", "less"), ("suggest/", "limit"), ("words/", "limit"), ("tags/", "limit"),
          ("products/", "page_size"), ("products/S-1/similar/", "limit"), ("products/S-1/similar/", "colour"),
          ("products/S-1/", "x"), ("schema/", "x"), ("categories/", "x"))  # fmt: skip
PATHS = ("products/{}/", "products/{}/similar/", "search/{}", "words/{}")
HEADERS = (("HTTP_AUTHORIZATION", ""), ("HTTP_AUTHORIZATION", "Bearer "), ("HTTP_ACCEPT", ""), ("HTTP_ACCEPT_LANGUAGE", ""),
           ("HTTP_ORIGIN", ""), ("HTTP_COOKIE", ""), ("HTTP_X_FORWARDED_FOR", ""), ("CONTENT_TYPE", ""))  # fmt: skip
EVENT = {"search": "01234567-89ab-4def-8123-456789abcdef", "type": "click", "sku": "S-1", "position": 1}


def test_texts(client, tagged):
    assert send_all_to(TEXTS, lambda to, text: client.get(f"{BASE}{to[0]}?{query(**{to[1]: text})}")) == {}


def test_parameters_that_are_no_texts(client, tagged):
    assert (
        send_all_to(OTHERS, lambda to, text: client.get(f"{BASE}{to[0]}?{query(**{to[1]: text})}"), *SHORT)
        == {}
    )


def test_names_of_parameters(client, tagged):
    paths = ["search/", "suggest/", "words/", "tags/", "products/", "schema/"]
    assert (
        send_all_to(paths, lambda to, text: client.get(f"{BASE}{to}?{query(**{text: text})}"), *SHORT) == {}
    )


def test_addresses(client, indexed):
    texts = [name for name in NAUGHTY if name not in MEGABYTES]
    assert send_all_to(PATHS, lambda path, text: client.get(BASE + path.format(encoded(text))), *texts) == {}
    for path in PATHS:
        response = client.get(BASE + path.format(encoded(NAUGHTY["one megabyte"])))
        assert (response.status_code, response.json()["error"]["code"]) == (414, "address_too_long")


def test_the_box_of_a_photo(client, tagged):
    texts = [name for name in NAUGHTY if name not in ("nothing", "a blank")]  # which mean the whole photo
    paths = ["search/photo/", "tags/"]
    assert (
        send_all_to(paths, lambda path, text: client.post(BASE + path, **form(jpeg(), box=text)), *texts)
        == {}
    )


def test_fields_of_an_event(client, indexed):
    def send(name, text):
        body = json.dumps(EVENT | {name: text})
        return client.post(f"{BASE}events/", body, content_type="application/json")

    assert send_all_to(EVENT, send) == {}


def test_bodies_of_an_event(client, indexed):
    def send(kind, text):
        return client.post(f"{BASE}events/", text.encode("utf-8", "surrogatepass"), content_type=kind)

    assert send_all_to(["application/json", "text/plain", "text/csv"], send) == {}


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"[]", b"1", b'"a"', b"1e999", b"NaN", b"\xff"]
)
def test_json_that_is_no_event(client, indexed, body):
    response = client.post(f"{BASE}events/", body, content_type="application/json")
    assert response.status_code == 400, response.content[:200]


def test_headers(indexed):
    client = at_the_edge()

    def send(to, text):
        header, beginning = to
        sent = beginning + text.encode("utf-8", "surrogatepass").decode("latin-1")
        return client.get(f"{BASE}suggest/?q=re", **{header: sent})

    assert send_all_to(HEADERS, send, *SHORT) == {}


@pytest.mark.parametrize("header", HARMFUL)
@pytest.mark.parametrize("path", ["search/?explain=on", "suggest/?q=%5Cud800", "categories/"])
def test_headers_of_their_own_kind_of_harm(indexed, path, header):
    client = at_the_edge()
    answers = {text: client.get(BASE + path, **{header: text}) for text in HARMFUL[header]}
    assert {text: wrong for text, answer in answers.items() if (wrong := complaints(answer))} == {}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_bodies_of_every_media_type(indexed, kind):
    client = at_the_edge()
    for path in ("events/", "search/photo/", "tags/"):
        assert client.generic("POST", BASE + path, b"{}", kind).status_code == 415


@pytest.mark.parametrize(
    "address", ["search/?q={}", "search/?colour={}", "search/?brand={}", "search/?more={}"]
)
def test_the_same_text_written_in_two_ways_finds_the_same(client, indexed, address):
    texts = ("\u00c9-3", "E\u0301-3") if "more" in address else (COMPOSED, DECOMPOSED)
    first, second = (client.get(BASE + address.format(encoded(text))).json()["results"] for text in texts)
    assert first[0]["sku"] == "\u00c9-3"
    assert [one["sku"] for one in first] == [one["sku"] for one in second]


@pytest.mark.parametrize("path", ["products/{}/", "products/{}/similar/", "tags/?product={}"])
def test_a_sku_may_be_written_in_two_ways(client, tagged, path):
    answers = [client.get(BASE + path.format(encoded(sku))) for sku in ("\u00c9-3", "E\u0301-3")]
    assert [answer.status_code for answer in answers] == [200, 200]
