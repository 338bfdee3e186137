"""Admin of the catalogue."""

import io

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django.asserts import assertContains

from shop.models import Product
from tests.abuse import bad_heif
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

PAGES = [f"/admin/shop/{model}/{page}" for model in ("product", "category", "brand") for page in ("", "add/")]


@pytest.mark.parametrize("address", PAGES)
def test_pages_by_who_asks(client, admin_client, tree, address):
    assert client.get(address).status_code == 302
    client.force_login(get_user_model().objects.create_user("staff", is_staff=True))
    assert client.get(address).status_code == 403
    assert admin_client.get(address).status_code == 200


def test_the_list_of_products_shows_picture_price_stock_and_index_state(admin_client, make_products):
    make_products([1])
    response = admin_client.get("/admin/shop/product/")
    assertContains(response, "/media/thumbs/mini/products/aa/S1.jpg.webp")
    assertContains(response, "₹1,001")
    assertContains(response, '<td class="field-stock">2</td>', html=True)
    assertContains(response, 'value="reindex_selected"')
    assertContains(response, "field-index_state")


def test_the_list_costs_the_same_for_many_products(
    admin_client, make_products, django_assert_max_num_queries
):
    make_products([1])
    with django_assert_max_num_queries(30) as one:
        admin_client.get("/admin/shop/product/")
    make_products(range(2, 30))
    with django_assert_max_num_queries(30) as many:
        admin_client.get("/admin/shop/product/")
    assert len(many) == len(one)


@pytest.mark.parametrize(("value", "skus"), [("in", ["S2"]), ("out", ["S1"])])
def test_products_by_stock(admin_client, make_products, value, skus):
    sold_out, _other = make_products([1, 2])
    sold_out.variants.update(stock=0)
    response = admin_client.get(f"/admin/shop/product/?stock={value}")
    assert [product.sku for product in response.context["cl"].result_list] == skus


@pytest.mark.parametrize(("words", "skus"), [("acme", ["S2", "S1"]), ("S1", ["S1"]), ("shirt 2", ["S2"])])
def test_products_by_words(admin_client, make_products, words, skus):
    make_products([1, 2])
    response = admin_client.get("/admin/shop/product/", {"q": words})
    assert [product.sku for product in response.context["cl"].result_list] == skus


def test_withdrawing_and_publishing(admin_client, make_products):
    products = make_products([1, 2])
    empty_outbox()
    for action, shown, sentence in (
        ("withdraw", 0, "2 products withdrawn."),
        ("publish", 2, "2 products published."),
    ):
        data = {"action": action, "_selected_action": [product.pk for product in products]}
        assertContains(admin_client.post("/admin/shop/product/", data, follow=True), sentence)
        assert Product.objects.published().count() == shown
    assert stale_products().count() == 2


def test_the_actions_need_the_permission_to_change(client, make_products):
    [product] = make_products([1])
    user = get_user_model().objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(user)
    client.post("/admin/shop/product/", {"action": "withdraw", "_selected_action": [product.pk]})
    assert Product.objects.published().count() == 1


def change(admin_client, product, **files):
    [image], variants = product.images.all(), product.variants.all()
    data = {
        "name": "Renamed", "sku": product.sku, "slug": product.slug, "brand": product.brand_id,
        "category": product.category_id, "description": "", "price": "5", "currency": "INR", "gender": "",
        "colour": "", "attributes": "{}", "published": "on", "created_0": "2026-01-01", "created_1": "10:00",
        "images-TOTAL_FORMS": 2, "images-INITIAL_FORMS": 1, "images-0-id": image.pk,
        "images-0-product": product.pk, "images-0-position": 0, "images-0-alt_text": "",
        "images-1-product": product.pk, "images-1-position": 1, "images-1-alt_text": "Back",
        "variants-TOTAL_FORMS": 2, "variants-INITIAL_FORMS": 2,
        **files,
    }  # fmt: skip
    for number, variant in enumerate(variants):
        for name in ("id", "product_id", "position", "size", "sku", "stock"):
            data[f"variants-{number}-{name.removesuffix('_id')}"] = getattr(variant, name)
    return admin_client.post(f"/admin/shop/product/{product.pk}/change/", data)


def test_a_product_is_changed_with_a_new_picture(admin_client, make_products):
    [product] = make_products([1])
    upload = SimpleUploadedFile("Back side.JPG", jpeg("blue"))
    response = change(admin_client, product, **{"images-1-image": upload})
    assert response.status_code == 302, response.context["errors"]
    product.refresh_from_db()
    assert product.name == "Renamed"
    assert [image.alt_text for image in product.images.all()] == ["", "Back"]
    name = product.images.last().image.name
    assert name.startswith("products/uploads/")
    assert name.endswith(".jpg")


@pytest.mark.parametrize("called", ["IMG_1.HEIC", "IMG_1.jpg"])
def test_a_picture_in_heic_is_stored_as_a_jpeg(admin_client, make_products, called):
    [product] = make_products([1])
    upload = SimpleUploadedFile(called, bad_heif.heic(), "image/heic")
    response = change(admin_client, product, **{"images-1-image": upload})
    assert response.status_code == 302, response.context["errors"]
    image = product.images.last().image
    assert image.name.endswith(".jpg")
    with image.storage.open(image.name) as file:
        assert Image.open(file).format == "JPEG"


def test_a_picture_that_is_damaged_or_too_large_is_refused_with_a_sentence(admin_client, make_products):
    [product] = make_products([1])
    bomb = io.BytesIO()
    Image.new("1", (6000, 6000)).save(bomb, "PNG")
    refused = {
        "The picture has 6000 x 6000 pixels; the limit is 25 megapixels.": bomb.getvalue(),
        "The picture is damaged: ": jpeg("red", (300, 300))[:900],
    }
    for sentence, content in refused.items():
        response = change(admin_client, product, **{"images-1-image": SimpleUploadedFile("a.png", content)})
        assertContains(response, sentence)
    assert product.images.count() == 1


def test_the_tree_is_shown_set_in_by_depth(admin_client, tree):
    assertContains(admin_client.get("/admin/shop/category/"), "\u2003\u2003Shirts")
