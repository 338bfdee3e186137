"""Product feeds as Google Merchant Center defines them, as tables: a row per size, a product per colour."""

from decimal import Decimal

import pytest

from shop.importer import ImportOptions, import_catalogue
from shop.importer.cells import RowError
from shop.importer.google import money, read_google
from shop.models import Product
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

SHIRT = {
    "id": "S-RED-M", "title": "Acme Shirt", "description": "Soft &amp; warm.", "link": "https://shop.example/s",
    "image_link": "https://cdn.example/pics/front%201.jpg?v=3", "additional_image_link": "https://cdn.example/back.jpg",
    "price": "24.99 EUR", "sale_price": "", "availability": "in_stock", "brand": "Acme", "gender": "female", "age_group": "adult",
    "color": "Red", "size": "M", "item_group_id": "S", "product_type": "Apparel > Topwear > Shirts > Oxford",
    "material": "Cotton",
}  # fmt: skip


@pytest.fixture
def feed(tmp_path, write_zip):
    """Import rows of a feed, with two pictures."""
    images = write_zip({"front 1.jpg": jpeg("red"), "back.jpg": jpeg("blue")})

    def feed(*rows: dict[str, str], separator: str = "\t", **options):
        path = tmp_path / "feed.tsv"
        lines = [separator.join(rows[0]), *(separator.join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        return import_catalogue(ImportOptions(products=path, images=images, profile="google", **options))

    return feed


def test_rows_of_one_group_and_colour_are_one_product_with_sizes(feed):
    small = {**SHIRT, "id": "S-RED-S", "size": "S", "availability": "out of stock"}
    result = feed(SHIRT, {**SHIRT, "id": "S-BLUE-M", "color": "Blue"}, small)
    assert (result.added, result.bad, result.unused) == (2, [], ("link",))
    red = Product.objects.get(sku="S-Red")
    assert (red.name, red.description, red.brand.name, red.gender, red.colour) == (
        "Acme Shirt", "Soft & warm.", "Acme", "Women", "Red",
    )  # fmt: skip
    assert (red.price, red.currency, red.attributes) == (Decimal("24.99"), "EUR", {"Material": "Cotton"})
    assert red.category.names == ("Apparel", "Topwear", "Shirts", "Oxford")
    assert [(size.size, size.stock > 0) for size in red.variants.all()] == [("M", True), ("S", False)]
    assert red.images.count() == 2
    assert Product.objects.get(sku="S-Blue").variants.count() == 1


def test_a_second_run_changes_nothing_and_keeps_the_stock_of_what_is_in_stock(feed):
    feed(SHIRT)
    size = Product.objects.get().variants.get()
    size.stock = 77
    size.save()
    assert feed(SHIRT).unchanged == 1
    assert feed({**SHIRT, "availability": "out_of_stock"}).changed == 1
    assert feed({**SHIRT, "availability": "in_stock"}).changed == 1
    assert Product.objects.get().variants.get().stock == 1


def test_a_row_without_a_group_is_a_product_of_its_own(feed):
    row = {**SHIRT, "item_group_id": "", "size": ""}
    feed(row)
    product = Product.objects.get(sku="S-RED-M")
    assert [size.size for size in product.variants.all()] == ["One size"]


def test_a_feed_of_prices_changes_prices(feed):
    feed(SHIRT)
    names = ("id", "item_group_id", "color", "price", "sale_price")
    result = feed({**{name: SHIRT[name] for name in names}, "sale_price": "19.99 EUR"})
    assert (result.fields, result.bad) == ({"price": 1}, [])
    product = Product.objects.get()
    assert (product.price, product.variants.count(), product.attributes) == (
        Decimal("19.99"),
        1,
        {"Material": "Cotton"},
    )
    result = feed({"id": "new", "price": "1 EUR"})
    assert [row.reason for row in result.bad] == [
        "no product has the SKU new, and a new one needs title and product_type"
    ]


def test_names_of_columns_with_spaces_and_prefix(feed):
    row = {f"g:{name}".replace("_", " ").title(): value for name, value in SHIRT.items()}
    assert feed(row, separator=",").added == 1


def test_rows_that_contradict_each_other_are_bad(feed):
    result = feed(
        SHIRT,
        {**SHIRT, "id": "S-RED-M"},
        {**SHIRT, "id": "other", "size": "M"},
        {**SHIRT, "id": "dear", "size": "L", "price": "29.99 EUR"},
        {**SHIRT, "id": "1", "size": "XL", "item_group_id": "1.23E+12"},
    )
    assert [(row.line, row.reason[:76]) for row in result.bad] == [
        (3, "id S-RED-M is already on line 2"),
        (4, "size 'M' of SKU S-Red is already on line 2"),
        (5, "price differs from line 2, which is the same product in another size; the sh"),
        (6, "id '1.23E+12' is a long number that a spreadsheet has shortened, and its dig"),
    ]
    assert result.added == 1


def test_a_product_that_is_refused_names_all_its_lines(feed):
    bad = {**SHIRT, "image_link": "none.jpg"}
    result = feed(bad, {**bad, "id": "S-RED-S", "size": "S"}, {**bad, "id": "S-RED-L", "size": "L"})
    assert [(row.line, row.sku) for row in result.bad] == [(2, "S-Red")]
    assert result.bad[0].reason.endswith("; lines 3, 4, which are the same product, are left out, too")


@pytest.mark.parametrize(
    ("gender", "age", "shown"),
    [("male", "adult", "Men"), ("female", "kids", "Girls"), ("male", "toddler", "Boys"), ("unisex", "infant", "Kids"),
     ("Unisex", "", "Unisex"), ("", "kids", "")],
)  # fmt: skip
def test_gender_and_age(gender, age, shown):
    assert read_google({**SHIRT, "gender": gender, "age_group": age}).gender == shown


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"price": "24.99"},
            "price '24.99': write the number and behind it the code of three letters, such as 24.99 EUR",
        ),
        ({"price": "24,99 EUR"}, "price '24,99' needs the option"),
        ({"sale_price": "5 USD"}, "sale_price is in USD, price in EUR"),
        (
            {"availability": "soon"},
            "availability 'soon' is not one of in_stock, out_of_stock, preorder, backorder",
        ),
        ({"gender": "men"}, "gender 'men' is not one of male, female, unisex"),
        ({"age_group": "old"}, "age_group 'old' is not one of newborn, infant, toddler, kids, adult"),
        (
            {"product_type": "", "google_product_category": "99"},
            "google_product_category 99 is a number that google_categories.toml does not have",
        ),
        ({"product_type": "212"}, "product_type 212 is a number"),
        ({"product_detail": "soft"}, "product_detail 'soft' is not section:name:value"),
        ({"product_type": ""}, "product_type is empty"),
        (
            {"sale_price": "5 EUR", "sale_price_effective_date": "May"},
            "sale_price_effective_date 'May' is not",
        ),
        ({"title": ""}, "title is empty"),
    ],
)
def test_values_that_cannot_be_used(feed, changed, reason):
    result = feed({**SHIRT, **changed})
    assert [row.reason[: len(reason)] for row in result.bad] == [reason]


