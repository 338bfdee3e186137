"""What pages answer while Postgres is away, and where the mistake is ours."""

import threading

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from shop.models import Category, Product
from tests.shop.pictures import jpeg

PAGES = ("/", "/search/?q=shirt", "/categories/shirts/", "/products/any/", "/admin/login/?next=/admin/")


def _away(*_arguments):
    raise OperationalError("server closed the connection unexpectedly")


def _broken(*_arguments):
    raise ZeroDivisionError


@pytest.fixture
def shopper() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("page", PAGES[:4])
def test_pages_ask_to_try_again_while_postgres_is_away(db, shopper, page):
    with connection.execute_wrapper(_away):
        answer = shopper.get(page)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "try again in a few seconds" in answer.content.decode()


def test_the_api_does_so_in_json(db, shopper):
    with connection.execute_wrapper(_away):
        answer = shopper.get("/api/v1/search/?q=shirt")

    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json()["error"]["code"] == "unavailable"


def test_a_mistake_of_ours_is_no_outage(db, shopper):
    with connection.execute_wrapper(_broken):
        answer = shopper.get("/")

    assert answer.status_code == 500
    assert "Retry-After" not in answer
    assert "A thread came loose" in answer.content.decode()


def test_a_page_that_needs_a_storage_which_does_not_answer_asks_to_try_again(
    admin_client, settings, monkeypatch
):
    """Such as the admin's, while a picture is uploaded."""
    settings.FASHION_SEARCH = {"STORAGE_SECONDS": 1}
    gate = threading.Event()
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *_: gate.wait(60))
    category = Category.objects.create(name="Shirts", slug="shirts")
    product = Product.objects.create(sku="A1", slug="a1", name="Shirt", category=category)
    form = {
        "sku": "A1", "name": "Shirt", "slug": "a1", "category": category.pk, "price": "1", "currency": "EUR", "attributes": "{}",
        "created_0": "2026-01-01", "created_1": "00:00:00",
        "images-TOTAL_FORMS": 1, "images-INITIAL_FORMS": 0, "images-0-position": 0, "images-0-product": product.pk,
        "images-0-image": SimpleUploadedFile("a.jpg", jpeg()),
        "variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0,
    }  # fmt: skip
    admin_client.raise_request_exception = False
    try:
        answer = admin_client.post(reverse("admin:shop_product_change", args=[product.pk]), form)
    finally:
        gate.set()
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")
    assert "Pictures cannot be stored or read at the moment" in answer.content.decode()
    assert product.images.count() == 0
