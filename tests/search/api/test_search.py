from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from search.models import Banner, Redirect
from tests.search.indexed import add, unit

URL = "/api/v1/search/"


def get(client, **parameters):
    response = client.get(URL, parameters)
    assert response.status_code == 200, response.data
    return response.json()


def skus(answer):
    return [result["sku"] for result in answer["results"]]


def test_an_answer_has_exactly_these_parts(client, shirts):
    answer = get(client, q=" Red\tshirt ", page_size="1")

    assert list(answer) == [
        "degraded",
        "left_out",
        "search",
        "query",
        "typed",
        "total",
        "matching",
        "similar",
        "fitting",
        "relaxed",
        "showing",
        "blocked_by",
        "complete",
        "total_is",
        "took_ms",
        "understood",
        "unknown",
        "notes",
        "language",
        "results",
        "facets",
        "price_ranges",
        "in_stock",
        "page",
        "token",
        "photo",
        "turned",
        "boxes",
        "looks_like",
        "restarted",
        "next",
        "instead",
        "redirect",
        "banners",
    ]
    assert (answer["query"], answer["total"], answer["complete"], answer["degraded"]) == (
        "Red shirt",
        3,
        True,
        "",
    )
    assert answer["total_is"] == "exact"
    assert answer["took_ms"] > 0
    assert answer["results"][0].pop("score") > 0
    assert answer["results"] == [
        {
            "sku": "S-1",
            "name": "Red shirt",
            "brand": "Acme",
            "price": "299.50",
            "currency": "INR",
            "image": "",
            "url": "http://testserver" + shirts[0].get_absolute_url(),
        }
    ]
    assert answer["facets"] == {
        "category": [
            {"value": "Shirts", "count": 1, "parent": ""},
            {"value": "Tops", "count": 1, "parent": ""},
        ],
        "brand": [],
        "colour": [{"value": "Red", "count": 1, "parent": ""}],  # of what matches
        "gender": [],
        "pattern": [],
        "size": [],
        "usage": [],
        "tags": [],
    }
    assert (answer["page"], answer["next"]) == (
        1,
        f"http://testserver{URL}?q=+Red%09shirt+&page_size=1&page=2&{urlencode({'token': answer['token']})}",
    )
    assert answer["token"]


def test_next_leads_through_all_pages(client, shirts):
    seen, address = [], f"{URL}?page_size=2"
    while address:
        answer = client.get(address).json()
        seen += skus(answer)
        address = answer["next"]

    assert seen == ["S-3", "S-2", "S-1"]


def test_facets_may_be_given_more_than_once_and_empty_ones_are_ignored(client, shirts):
    assert skus(get(client, colour=["Red", "Blue"], brand="")) == ["S-2", "S-1"]
    assert skus(get(client, colour="Red", category="Tops")) == ["S-1"]
    assert skus(get(client, q="shirt", price_min="100", price_max="299.49")) == ["S-2"]


def test_a_long_text_is_cut_and_said_so(client, shirts):
    answer = get(client, q="red shirt " * 25)
    assert (answer["query"], skus(answer)[0]) == (("red shirt " * 20).strip(), "S-1")
    assert answer["notes"] == ["The query is longer than 200 characters: it was cut after “shirt”."]


@pytest.mark.parametrize("name", ["price_min", "price_max", "page", "page_size", "in_stock", "spelling"])
def test_empty_numbers_and_switches_are_refused(client, shirts, name):
    assert client.get(URL, {name: ""}).status_code == 400


def test_a_missing_price_is_null(client, shirts):
    assert [result["price"] for result in get(client, sort="price")["results"]] == ["100.00", "299.50", None]


def test_page_size_is_clamped(client, shirts, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"MAX_PAGE_SIZE": 2}

    assert len(get(client, page_size="999999999")["results"]) == 2