@pytest.mark.parametrize(
    "stated",
    [
        "212",
        "Apparel & Accessories > Clothing > Shirts & Tops",
        "Apparel &amp; Accessories &gt; Clothing &gt; Shirts &amp; Tops",
        "212 - Apparel & Accessories > Clothing > Shirts & Tops",
    ],
)
def test_googles_category_by_its_number_or_as_a_path(feed, stated):
    assert feed({**SHIRT, "product_type": "", "google_product_category": stated}).bad == []
    assert Product.objects.get().category.names == ("Apparel & Accessories", "Clothing", "Shirts & Tops")


def test_product_details_are_attributes(feed):
    stated = "General:Fit:Slim,Care:Wash at:30, inside out,Neck:Crew"
    assert feed({**SHIRT, "product_detail": stated}).bad == []
    assert Product.objects.get().attributes == {
        "Material": "Cotton", "Fit": "Slim", "Wash at": "30, inside out", "Neck": "Crew",
    }  # fmt: skip


def test_a_sale_price_counts_on_its_days():
    sale = {"price": "20 EUR", "sale_price": "15 EUR"}
    assert money(sale) == (Decimal(15), "EUR")
    assert money({**sale, "sale_price_effective_date": "2020-01-01T00:00+0100/2020-02-01T00:00+0100"}) == (
        Decimal(20),
        "EUR",
    )
    assert money({**sale, "sale_price_effective_date": "2020-01-01T00:00Z/2999-02-01T00:00Z"}) == (
        Decimal(15),
        "EUR",
    )
    assert money({"price": "", "sale_price": ""}) == (None, "")
    with pytest.raises(RowError):
        money({"sale_price": "15"})


def test_a_first_row_that_is_bad_takes_no_other_away(feed):
    result = feed({**SHIRT, "size": "M" * 41}, {**SHIRT, "id": "S-RED-S", "size": "S"})
    assert ([row.line for row in result.bad], result.added) == ([2], 1)


def test_empty_cells_of_a_feed_empty_unless_they_are_kept(feed):
    feed(SHIRT)
    empty = {
        **dict.fromkeys(SHIRT, ""),
        "id": "x",
        "item_group_id": "S",
        "color": "Red",
        "title": "Acme Shirt",
    }
    assert feed(empty, keep_empty=True).unchanged == 1
    result = feed({**empty, "product_type": "Apparel", "availability": "in_stock"})
    assert result.bad == []
    product = Product.objects.get()
    assert (product.price, product.brand, product.attributes, product.images.count()) == (None, None, {}, 2)


def test_stock_without_a_size_is_of_products_without_sizes_only(feed):
    feed(SHIRT, {**SHIRT, "id": "B", "item_group_id": "", "size": ""})
    result = feed(
        {"id": "x", "item_group_id": "S", "color": "Red", "availability": "out_of_stock"},
        {"id": "B", "item_group_id": "", "color": "Red", "availability": "out_of_stock"},
    )
    assert [row.reason for row in result.bad] == [
        "availability: the product has the sizes M, and the file lacks the column size; add it"
    ]
    assert result.fields == {"sizes": 1}
