"""The bag: a size is chosen, put in, changed, and what is gone leaves it."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from shop.bag import KEY, LINES, MOST
from shop.models import Product, Variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt(make_products):
    """A shirt of two sizes: S1-1 is sold out, of S1-2 there are 2."""
    (product,) = make_products([1])
    return product


def add(client, product, size="S1-2"):
    return client.post(product.get_absolute_url(), {"size": size})


def lines(client):
    page = client.get("/bag/")
    return [(line.variant.sku, line.quantity) for line in page.context["lines"]]


def test_a_chosen_size_is_in_the_bag_with_its_price_and_counted_in_a_cookie(client, shirt):
    assertContains(client.get("/bag/"), "Your bag is empty.")
    assertRedirects(add(client, shirt), "/bag/", fetch_redirect_response=False)
    assert client.cookies[KEY].value == "1"
    page = client.get("/bag/")
    assertContains(page, "“Blue shirt 1” (M) is in your bag.")
    assertContains(page, 'data-happened="add_to_cart" data-sku="S1"')
    assertContains(page, "there is no checkout")
    assert [(line.variant.sku, line.quantity, line.price) for line in page.context["lines"]] == [
        ("S1-2", 1, 1001)
    ]
    assert page.context["totals"] == [("INR", 1001)]
    assertNotContains(client.get("/bag/"), "data-happened")  # it has been told once


def test_without_a_size_the_page_says_so_and_nothing_is_added(client, shirt):
    for size in ("", "S9-1", "\x00"):
        page = add(client, shirt, size)
        assertContains(page, "Choose a size.", status_code=400)
    assertContains(add(client, shirt, "S1-1"), "“Blue shirt 1” (S) is sold out.", status_code=400)
    assert lines(client) == []
    Variant.objects.filter(sku="S1-1").delete()
    assertRedirects(client.post(shirt.get_absolute_url()), "/bag/")  # the only size needs no choice


def test_quantities_change_within_bounds_and_a_line_can_be_removed(client, shirt):
    Variant.objects.filter(sku="S1-2").update(stock=50)
    add(client, shirt)
    for asked, kept in (("3", 3), ("99", MOST), ("-1", 1), ("many", 1), ("²", 1), ("9" * 500, 1)):
        client.post("/bag/", {"line": "S1-2", "quantity": asked})
        assert lines(client) == [("S1-2", kept)]
    client.post("/bag/", {"line": "S1-9", "quantity": "2"})
    client.post("/bag/", {"line": "S1-2", "quantity": "4", "remove": "1"})
    assertContains(client.get("/bag/"), "“Blue shirt 1” (M) has left your bag.")
    assert (lines(client), client.cookies[KEY].value) == ([], "")


def test_no_more_than_there_is_can_be_added(client, shirt):
    assert [add(client, shirt).status_code for _ in range(3)] == [302, 302, 400]
    assert lines(client) == [("S1-2", 2)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: Variant.objects.filter(sku="S1-2").update(stock=1), "There are only 1 left of"),
        (lambda: Variant.objects.filter(sku="S1-2").update(stock=0), "is sold out and has left your bag."),
        (lambda: Product.objects.update(published=False), "is no longer sold and has left your bag."),
        (lambda: Product.objects.all().delete(), "is no longer sold and has left your bag."),
    ],
)
def test_what_is_gone_leaves_the_bag_with_a_sentence(client, shirt, change, said):
    add(client, shirt)
    add(client, shirt)
    client.get("/bag/")
    change()
    page = client.get("/bag/")
    assertContains(page, said)
    assert page.context["bag_count"] == (1 if "only" in said else 0)
    assertNotContains(client.get("/bag/"), said)


def test_sums_are_of_one_currency_each(client, make_products):
    make_products([1])
    make_products([2], currency="EUR", price=20)
    make_products([3], price=None)
    for product in Product.objects.order_by("pk"):
        add(client, product, f"{product.sku}-2")
    page = client.get("/bag/")
    assert page.context["totals"] == [("INR", 1001), ("EUR", 20)]
    assertContains(page, "Without pieces whose price is on request.")


@pytest.mark.parametrize(
    "stored",
    [
        "bag",
        [],
        {"lines": "x", "said": 3, "added": None},
        {"lines": [1, [], ["S1-2"], ["S1-2", "x", ""], ["S1-2", -4, ""], [None, 1, ""], ["a\x00", 1, ""]]},
        {"lines": [["S1-2", True, "x"], [["S1-2"], 1, "x"], {"S1-2": 1}]},
    ],
)
def test_whatever_a_session_holds_the_page_is_shown(client, shirt, stored):
    session = client.session
    session[KEY] = stored
    session.save()
    assert client.get("/bag/").status_code == 200
    assert client.post("/bag/", {"line": "S1-2", "quantity": "2"}).status_code == 302


def test_a_bag_holds_so_many_lines(client, shirt):
    session = client.session
    session[KEY] = {"lines": [[f"X{number}", 1, ""] for number in range(LINES + 20)]}
    session.save()
    assertContains(add(client, shirt), "Your bag is full.", status_code=400)


def test_a_form_on_another_site_is_refused(client, shirt):
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ):
        assert client.post(shirt.get_absolute_url(), {"size": "S1-2"}, headers=headers).status_code == 403
        assert client.post("/bag/", {"line": "S1-2"}, headers=headers).status_code == 403
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}):
        assert client.post("/bag/", {"line": "S1-2"}, headers=headers).status_code == 302


def test_pages_are_the_same_for_those_who_have_a_bag_and_may_be_kept(client, shirt):
    address = shirt.get_absolute_url()
    first = client.get(address)
    add(client, shirt)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert "no-store" in client.get("/bag/")["Cache-Control"]


def test_looking_makes_no_session(client, shirt):
    client.get(shirt.get_absolute_url())
    client.get("/bag/")
    assert not SessionStore.get_model_class().objects.exists()
    assert "sessionid" not in client.cookies