def test_beyond_the_last_page_there_is_nothing(client, shirts):
    answer = get(client, page="7")

    assert (answer["results"], answer["total"], answer["next"]) == ([], 3, None)


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("q=a%00b", "invalid_character", "q holds a NUL character; remove it."),
        ("q=a&q=b", "repeated_parameter", "q is given 2 times: give it once."),
        ("color=Red", "unknown_parameter", "'color' is not a parameter: did you mean 'colour'?"),
        (
            "%F0%9F%98%80=1",
            "unknown_parameter",
            "'😀' is not a parameter: the parameters are q, sort, page, page_size, spelling, token, explain, photo, more, less, looks, price_min, price_max, in_stock, category,"
            " brand, colour, gender, size, pattern, usage, tags.",
        ),
        ("price_min=cheap", "invalid_price", "price_min must be a number from 0, such as 1500 or 99.50."),
        ("price_max=1e39", "invalid_price", "price_max must be a number from 0, such as 1500 or 99.50."),
        ("price_max=NaN", "invalid_price", "price_max must be a number from 0, such as 1500 or 99.50."),
        ("price_min=-1", "invalid_price", "price_min must be a number from 0, such as 1500 or 99.50."),
        ("price_min=2&price_max=1", "invalid_price", "price_min is above price_max; swap the two."),
        ("sort=best", "invalid_sort", "sort must be one of relevance, newest, price, -price, not 'best'."),
        ("spelling=no", "invalid_spelling", "spelling must be on or off."),
        ("page=0", "invalid_page", "page must be a whole number from 1, such as 1."),
        ("page=%C2%B2", "invalid_page", "page must be a whole number from 1, such as 1."),
        ("page=999999999", "invalid_page", "page must be a whole number from 1 to 100000."),
        ("page=1.5", "invalid_page", "page must be a whole number from 1, such as 1."),
        ("page_size=0", "invalid_page_size", "page_size must be a whole number from 1, such as 24."),
        ("brand=%00", "invalid_character", "brand holds a NUL character; remove it."),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_remedy(client, version, query, code, message):
    response = client.get(f"{URL}?{query}")

    assert response.status_code == 400
    assert response.json() == {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE shop_product; --",
        '"unterminated',
        "( ) : * & | ! <-> \\",
        "<script>alert(1)</script>",
        "%_%",
        "\u202ered",
        "\uffff",
        "😀",
        "لباس أحمر",
        "http://x.example/a&b",
        "-",
        "OR",
        '-"',
        "a:b:c",
    ],
)
def test_naughty_texts_are_answered(client, shirts, text):
    answer = get(client, q=text)

    assert answer["total"] == len(answer["results"])


def test_redirect_and_banners_have_whole_addresses(client, shirts):
    Redirect.objects.create(phrase="gift card", url="/gifts/")
    Banner.objects.create(phrase="shirt", text="Sale", link="/sale/")
    answer = get(client, q="gift cards")
    assert (answer["redirect"], answer["banners"]) == ("http://testserver/gifts/", [])
    answer = get(client, q="shirts")
    assert answer["redirect"] == ""
    assert answer["banners"] == [{"text": "Sale", "link": "http://testserver/sale/", "picture": ""}]


def test_staff_may_ask_why(shirts):
    user = User.objects.create_user("worker", is_staff=True)
    client = Client()
    client.force_login(user)
    for refused in (client, Client()):
        response = refused.get(URL, {"q": "shirt", "explain": "on"})
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "permission_denied"

    user.user_permissions.add(Permission.objects.get(codename="view_queryday"))
    answer = client.get(URL, {"q": "red shirt", "explain": "on", "page_size": 2}).json()
    explained = answer["explanation"]
    assert [item["position"] for item in explained["results"]] == [1, 2]
    part = explained["results"][0]["parts"][0]
    assert (part["text"], part["facet"], part["fit"], part["lacking"]) == ("red", "", 1.0, False)
    assert set(answer["stages"]) >= {"rank", "explain"}
    assert "explanation" not in client.get(URL, {"q": "red shirt"}).json()


def test_what_staff_look_into_is_not_logged(client, shirts, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("admin"))
    assert get(client, q="red shirt")["search"]
    assert get(client, q="red shirt", explain="on")["search"] is None


def test_more_and_less_like_products(client, version):
    for sku, direction in (("a", (1, 0)), ("b", (0.8, 0.6)), ("c", (0, 1))):
        add(version, sku, "Shirt", pictures=[unit(*direction)])
    address = "/api/v1/search/?more=a&less=c"
    assert [result["sku"] for result in client.get(address).json()["results"]] == ["a", "b"]
    response = client.get("/api/v1/search/?more=")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_more")


def test_a_relaxed_query_says_what_was_dropped_and_what_matches(client, shirts):
    answer = get(client, q="velvet shirt")

    assert (answer["matching"], answer["similar"], answer["fitting"], answer["total"]) == (0, 3, 3, 3)
    assert answer["relaxed"] == [{"text": "velvet", "facet": "", "values": []}]
    assert (answer["showing"], answer["blocked_by"]) == ("shirt", [])


def test_a_filter_that_leaves_nothing_is_named_with_what_is_found_without_it(client, shirts):
    answer = get(client, q="shirt", colour="Red", price_max="1")

    assert (answer["total"], answer["relaxed"]) == (0, [])
    assert answer["blocked_by"] == [
        {"filter": "price", "values": [], "matching": 1, "similar": 0, "text": "", "without": ""}
    ]


def test_addresses_are_of_the_host_that_was_asked(client, shirts, settings):
    settings.ALLOWED_HOSTS = ["one.test", "two.test"]
    for host in ("one.test", "two.test", "one.test"):
        answer = client.get("/api/v1/search/?q=shirt", headers={"host": host}).json()
        assert {result["url"].split("/")[2] for result in answer["results"]} == {host}
