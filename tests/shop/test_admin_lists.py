"""Lists of many rows count and page through the first of them, and say so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertContains, assertNotContains

from search.admin import base
from shop.models import Product

pytestmark = pytest.mark.django_db

LIST = "/admin/shop/product/"


@pytest.fixture
def five(make_products, monkeypatch):
    """Five products where four are the most that is counted."""
    monkeypatch.setattr(base, "MOST", 4)
    return make_products([1, 2, 3, 4, 5])


def test_more_than_are_counted_is_said_and_no_dates_are_read(admin_client, five, monkeypatch):
    monkeypatch.setattr("shop.admin.ProductAdmin.date_hierarchy", "created")
    response = admin_client.get(LIST)
    assertContains(response, "more than 4 products")
    assert response.context["cl"].date_hierarchy is None
    monkeypatch.setattr(base, "MOST", 5)
    response = admin_client.get(LIST)
    assertContains(response, "5 products")
    assertNotContains(response, "more than")
    assert response.context["cl"].date_hierarchy == "created"


def test_a_narrowed_list_is_counted_to_its_end(admin_client, five):
    response = admin_client.get(LIST, {"q": "shirt 2"})
    assert (response.context["cl"].result_count, str(response.context["cl"].result_count)) == (1, "1")


def test_pages_end_where_counting_ends(admin_client, five, monkeypatch):
    monkeypatch.setattr("shop.admin.ProductAdmin.list_per_page", 2)
    seen = []
    for page in (1, 2):
        response = admin_client.get(LIST, {"p": page})
        seen += [product.sku for product in response.context["cl"].result_list]
    assert seen == ["S5", "S4", "S3", "S2"]
    assert (
        admin_client.get(LIST, {"p": 3}).status_code == 302
    )  # to the first, as for any page that is not there


def test_nothing_is_counted_without_an_end(admin_client, five):
    with CaptureQueriesContext(connection) as asked:
        admin_client.get(LIST)
    counting = [
        query["sql"]
        for query in asked
        if "COUNT(*)" in query["sql"] and 'FROM "shop_product"' in query["sql"]
    ]
    assert counting
    assert all("LIMIT 5" in statement for statement in counting)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("shi", 5), ("SHIRT acm", 5), ("s3", 1), ("3", 1), ("hirt", 0), ("o'neil", 0), ("a:* | b", 0), ("\\", 0), ("-", 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("few", [0, 100])
def test_words_are_looked_for_by_their_beginnings(
    admin_client, make_products, monkeypatch, words, found, few
):
    monkeypatch.setattr("shop.admin.FEW", few)
    make_products([1, 2, 3, 4, 5])
    assert admin_client.get(LIST, {"q": words}).context["cl"].result_count == found


def test_filters_offer_the_values_that_products_have(admin_client, make_products):
    one, two, *_ = make_products([1, 2, 3])
    for product, colour in ((one, "Zinc"), (two, "Amber")):
        product.colour = colour
        product.save()
    assert list(Product.objects.values_of("colour")) == sorted(
        set(Product.objects.values_list("colour", flat=True))
    )
    response = admin_client.get(LIST, {"colour": "Zinc"})
    assert [product.sku for product in response.context["cl"].result_list] == ["S1"]
    assertContains(response, "?colour=Amber")


def test_no_values_of_no_products(db):
    assert Product.objects.values_of("gender") == []


def test_state_and_stock_stand_before_what_is_wide(admin_client, five):
    columns = admin_client.get(LIST).context["cl"].list_display
    assert columns[:6] == ["action_checkbox", "thumbnail", "name", "published", "stock", "index_state"]
    assert columns.count("index_state") == 1


@pytest.mark.parametrize(
    ("typed", "skus"),
    [
        ("Shirts", ["S1"]),
        ("apparel > topwear", ["S2", "S1"]),  # with all that is below
        ("top", ["S2", "S1"]),
        ("Footwear > Shoes", ["S3"]),
        ("", ["S3", "S2", "S1"]),
        ("Hats", []),
        ("a%_'", []),
    ],
)
def test_a_category_is_typed(admin_client, make_products, typed, skus):
    make_products([1], category="Shirts")
    make_products([2], category="Tshirts")
    make_products([3], category="Shoes")
    response = admin_client.get(LIST, {"category": typed, "published__exact": "1"})
    assert [product.sku for product in response.context["cl"].result_list] == skus
    assertContains(response, '<option value="Apparel &gt; Topwear &gt; Shirts">')
    assertContains(response, '<input type="hidden" name="published__exact" value="1">')
