import pytest
from django.db import models, router
from django.test.utils import isolate_apps

from search.hosting.candidates import examine, find_candidates
from search.hosting.roles import find_ways, tokens
from shop.models import Product
from tests.search.hosting.shops import a_shop_in_two_languages, a_shop_like_oscar
from tests.search.products import make_product

pytestmark = pytest.mark.django_db


def paths(model) -> dict[str, str]:
    return {role: ways[0].path for role, ways in find_ways(model).items()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("num_in_stock", ["num", "in", "stock"]),
        ("ProductImage", ["product", "image"]),
        ("HTMLBody2", ["html", "body", "2"]),
        ("sku", ["sku"]),
    ],
)
def test_names_are_cut_into_words(name, words):
    assert tokens(name) == words


def test_the_products_of_this_shop_are_found():
    (chosen, *others) = find_candidates()
    assert chosen.model is Product
    assert chosen.fits
    assert not [one.label for one in others if one.fits]
    assert paths(Product) == {
        "name": "name", "pictures": "images__image", "price": "price", "category": "category__name", "sku": "sku",
        "brand": "brand__name", "colour": "colour", "gender": "gender", "size": "variants__size", "description": "description",
        "in_stock": "variants__stock", "created": "created", "currency": "currency",
    }  # fmt: skip
    assert dict(chosen.shown) == {"published=True": ""}
    assert "it has no rows" in chosen.doubts


def test_rows_speak_for_a_model():
    make_product("A1")
    found = examine(Product)
    assert found.rows == 1
    assert found.counted == "1 row"
    assert found.doubts == ()


def test_what_lies_in_other_tables_is_found_there():
    with a_shop_like_oscar() as shop:
        found = find_candidates(
            [shop.Product, shop.ProductImage, shop.StockRecord, shop.OrderLine, shop.Category]
        )
        assert [one.model for one in found if one.fits] == [shop.Product]
        assert found[0].rows is None
        assert paths(shop.Product) == {
            "name": "title", "pictures": "images__original", "price": "stockrecords__price", "category": "categories__name",
            "sku": "upc", "description": "description", "in_stock": "stockrecords__num_in_stock", "created": "date_created",
            "currency": "stockrecords__price_currency",
        }  # fmt: skip
        assert dict(found[0].shown) == {
            "is_public=True": "",
            "parent__isnull=True": "no variant of another one",
        }


def test_another_language_a_state_and_variants_are_found():
    with a_shop_in_two_languages() as shop:
        found = examine(shop.Article)
        assert found.fits
        assert paths(shop.Article) == {
            "name": "name", "pictures": "front", "price": "variant_set__price_cents", "category": "category__title",
            "size": "variant_set__size", "description": "description_en", "in_stock": "variant_set__stock",
        }  # fmt: skip
        assert list(found.shown) == ['status="live"', "deleted_at__isnull=True"]


def test_what_only_belongs_to_products_is_not_taken_for_them():
    with a_shop_like_oscar() as shop:
        for model in (shop.ProductImage, shop.StockRecord, shop.OrderLine, shop.Category):
            assert not examine(model).fits, model


@isolate_apps("shop.apps.ShopConfig")
def test_a_model_without_price_and_pictures_is_no_product():
    class Product(models.Model):
        name = models.CharField(max_length=10)

        class Meta:
            app_label = "shop"

    found = examine(Product)
    assert not found.fits
    assert {"nothing looks like a price", "nothing looks like pictures"} <= set(found.doubts)


@isolate_apps("shop.apps.ShopConfig")
def test_the_other_half_of_an_inherited_row_is_no_relation():
    class Page(models.Model):
        title = models.CharField(max_length=10)

        class Meta:
            app_label = "shop"

    class ProductPage(Page):
        price = models.DecimalField(max_digits=8, decimal_places=2)
        photo = models.ImageField()

        class Meta:
            app_label = "shop"

    assert paths(ProductPage) == {"name": "title", "price": "price", "pictures": "photo"}
    assert paths(Page) == {"name": "title"}
    assert examine(ProductPage).fits


def test_a_product_of_another_database_is_doubted(monkeypatch):
    class Elsewhere:
        def db_for_write(self, model, **hints):
            return "other" if model is Product else None

    monkeypatch.setattr(router, "routers", [*router.routers, Elsewhere()])
    monkeypatch.setattr("search.hosting.candidates.count_rows", lambda model: None)
    found = examine(Product)
    assert found.counted == "its table cannot be read"
    assert any("database 'other'" in doubt for doubt in found.doubts)
