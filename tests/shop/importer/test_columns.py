"""A column that a file lacks leaves the products' values alone; an empty cell empties them, unless it is told not to."""

from decimal import Decimal
from pathlib import Path

import pytest

from shop.importer import ImportOptions, import_catalogue
from shop.importer.profiles import CatalogueRow, read_columns
from shop.models import Category, Product, ProductImage, Variant
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

WHOLE = {
    "id": "F1", "name": "Red shirt", "category": "Apparel", "subcategory": "Topwear", "article_type": "Shirts",
    "brand": "Acme", "gender": "Men", "colour": "Red", "season": "Summer", "year": "2015", "usage": "Casual",
    "price": "24.99", "currency": "EUR", "description": "Soft.", "style_note": "With jeans.", "materials_care": "Cotton.",
    "size_fit": "Regular", "attributes": '{"Pattern": "Plain"}', "sizes": "S:4|M:0",
}  # fmt: skip


@pytest.fixture
def write(tmp_path: Path):
    """Write rows with just the columns of the first."""

    def write(*rows: dict[str, str]) -> Path:
        path = tmp_path / "some.csv"
        lines = [",".join(rows[0]), *(",".join(_cell(row[name]) for name in rows[0]) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def pictures(write_zip) -> Path:
    return write_zip({f"F{number}.jpg": jpeg() for number in range(1, 4)})


@pytest.fixture
def product(write, pictures) -> Product:
    import_catalogue(ImportOptions(products=write(WHOLE), images=pictures))
    empty_outbox()
    return Product.objects.get()


def tables() -> list[list[dict]]:
    return [list(model.objects.order_by("pk").values()) for model in (Product, Variant, ProductImage)]


def without(*columns: str, **changed: str) -> dict[str, str]:
    return {name: value for name, value in {**WHOLE, **changed}.items() if name not in columns}


@pytest.mark.parametrize("column", [column for column in WHOLE if column != "id"])
def test_a_column_that_is_missing_changes_nothing(product, write, pictures, column):
    before = tables()
    result = import_catalogue(ImportOptions(products=write(without(column)), images=pictures))
    assert (result.unchanged, result.bad) == (1, [])
    assert tables() == before
    assert not stale_products().exists()


def test_a_column_that_is_there_alone_changes_its_field_alone(product, write):
    for column in WHOLE.keys() - {"id"}:
        assert (
            import_catalogue(ImportOptions(products=write({"id": "F1", column: WHOLE[column]}))).unchanged
            == 1
        ), column
    before = Product.objects.values().get()
    result = import_catalogue(ImportOptions(products=write({"id": "F1", "price": "30"})))
    after = Product.objects.values().get()
    assert result.changed == 1
    assert {name for name in after if after[name] != before[name]} == {"price", "updated"}
    assert (after["price"], after["currency"]) == (Decimal("30.00"), "EUR")
    assert (product.images.count(), product.variants.count()) == (1, 2)


@pytest.mark.parametrize(
    ("changed", "description"),
    [
        ({"description": "Stiff."}, "Stiff.\n\nWith jeans.\n\nMaterials and care: Cotton.\n\nSize and fit: Regular"),
        ({"style_note": ""}, "Soft.\n\nMaterials and care: Cotton.\n\nSize and fit: Regular"),
        ({"materials_care": "Wool.\n\nWash."},
         "Soft.\n\nWith jeans.\n\nMaterials and care: Wool.\n\nWash.\n\nSize and fit: Regular"),
        ({"size_fit": "", "description": ""}, "With jeans.\n\nMaterials and care: Cotton."),
    ],
)  # fmt: skip
def test_a_paragraph_is_changed_without_the_others(product, write, changed, description):
    import_catalogue(ImportOptions(products=write({"id": "F1", **changed})))
    product.refresh_from_db()
    assert product.description == description


def test_a_paragraph_that_cannot_be_told_from_another_is_not_guessed(product, write):
    Product.objects.update(description="One.\n\nTwo.\n\nThree.")
    result = import_catalogue(ImportOptions(products=write({"id": "F1", "description": "New."})))
    assert [row.reason for row in result.bad] == [
        "description: the product has 3 paragraphs, and which of them are its style_note cannot be told; add the column"
        " style_note, with its text or empty"
    ]
    written = write({"id": "F1", "description": "New.", "style_note": ""})
    assert import_catalogue(ImportOptions(products=written)).changed == 1
    assert Product.objects.get().description == "New."


@pytest.mark.parametrize(
    ("own", "stated", "path"),
    [
        (("Apparel", "Topwear", "Shirts"), {"category": "Apparel", "subcategory": "Topwear"}, ("Apparel", "Topwear", "Shirts")),
        (("Apparel", "Topwear", "Shirts"), {"category": "apparel"}, ("apparel", "Topwear", "Shirts")),
        (("Apparel", "Topwear", "Shirts"), {"category": "Footwear"}, ("Footwear",)),
        (("Apparel", "Topwear", "Shirts"), {"category": "Apparel", "subcategory": "Bottomwear"}, ("Apparel", "Bottomwear")),
        (("Apparel", "Topwear", "Shirts"), {"article_type": "Tshirts"}, ("Apparel", "Topwear", "Tshirts")),
        (("Apparel", "Topwear", "Shirts"), {"subcategory": ""}, ("Apparel", "Shirts")),
        (("Apparel", "Topwear", "Shirts"), {"category": "Apparel", "subcategory": "Topwear", "article_type": ""},
         ("Apparel", "Topwear")),
        (("Free Items", "Vouchers"), {"category": "Free Items", "subcategory": "Free Items"}, ("Free Items", "Vouchers")),
        (("Apparel",), {"article_type": "Shirts"}, ("Apparel", "Shirts")),
    ],
)  # fmt: skip
def test_levels_of_the_category_that_are_not_stated(own, stated, path):
    product = CatalogueRow(sku="1", name="Shirt", category=own)
    assert read_columns({"id": "1", **stated}, product).category == path


def test_a_category_that_was_renamed_stays_the_same(product, write):
    Category.objects.filter(depth=2).update(name="Oxford shirts", trail="Apparel > Topwear > Oxford shirts")
    import_catalogue(ImportOptions(products=write({"id": "F1", "price": "1"})))
    assert Category.objects.count() == 3


def test_attributes_are_kept_apart_from_season_year_and_usage(product, write):
    import_catalogue(ImportOptions(products=write({"id": "F1", "season": "", "usage": "Formal"})))
    product.refresh_from_db()
    assert product.attributes == {"Pattern": "Plain", "Year": "2015", "Usage": "Formal"}
    import_catalogue(ImportOptions(products=write({"id": "F1", "attributes": '{"Fit": "Slim"}'})))
    product.refresh_from_db()
    assert product.attributes == {"Fit": "Slim", "Year": "2015", "Usage": "Formal"}


def test_rows_of_an_unknown_sku_name_the_columns_that_a_new_product_needs(product, write):
    path = write({"id": "F1", "price": "1"}, {"id": "F9", "price": "2"})
    result = import_catalogue(ImportOptions(products=path))
    assert (result.changed, [(row.sku, row.reason) for row in result.bad]) == (
        1, [("F9", "no product has the SKU F9, and a new one needs name and category")],
    )  # fmt: skip
    assert Product.objects.count() == 1


def test_new_products_may_lack_what_is_optional(product, write, pictures):
    path = write({"id": "F2", "name": "Jeans", "category": "Apparel"})
    assert import_catalogue(ImportOptions(products=path, images=pictures)).added == 1
    made = Product.objects.get(sku="F2")
    assert (made.brand, made.colour, made.price, made.currency) == (None, "", None, "INR")
    assert import_catalogue(ImportOptions(products=path, images=pictures)).unchanged == 1


def test_a_blank_cell_is_a_statement(product, write, pictures):
    blank = dict.fromkeys(("brand", "colour", "gender", "price", "description", "style_note"), "")
    import_catalogue(ImportOptions(products=write(without(**blank)), images=pictures))
    product.refresh_from_db()
    assert (product.brand, product.colour, product.gender, product.price) == (None, "", "", None)
    assert product.description == "Materials and care: Cotton.\n\nSize and fit: Regular"


def test_blank_cells_can_be_kept_from_emptying(product, write, pictures):
    before = tables()
    blank = {**dict.fromkeys(WHOLE, ""), "id": "F1"}
    result = import_catalogue(ImportOptions(products=write(blank), images=pictures, keep_empty=True))
    assert (result.unchanged, result.bad) == (1, [])
    assert tables() == before


def test_a_blank_currency_is_none_and_the_products_own_stays(product, write, pictures):
    import_catalogue(ImportOptions(products=write(without(currency="", price="30")), images=pictures))
    product.refresh_from_db()
    assert (product.price, product.currency) == (Decimal("30.00"), "EUR")


def test_several_pictures_are_not_replaced_by_one_that_nobody_named(product, write, pictures):
    ProductImage.objects.create(product=product, image="products/back.jpg", position=1)
    import_catalogue(ImportOptions(products=write(WHOLE), images=pictures))
    assert product.images.count() == 2


def test_styles_of_kaggle_leave_alone_what_they_cannot_say(product, tmp_path, pictures):
    path = tmp_path / "styles.csv"
    path.write_text(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"
        "F1,Men,Apparel,Topwear,Shirts,Red,Summer,2015,Casual,Red shirt\n"
    )
    before = tables()
    result = import_catalogue(ImportOptions(products=path, images=pictures, profile="kaggle-fashion"))
    assert (result.unchanged, result.bad) == (1, [])
    assert tables() == before


def test_what_changed_meanwhile_is_not_taken_back(product, write, monkeypatch):
    from shop.importer import run

    def changed_first(chunk, **options):
        Product.objects.update(price=Decimal(7))  # by somebody else, after the row was read
        return store_chunk(chunk, **options)

    store_chunk = run.store_chunk
    monkeypatch.setattr(run, "store_chunk", changed_first)
    import_catalogue(ImportOptions(products=write({"id": "F1", "colour": "Blue"})))
    product.refresh_from_db()
    assert (product.colour, product.price) == ("Blue", Decimal(7))
