"""What machines read of a product page."""

import json
import re
from decimal import Decimal

import pytest

from shop.models import Variant
from shop.views.product import as_script

pytestmark = pytest.mark.django_db


def page_of(client, product):
    return client.get(product.get_absolute_url()).content.decode()


def data_of(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])


def test_a_product_page_says_what_schema_org_has(client, make_products):
    (product,) = make_products(
        [1], name="Blue </script> shirt", price=Decimal(1299), description="Soft & light"
    )
    data = data_of(page_of(client, product))
    assert (data["@type"], data["name"], data["sku"]) == ("Product", "Blue </script> shirt", "S1")
    assert data["category"] == "Apparel > Topwear > Shirts"
    assert data["image"] == ["http://testserver/media/thumbs/stage2x/products/aa/S1.jpg.webp"]
    assert data["offers"]["price"] == "1299.00"
    assert data["offers"]["priceCurrency"] == "INR"
    assert data["offers"]["availability"] == "https://schema.org/InStock"
    Variant.objects.filter(product=product).update(stock=0)
    assert data_of(page_of(client, product))["offers"]["availability"] == "https://schema.org/OutOfStock"


def test_a_product_without_a_price_makes_no_offer(client, make_products):
    (product,) = make_products([1], price=None)
    assert "offers" not in data_of(page_of(client, product))


def test_messengers_find_name_picture_and_address(client, make_products):
    (product,) = make_products([1], name='Shirt "Nord"')
    page = page_of(client, product)
    assert '<meta property="og:title" content="Shirt &quot;Nord&quot;">' in page
    assert f'<meta property="og:url" content="http://testserver{product.get_absolute_url()}">' in page
    assert '<meta property="og:image" content="http://testserver/media/thumbs/stage2x/' in page


def test_tags_lead_to_more_of_the_kind(client, make_products):
    (product,) = make_products([1], colour="Navy Blue")
    page = page_of(client, product)
    assert '<a href="/search/?colour=Navy+Blue">Navy Blue</a>' in page
    assert '<a href="/search/?category=Shirts">Shirts</a>' in page


def test_nothing_in_a_text_ends_the_script():
    assert (
        as_script({"name": "<!-- </script> & co"})
        == '{"name": "\\u003C!-- \\u003C/script\\u003E \\u0026 co"}'
    )


def test_sizes_can_be_chosen_and_sold_out_ones_cannot(client, make_products):
    (product,) = make_products([1])
    page = page_of(client, product)
    assert '<input type="radio" name="size" value="S1-1" disabled>' in page
    assert '<input type="radio" name="size" value="S1-2">' in page
    assert "Add to bag" in page
    Variant.objects.filter(product=product).update(stock=0)
    assert "Add to bag" not in page_of(client, product)


def test_a_picture_leads_to_the_whole_of_it(client, make_products):
    (product,) = make_products([1])
    page = page_of(client, product)
    assert '<a href="/media/thumbs/full/products/aa/S1.jpg.webp"' in page
    assert "/media/thumbs/full/products/aa/S1.jpg.webp 1500w" in page
    assert client.get("/media/thumbs/full/products/aa/S1.jpg.webp").status_code == 200
