"""The pages that crawlers are led to, and those that they are asked to leave alone."""

import re
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from shop import sitemaps
from shop.models import Category, Product

pytestmark = pytest.mark.django_db


def addresses(client, path):
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    return re.findall(r"<loc>http://testserver(.*?)</loc>", response.content.decode())


def test_every_page_of_a_category_and_a_product_is_in_a_part_once(client, make_products, monkeypatch):
    monkeypatch.setattr(sitemaps.Products, "limit", 3)
    products = make_products(range(1, 8))
    Category.objects.create(name="Nothing yet", slug="nothing-yet")
    Product.objects.filter(pk=products[4].pk).update(published=False)
    parts = addresses(client, "/sitemap.xml")
    assert parts == ["/sitemap-categories.xml", "/sitemap-products.xml", "/sitemap-products.xml?p=2"]
    found = [address for part in parts for address in addresses(client, part)]
    shown = [product.get_absolute_url() for product in products if product != products[4]]
    line = Category.objects.line(products[0].category.path)
    assert found == [*(category.get_absolute_url() for category in line), *shown]
    assert all(client.get(address).status_code == 200 for address in found[-2:])


def test_a_part_says_when_each_product_was_changed(client, make_products):
    (product,) = make_products([1])
    page = ElementTree.fromstring(client.get("/sitemap-products.xml").content)
    assert [one.text for one in page.findall(".//{*}lastmod")] == [product.updated.date().isoformat()]


def test_parts_take_few_statements(client, make_products, django_assert_num_queries):
    make_products(range(1, 8))
    with django_assert_num_queries(2):
        client.get("/sitemap-products.xml")
    with django_assert_num_queries(3):
        client.get("/sitemap-categories.xml")


@pytest.mark.parametrize(
    "path", ["/sitemap-products.xml?p=2", "/sitemap-brands.xml", "/sitemap-products.xml?p=x"]
)
def test_what_is_no_part_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_robots_are_led_to_the_sitemap_and_away_from_searches(client):
    read = RobotFileParser()
    read.parse(client.get("/robots.txt").content.decode().splitlines())
    assert read.site_maps() == ["http://testserver/sitemap.xml"]
    refused = ("/search/?q=red", "/search/photo/", "/admin/", "/api/v1/search/?q=red")
    assert not any(read.can_fetch("*", path) for path in refused)
    assert all(read.can_fetch("*", path) for path in ("/", "/products/red-shirt/", "/categories/apparel/"))
