import pytest
from django.db import transaction

from search.registry import get_index
from search.signals import _keys_of
from shop.models import Product
from tests.outbox import empty_outbox, stale_products
from tests.search.products import add_picture, colour_picture, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(index_settings, published) -> Product:
    product = make_product("A1")
    empty_outbox()
    published.clear()
    return product


def stale_keys() -> list[str]:
    return list(stale_products().order_by("product_key").values_list("product_key", flat=True))


def test_saving_a_product_marks_it(product):
    product.save()
    (row,) = stale_products()
    assert (row.product_key, row.backfill, row.reread, row.attempts) == (str(product.pk), False, True, 0)


def test_deleting_a_product_marks_it(product):
    key = str(product.pk)
    product.delete()
    assert stale_keys() == [key]


def test_saving_or_deleting_a_picture_marks_its_product(product):
    picture = add_picture(product, colour_picture("blue"), position=1)
    assert stale_keys() == [str(product.pk)]
    empty_outbox()
    picture.delete()
    assert stale_keys() == [str(product.pk)]


def test_renaming_a_brand_marks_its_products(product):
    product.brand.name = "Other"
    product.brand.save()
    assert stale_keys() == [str(product.pk)]


@pytest.fixture
def variants(monkeypatch):
    """Products that belong to another one, whose key is their description."""
    keys = {"shop.Product": lambda product: filter(None, [product.description])}
    monkeypatch.setattr(type(get_index()), "related", keys)
    _keys_of.cache_clear()
    yield
    _keys_of.cache_clear()


def test_a_variant_in_the_same_table_marks_its_product_too(product, variants):
    variant = make_product("A2", description=str(product.pk))
    empty_outbox()
    variant.save()
    assert stale_keys() == sorted([str(product.pk), str(variant.pk)])
    empty_outbox()
    product.save()
    assert stale_keys() == [str(product.pk)]


def test_a_change_that_is_rolled_back_leaves_no_mark(product):
    def fail() -> None:
        with transaction.atomic():
            product.save()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert stale_keys() == []


def test_a_saved_product_starts_afresh(product):
    product.save()
    stale_products().update(attempts=3, parked=True, last_error="bad", text_written=True)
    product.save()
    (row,) = stale_products()
    assert (row.attempts, row.parked, row.last_error, row.text_written) == (0, False, "", False)


@pytest.mark.django_db(transaction=True)
def test_one_hint_per_transaction(product, published):
    with transaction.atomic():
        product.save()
        product.save()
        assert published == []
    assert published == [("index_stale",)]
    with transaction.atomic():
        product.save()
    assert published == [("index_stale",)] * 2
