"""Naughty texts in every input of the storefront: no 5xx, refused at once, nothing unescaped."""

import pytest
from django.http import HttpResponse

from shop.models import Product
from tests.abuse.headers import HARMFUL, MEDIA_TYPES, at_the_edge
from tests.abuse.pages import complaints, encoded, form, query, send_all, send_all_to
from tests.abuse.strings import COMPOSED, DECOMPOSED, MEGABYTES, NAUGHTY, SHORT
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

TEXTS = ("q", "price_min", "token", "photo", "more", "colour")
OTHERS = ("sort", "page", "price_max", "in_stock", "spelling", "less", "category")
PATHS = ("/categories/{}/", "/products/{}/", "/media/{}", "/media/thumbs/card/{}.webp",
         "/media/thumbs/{}/products/a.jpg.webp", "/media/thumbs/card/products/{}.webp", "/{}/")  # fmt: skip
HEADERS = ("CONTENT_TYPE", *(f"HTTP_{name}" for name in (
    "ACCEPT", "ACCEPT_LANGUAGE", "USER_AGENT", "COOKIE", "REFERER", "X_REQUEST_ID")))  # fmt: skip


def test_every_answer_of_a_server_that_failed_is_complained_of():
    statuses = (500, 502, 503)
    answers = [HttpResponse("x", status=status, headers={"Retry-After": "5"}) for status in statuses]
    assert [complaints(answer) for answer in answers] == [["status 500"], ["status 502"], ["status 503"]]


def test_the_search_page(client, indexed):
    def send(name, text):
        return client.get("/search/?" + query(**{name: text}))

    assert send_all_to(TEXTS, send) == {}
    assert send_all_to(OTHERS, send, *SHORT) == {}


def test_a_parameter_beside_a_query(client, indexed):
    def send(name, text):
        return client.get("/search/?" + query(q="shirt", **{name: text}))

    assert send_all_to(["price_min", "page", "colour"], send, *SHORT) == {}


@pytest.mark.parametrize("address", ["/search/", "/categories/shirts/"])
@pytest.mark.parametrize("price", ["1E-20000", "0E+20000", "0E-20000", "1e3", "1.00009"])
def test_prices_that_python_takes(client, indexed, address, price):
    for name in ("price_min", "price_max"):
        assert client.get(address + "?" + query(**{name: price})).status_code == 200


def test_the_page_of_a_category(client, indexed):
    assert client.get("/categories/shirts/").status_code == 200

    def send(name, text):
        return client.get("/categories/shirts/?" + query(**{name: text}))

    assert send_all_to(["q", "sort", "page", "price_max", "category", "brand"], send, *SHORT) == {}


def test_parameters_that_nobody_knows(client, indexed):
    assert send_all(lambda text: client.get("/search/?" + query(**{"q": "shirt", text: text}))) == {}


def test_addresses(client, indexed):
    # The test's client takes a tenth of a second to decode an address of a megabyte, so that these are sent apart.
    texts = [name for name in NAUGHTY if name not in MEGABYTES]
    assert send_all_to(PATHS, lambda path, text: client.get(path.format(encoded(text))), *texts) == {}
    statuses = {client.get(path.format(encoded(NAUGHTY["one megabyte"]))).status_code for path in PATHS}
    assert statuses == {414}


def test_the_form_for_a_photo(client, indexed):
    def send(name, text):
        return client.post("/search/photo/", **form(jpeg(), **{name: text}))

    assert send_all_to(["box", "csrfmiddlewaretoken"], send) == {}


def test_headers(indexed):
    client = at_the_edge()

    def send(header, text):
        sent = text.encode("utf-8", "surrogatepass").decode("latin-1")
        return client.get("/search/?q=shirt", **{header: sent})

    assert send_all_to(HEADERS, send, *SHORT) == {}


@pytest.mark.parametrize("header", HARMFUL)
@pytest.mark.parametrize(
    "address", ["/search/?q=%5Cud800&page=x", "/admin/", "/admin/login/", "/health/live?a=1"]
)
def test_headers_of_their_own_kind_of_harm(indexed, address, header):
    client = at_the_edge()
    answers = {text: client.get(address, **{header: text}) for text in HARMFUL[header]}
    assert {text: wrong for text, answer in answers.items() if (wrong := complaints(answer))} == {}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_form_of_every_media_type(indexed, kind):
    sent = form(jpeg())["data"]
    assert at_the_edge().generic("POST", "/search/photo/", sent, kind).status_code == 400


@pytest.mark.parametrize("address", ["/search/?q={}", "/search/?colour={}", "/search/?brand={}"])
def test_the_same_text_written_in_two_ways_finds_the_same(client, indexed, address):
    found = []
    for text in (COMPOSED, DECOMPOSED):
        response = client.get(address.format(encoded(text)))
        found.append([card.sku for card in response.context["cards"]])
    assert found[0][:1] == ["É-3"]
    assert found[0] == found[1]


def test_what_a_product_says_is_escaped(client, indexed):
    def send(text):
        held = text.replace("\x00", "").encode("utf-8", "replace").decode()  # what Postgres takes
        short = held[:40]
        Product.objects.filter(sku="S-1").update(
            name=held[:200], description=held[:5000], colour=short, attributes={short: short}
        )
        product = Product.objects.get(sku="S-1")
        pages = [client.get(address) for address in (product.get_absolute_url(), "/search/?q=red+shirt")]
        return next((page for page in pages if page.status_code >= 500), pages[0])

    assert send_all(send) == {}
