"""Product files are read row by row, and refused where they lack columns that products have values of."""

import gzip
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from shop.importer import ImportOptions, import_catalogue
from shop.importer.product_files import LackingColumnsError, ProductFileError, open_rows
from shop.importer.profiles import RowError
from shop.models import Product, ProductImage, Variant
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg


def rows_of(path: Path):
    with open_rows(path) as (rows, _bytes_read):
        return [(line, str(row) if isinstance(row, RowError) else row) for line, row in rows]


def test_lines_are_where_rows_begin(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('id,name\n1,"a\nb"\n\n2,c\n', encoding="utf-8")
    assert rows_of(path) == [(2, {"id": "1", "name": "a\nb"}), (5, {"id": "2", "name": "c"})]


def test_gzip_is_known_by_its_bytes_and_a_mark_of_order_is_left_out(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes(gzip.compress("\ufeffid,name\n1,é\n".encode()))
    assert rows_of(path) == [(2, {"id": "1", "name": "é"})]


def test_a_gzip_cut_short_gives_its_good_rows_and_one_error(tmp_path):
    content = "id,name\n" + "".join(f"{n},{n * 7919 % 10007}\n" for n in range(5000))
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(content.encode())[:-400])
    rows = rows_of(path)
    assert rows[0] == (2, {"id": "0", "name": "0"})
    assert rows[-1][1].startswith("the file is damaged from here on: ")
    assert sum(isinstance(row, str) for _, row in rows) == 1


def test_a_row_with_too_few_columns_is_an_error_of_that_row(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,name\n1\n2,b\n", encoding="utf-8")
    assert rows_of(path) == [(2, "1 columns instead of 2"), (3, {"id": "2", "name": "b"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "the first line names no column `id`."), ("a,b\n", "the first line names no column `id`.")],
)
def test_a_file_without_the_column_id_is_refused(tmp_path, content, reason):
    path = tmp_path / "p.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProductFileError, match=reason):
        rows_of(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ProductFileError, match="No such file"):
        rows_of(tmp_path / "none.csv")


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


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        *(((column,), column) for column in ("brand", "gender", "colour", "season", "year", "usage", "price")),
        *(((column,), column) for column in ("currency", "article_type", "attributes")),
        (("style_note",), "style_note"),
        (("materials_care",), "materials_care"),
        (("description",), "description"),
        (("subcategory", "article_type"), "subcategory, article_type"),
        (("description", "style_note", "materials_care", "size_fit"), "description, style_note, materials_care, size_fit"),
        (("colour", "brand", "price"), "brand, colour, price"),
    ],
)  # fmt: skip
def test_a_column_that_is_missing(product, write, pictures, columns, named):
    before = tables()
    with pytest.raises(LackingColumnsError) as refused:
        import_catalogue(ImportOptions(products=write(without(*columns)), images=pictures))
    assert f"column{'s' if ',' in named else ''} {named}, of which 1 product that exists has values" in str(
        refused.value
    )
    assert tables() == before
    assert not stale_products().exists()


def test_the_command_says_so_in_a_sentence_and_fails(product, write, pictures, tmp_path):
    path = write({"id": "F1", "name": "Red shirt", "category": "Apparel", "color": "Red"})
    before = tables()
    with pytest.raises(CommandError) as refused:
        call_command(
            "import_catalogue",
            str(path),
            images=pictures,
            report=tmp_path / "r.csv",
            stdout=StringIO(),
            stderr=StringIO(),
        )
    assert refused.value.returncode == 1
    assert str(refused.value) == (
        f"{path} lacks the columns subcategory, article_type, brand, gender, colour, season, year, usage, price, currency,"
        " description, style_note, materials_care, size_fit, attributes, of which 1 product that exists has values (the"
        " first: SKU F1): importing it would empty them. Add what is lacking, with the present values, or leave these"
        " products out. Nothing was changed. Columns that are not known: color."
    )  # fmt: skip
    assert tables() == before


def test_one_product_that_exists_among_new_ones_is_enough(product, write, pictures):
    new = without("colour", id="F2", name="New")
    with pytest.raises(LackingColumnsError, match="SKU F1"):
        import_catalogue(ImportOptions(products=write(new, without("colour")), images=pictures))
    assert Product.objects.count() == 1


def test_new_products_may_lack_what_is_optional(product, write, pictures):
    path = write({"id": "F2", "name": "Jeans", "category": "Apparel"})
    assert import_catalogue(ImportOptions(products=path, images=pictures)).added == 1
    made = Product.objects.get(sku="F2")
    assert (made.brand, made.colour, made.price, made.currency) == (None, "", None, "INR")
    again = import_catalogue(ImportOptions(products=path, images=pictures))  # it has nothing to lose
    assert again.unchanged == 1


def test_a_blank_cell_is_a_statement(product, write, pictures):
    blank = dict.fromkeys(("brand", "colour", "gender", "price", "description", "style_note"), "")
    import_catalogue(ImportOptions(products=write(without(**blank)), images=pictures))
    product.refresh_from_db()
    assert (product.brand, product.colour, product.gender, product.price) == (None, "", "", None)
    assert product.description == "Materials and care: Cotton.\n\nSize and fit: Regular"


def test_a_blank_currency_is_none_and_the_products_own_stays(product, write, pictures):
    import_catalogue(ImportOptions(products=write(without(currency="", price="30")), images=pictures))
    product.refresh_from_db()
    assert (product.price, product.currency) == (Decimal("30.00"), "EUR")


def test_what_is_left_alone_anyway_may_be_lacking(product, write, pictures):
    created = product.created
    result = import_catalogue(ImportOptions(products=write(without("sizes")), images=pictures))
    assert (result.changed, result.unchanged) == (0, 1)
    product.refresh_from_db()
    assert (product.created, product.variants.count()) == (created, 2)


def test_several_pictures_are_not_replaced_by_one_that_nobody_named(product, write, pictures):
    ProductImage.objects.create(product=product, image="products/back.jpg", position=1)
    with pytest.raises(LackingColumnsError, match="column images, of which"):
        import_catalogue(ImportOptions(products=write(WHOLE), images=pictures))
    assert product.images.count() == 2


def test_styles_of_kaggle_cannot_say_what_a_product_has(product, tmp_path, pictures):
    path = tmp_path / "styles.csv"
    path.write_text(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"
        "F1,Men,Apparel,Topwear,Shirts,Red,Summer,2015,Casual,Red shirt\n"
    )
    with pytest.raises(
        LackingColumnsError, match="lacks the columns brand, price, currency, description, style_note"
    ):
        import_catalogue(ImportOptions(products=path, images=pictures, profile="kaggle-fashion"))
    product.refresh_from_db()
    assert product.brand is not None


def test_rows_that_are_not_wanted_refuse_nothing(product, write, pictures):
    other = {**without("colour"), "large_image": "0"}
    new = {**without("colour", id="F2"), "large_image": "1"}
    result = import_catalogue(ImportOptions(products=write(other, new), images=pictures, only_large=True))
    assert (result.added, result.not_wanted) == (1, 1)
