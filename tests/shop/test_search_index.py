"""What the search plugin knows about products."""

from decimal import Decimal

import pytest

from search.indexing.marks import mark_stale
from search.registry import get_index
from shop.models import Product
from shop.search_index import set_published
from tests.outbox import empty_outbox, stale_products

pytestmark = pytest.mark.django_db


def test_a_document_says_what_can_be_found(make_products):
    attributes = {
        "Pattern": "Striped",
        "Season": "Summer",
        "Usage": "Casual",
        "Year": "2012",
        "Prose": "x" * 61,
    }
    make_products([1], description="Soft.", attributes=attributes)
    index = get_index()
    document = index.document(index.get_queryset().get())
    assert (document.sku, document.name, document.brand, document.description) == (
        "S1", "Blue shirt 1", "Acme", "Soft.",
    )  # fmt: skip
    assert document.keywords == "Shirts, Blue, Men, Topwear, Apparel, Striped, Summer, Casual"
    assert document.facets == {
        "category": ("Apparel", "Topwear", "Shirts"), "brand": ("Acme",), "colour": ("Blue",), "gender": ("Men",),
        "size": ("M",), "pattern": ("Striped",), "usage": ("Casual",),
    }  # fmt: skip
    assert (document.price, document.in_stock) == (Decimal("1001.00"), True)
    assert [picture.name for picture in document.pictures] == ["products/aa/S1.jpg"]
    with document.pictures[0].open() as file:
        assert file.read(3) == b"\xff\xd8\xff"


def test_what_a_product_lacks_is_no_facet(tree):
    Product.objects.create(sku="bare", name="Bare", category=tree["Shoes"])
    index = get_index()
    document = index.document(index.get_queryset().get())
    assert document.facets == {"category": ("Footwear", "Shoes")}
    assert (document.brand, document.price, document.in_stock, document.pictures) == ("", None, False, ())


def test_a_card_shows_a_thumbnail(make_products):
    make_products([1])
    index = get_index()
    card = index.card(index.get_queryset().get())
    assert (card.image, card.url) == (
        "/media/thumbs/card/products/aa/S1.jpg.webp", "/products/blue-shirt-1-s1/",
    )  # fmt: skip
    assert (card.name, card.brand, card.price, card.currency) == (
        "Blue shirt 1",
        "Acme",
        Decimal(1001),
        "INR",
    )


def test_documents_of_many_products_cost_three_queries(make_products, django_assert_num_queries):
    make_products(range(1, 9))
    index = get_index()
    with django_assert_num_queries(3):
        assert len([index.document(product) for product in index.get_queryset()]) == 8


def stale():
    return set(stale_products().values_list("product_key", flat=True))


def test_what_a_document_is_made_of_marks_its_products(make_products, tree):
    shirt, shoe = make_products([1]) + make_products([2], category="Shoes")
    for changed, marked in (
        (shirt.images.get(), {str(shirt.pk)}),
        (shoe.variants.first(), {str(shoe.pk)}),
        (shirt.brand, {str(shirt.pk), str(shoe.pk)}),
        (tree["Footwear"], {str(shoe.pk)}),
    ):
        empty_outbox()
        changed.save()
        assert stale() == marked


def test_a_renamed_category_marks_the_products_below_it(make_products, tree):
    [shirt] = make_products([1])
    empty_outbox()
    tree["Apparel"].name, tree["Apparel"].slug = "Clothes", "clothes"
    tree["Apparel"].save()
    assert stale() == {str(shirt.pk)}


def test_publishing_many_marks_them(make_products):
    products = make_products([1, 2])
    empty_outbox()
    assert set_published([product.pk for product in products], published=False) == 2
    assert not Product.objects.published().exists()
    assert stale() == {str(product.pk) for product in products}


def test_marking_is_public():
    assert mark_stale([]) == 0
