"""Attributes as they are entered, and as they may lie in the database."""

import json

import pytest
from django.forms.models import model_to_dict

from shop.admin import EXPECTED
from shop.models import Product

pytestmark = pytest.mark.django_db

REFUSED = {
    "NUL": '{"a": "\\u0000"}',
    "NUL in a name": '{"\\u0000": "a"}',
    "half a surrogate pair": '{"a": "\\ud800"}',
    "half of one in a name": '{"\\ud800": "a"}',
    "no number": '{"a": NaN}',
    "infinite": '{"a": 1e999}',
    "too many digits": '{"a": ' + "9" * 5_000 + "}",
    "brackets": "[" * 100_000,
    "braces": '{"a":' * 100_000,
    "a list": "[1]",
    "a word": '"a"',
    "a number": "1",
    "nested": '{"Pattern": {"a": 1}}',
    "a list inside": '{"a": ["b"]}',
    "null": '{"a": null}',
    "a switch": '{"a": true}',
    "no JSON": "a",
}
PAST_THE_FORM = ([1], "a", 1, {"Pattern": {"a": 1}, "Usage": ["b"], "Colour": None, "Pockets": 2})


def entered(admin_client, product, attributes):
    """The answer to the product's form."""
    sent = {
        **{name: value for name, value in model_to_dict(product).items() if value is not None},
        "created_0": "2026-01-01", "created_1": "00:00:00", "attributes": attributes,
        **{f"{inline}-{part}": "0" for inline in ("images", "variants") for part in ("TOTAL_FORMS", "INITIAL_FORMS")},
    }  # fmt: skip
    return admin_client.post(f"/admin/shop/product/{product.pk}/change/", sent)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_stored_or_read_is_refused_in_the_form(admin_client, make_products, kind):
    (product,) = make_products([1])
    response = entered(admin_client, product, REFUSED[kind])
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == {"attributes": [EXPECTED]}
    assert Product.objects.get().attributes == {"Pattern": "Striped"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", {}),
        ("{}", {}),
        (
            '{"Pattern": "Dots", "Pockets": 2, "Weight": 0.5}',
            {"Pattern": "Dots", "Pockets": 2, "Weight": 0.5},
        ),
    ],
)
def test_words_and_numbers_are_kept(admin_client, make_products, typed, kept):
    (product,) = make_products([1])
    assert entered(admin_client, product, typed).status_code == 302
    assert Product.objects.get().attributes == kept


@pytest.mark.parametrize("stored", PAST_THE_FORM, ids=json.dumps)
def test_pages_show_what_can_be_read_of_a_row_written_past_the_form(client, make_products, stored):
    (product,) = make_products([1])
    Product.objects.filter(pk=product.pk).update(attributes=stored)
    assert client.get(product.get_absolute_url()).status_code == 200


def test_only_words_and_numbers_are_read():
    read = [Product(attributes=stored).flat_attributes for stored in PAST_THE_FORM]
    assert read == [{}, {}, {}, {"Pockets": 2}]


def test_a_document_of_a_row_written_past_the_form(make_products):
    from shop.search_index import ShopProductIndex

    make_products([1], attributes=[1])
    document = ShopProductIndex().document(Product.objects.get())
    assert document.facets == {
        "category": ("Apparel", "Topwear", "Shirts"), "brand": ("Acme",), "colour": ("Blue",), "gender": ("Men",),
        "size": ("M",),
    }  # fmt: skip
    assert document.keywords == "Shirts, Blue, Men, Topwear, Apparel"
