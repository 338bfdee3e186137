"""What spreadsheets, exports and other encodings do to a product file: read where it is clear, else said with its row."""

from decimal import Decimal

import pytest

from shop.importer import ImportOptions, import_catalogue
from shop.importer.cells import RowError, picture_names, sizes, stock_keeping_unit, text
from shop.importer.google import money
from shop.importer.product_files import ProductFileError
from shop.importer.summary import summary
from shop.models import Product
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(tmp_path):
    """Import a product file as it stands."""

    def read(content: str | bytes, name: str = "p.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_catalogue(ImportOptions(products=path, **options))

    return read


def test_pipes_between_columns(read):
    assert read("id|name|category|price\nA1|Shirt, blue; long|Apparel|9.99\n").bad == []
    assert Product.objects.get().name == "Shirt, blue; long"


def test_pipes_inside_values_are_no_separator(read):
    assert read("id,name,category,sizes\nA1,S|T|U|V|W,Apparel,S:1|M:2\n").bad == []
    assert Product.objects.get().variants.count() == 2


def test_spaces_behind_separators_stand_before_quotes(read):
    result = read('id, name, category, price\nA1, "Shirt, ""blue""", Apparel, 9.99\nA2, Plain, Apparel, 8\n')
    assert (result.added, result.bad) == (2, [])
    assert Product.objects.get(sku="A1").name == 'Shirt, "blue"'


def test_a_quoted_header_behind_several_byte_order_marks(read):
    assert read('\ufeff\ufeff"id","name","category"\n"A1","S","Apparel"\n').added == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('"id,name,category"\n"A1,""Shirt, blue"",Apparel"\n', "each line stands in quotes as a whole"),
        ("<html><table><tr><td>id</td></tr></table></html>", "save it as CSV"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "save it as CSV"),
    ],
)
def test_what_is_no_table_is_said_with_the_remedy(read, content, sentence):
    with pytest.raises(ProductFileError, match=sentence):
        read(content)


@pytest.mark.parametrize(
    "value",
    ["#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#VALEUR!", "#NOM?", "#\u00a1VALOR!", "#\u00bfNOMBRE?", "#N/D", "#SPILL!", "#####", "#ARG!"],
)  # fmt: skip
def test_errors_of_spreadsheets_in_other_languages(value):
    with pytest.raises(RowError, match="is an error of a spreadsheet"):
        text(value, column="name", limit=200)


@pytest.mark.parametrize("value", ["#1 Dad Shirt", "#TBT", "#OOTD Tee", "#", "Shirt #4!", "#girlboss!"])
def test_what_begins_like_an_error_and_is_none(value):
    assert text(value, column="name", limit=200) == value


@pytest.mark.parametrize("sku", ["123.0", "4006381333931.0", "00123.00"])
def test_a_number_that_became_a_decimal_is_no_sku(sku):
    with pytest.raises(RowError, match="is a number to which a program has added decimals"):
        stock_keeping_unit(sku)


@pytest.mark.parametrize("sku", ["A-1.0", "1.2.0", "10.5", "v1.0", "1.0"])
def test_a_sku_with_a_point_is_one(sku):
    assert stock_keeping_unit(sku) == sku


@pytest.mark.parametrize(
    "stated",
    ["4-May|6-Jul", "Oct-11", "02. Mrz", "05.04.2024", "2024-05-04", "2024-05-04 00:00:00", "04-mai", "4. Okt", "May-04", "12/10/2024"],
)  # fmt: skip
def test_sizes_that_a_spreadsheet_took_for_dates(stated):
    with pytest.raises(RowError, match="is a date that a spreadsheet has made of a size"):
        sizes(stated)


@pytest.mark.parametrize("stated", ["S=4|M=2", '["S","M"]', "{S}", "S M L", "XS S M"])
def test_sizes_in_another_notation_are_not_taken_for_one(stated):
    with pytest.raises(RowError, match=r"write S:4\|M:0\|L"):
        sizes(stated)


def test_sizes_that_look_unusual_and_are_some():
    stated = "4-5 Y|M (38)|34/32|39 1/3|One size|3/4|18-24 M|UK 8|XX L|36.0"
    assert [size.size for size in sizes(stated) or ()] == [*stated.split("|")[:-1], "36"]


@pytest.mark.parametrize("empty", ["-", "--", "\u2013", "\u2014", "n.a.", "(blank)"])
def test_signs_for_nothing_are_empty_cells(read, empty):
    assert read(f"id,name,category,brand,price\nA1,Shirt,Apparel,{empty},{empty}\n").bad == []
    product = Product.objects.get()
    assert (product.brand, product.price) == (None, None)


def test_text_that_was_read_in_another_encoding_before_is_said(read, tmp_path):
    rows = [
        "A1,Gr\u00c3\u00bcn",
        "A2,Fine \u2014 \u00c3O",
        "A3,men\u00e2\u20ac\u2122s",
        "A4,Gr\ufffdn",
        "A5,One_x000D_two",
    ]
    path = tmp_path / "p.csv"
    result = read("id,name,category\n" + "".join(f"{row},Apparel\n" for row in rows))
    assert (result.added, result.garbled) == (5, [2, 4, 5, 6])
    assert (
        "Characters look damaged in 4 rows (the first: line 2), as \u00c3\u00bc for \u00fc: the file was saved in one encoding and opened in another."
        in summary(result, ImportOptions(products=path))
    )


def test_names_of_pictures_on_lines_of_their_own():
    assert picture_names("a.jpg\r\nb.jpg\n") == ("a.jpg", "b.jpg")


def test_a_link_to_a_picture_may_have_a_query(read, write_zip):
    images = write_zip({"a.jpg": jpeg("red")})
    content = "id,name,category,images\nA1,S,Apparel,https://cdn.example/img/a.jpg?v=3&w=200#x\n"
    assert read(content, images=images).bad == []


@pytest.mark.parametrize("value", ["\u20ac24.99", "EUR 24.99", "24.99 \u20ac", "24.99"])
def test_a_price_of_a_feed_without_a_code_behind_it(value):
    assert money({"price": "24.99EUR"}) == (Decimal("24.99"), "EUR")
    with pytest.raises(
        RowError, match=r"write the number and behind it the code of three letters, such as 24\.99 EUR"
    ):
        money({"price": value})


def test_a_sale_price_above_the_price_is_refused():
    with pytest.raises(RowError, match=r"sale_price 25.00 is above price 20.00"):
        money({"price": "20 EUR", "sale_price": "25 EUR"})
    assert money({"price": "0 EUR", "sale_price": "25 EUR"}) == (Decimal(25), "EUR")


def test_a_sale_that_ends_before_it_begins_is_refused():
    with pytest.raises(RowError, match="ends before it begins"):
        money(
            {"price": "20 EUR", "sale_price": "5 EUR", "sale_price_effective_date": "2999-01-01/2020-01-01"}
        )


def test_a_date_in_another_form_is_said_with_an_example(read):
    (bad,) = read("id,name,category,created\nA1,S,Apparel,31.12.2023\n").bad
    assert bad.reason == "created '31.12.2023' is not an ISO 8601 date, such as 2023-12-31"
