"""What rows of a product file say, by profile."""

from datetime import UTC, datetime

import pytest

from shop.importer import ImportOptions, import_catalogue
from shop.importer.cells import RowError, Size
from shop.importer.profiles import date_of_season, read_columns
from shop.models import Product
from tests.shop.pictures import jpeg

GOOD = {"id": "1", "name": "Shirt", "category": "Apparel"}


def reason(**values):
    """Why a row is refused."""
    with pytest.raises(RowError) as refused:
        read_columns(GOOD | values)
    return str(refused.value)


@pytest.mark.parametrize(
    "created",
    [
        "9999-12-31T23:59:59-14:00",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01",
        "1899-12-31T23:59:59Z",
        "1900-01-01T00:00:00+01:00",
        "2101-01-01",
        "2100-12-31T23:00:00-02:00",
    ],
)
def test_a_date_of_another_age_is_refused(created):
    assert reason(created=created) == f"created {created!r} is not between the years 1900 and 2100"


def test_the_first_and_the_last_moment_are_taken():
    assert read_columns(GOOD | {"created": "1900-01-01"}).created == datetime(1900, 1, 1, tzinfo=UTC)
    last = read_columns(GOOD | {"created": "2100-12-31T23:59:59Z"}).created
    assert last == datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("stock", ["9" * 5_000, "2147483648", "99999999999", "-1", "1.5", "²", "x"])
def test_a_stock_that_no_column_holds_is_refused(stock):
    assert reason(sizes=f"S:{stock}") == f"sizes: stock {stock[:40]!r} is not a whole number"


def test_the_highest_stock_is_taken_and_zeros_before_a_number_mean_nothing():
    sizes = read_columns(GOOD | {"sizes": f"S:2147483647|M:{'0' * 5_000}7|L:000"}).sizes
    assert sizes == (Size("S", 2147483647), Size("M", 7), Size("L", 0))


@pytest.mark.parametrize("year", ["9" * 5_000, "1899", "2101", "02015", "MMXV"])
def test_a_year_of_another_age_is_refused(year):
    with pytest.raises(RowError) as refused:
        date_of_season("1", year, "Summer")
    assert str(refused.value) == f"year {year[:40]!r} is not a year"


pytestmark = pytest.mark.django_db

STYLES = """\
id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName
15970,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual,Turtle Check Men Navy Blue Shirt
6695,Men,Footwear,Shoes,Casual Shoes,Black,Summer,2012,Casual,Nike, Air, size 9 Shoes
7,Women,Accessories,Wallets,Wallets,NA,NA,,NA,"Says ""hello"", twice"
8,Women,Apparel,Topwear,Tops
9,Unisex,Apparel,Socks,Socks,Red,Winter,2013.0,Sports,12" tall "socks"
"""


@pytest.fixture
def styles(tmp_path):
    (tmp_path / "images").mkdir()
    for sku in ("15970", "6695", "7", "9"):
        (tmp_path / "images" / f"{sku}.jpg").write_bytes(jpeg())
    (tmp_path / "styles.csv").write_text(STYLES, encoding="utf-8")
    return tmp_path


def test_styles_csv_with_names_that_hold_commas_without_quotes(styles):
    result = import_catalogue(
        ImportOptions(products=styles / "styles.csv", images=styles / "images", profile="kaggle-fashion")
    )
    assert result.added == 4
    assert [(row.line, row.reason) for row in result.bad] == [
        (5, "5 columns instead of 10 in the row of SKU 8; it ends before the column baseColour")
    ]
    assert dict(Product.objects.values_list("sku", "name")) == {
        "15970": "Turtle Check Men Navy Blue Shirt",
        "6695": "Nike, Air, size 9 Shoes",
        "7": 'Says "hello", twice',
        "9": '12" tall "socks"',
    }


def test_what_a_row_of_styles_csv_says(styles):
    import_catalogue(ImportOptions(products=styles / "styles.csv", images=styles, profile="kaggle-fashion"))
    shirt = Product.objects.get(sku="15970")
    assert (shirt.gender, shirt.colour, shirt.brand, shirt.price) == ("Men", "Navy Blue", None, None)
    assert shirt.category.path == "apparel/topwear/shirts"
    assert shirt.attributes == {"Season": "Fall", "Year": "2011", "Usage": "Casual"}
    assert datetime(2011, 8, 1, tzinfo=UTC) <= shirt.created < datetime(2011, 11, 1, tzinfo=UTC)
    wallet = Product.objects.get(sku="7")
    assert (wallet.category.path, wallet.colour, wallet.attributes) == ("accessories/wallets", "", {})
    assert [v.size for v in wallet.variants.all()] == ["One size"]
    shoes = Product.objects.get(sku="6695")
    assert [v.size for v in shoes.variants.all()] == ["UK 6", "UK 7", "UK 8", "UK 9", "UK 10", "UK 11"]


def test_the_table_with_details_loses_the_retailers_bookkeeping(write_products, write_zip):
    products = write_products({"id": "1", "attributes": '{"Pattern": "Solid", "taxMaterial": "Cotton"}'})
    options = ImportOptions(products=products, images=write_zip({"1.jpg": jpeg()}), profile="kaggle-fashion")
    import_catalogue(options)
    assert Product.objects.get().attributes == {"Pattern": "Solid"}


@pytest.mark.real_catalogue
def test_the_first_rows_of_the_real_catalogue(fashion_data):
    folder = fashion_data / "fashion"
    options = ImportOptions(
        products=folder / "products.csv.gz",
        images=folder / "images_large.zip",
        profile="kaggle-fashion",
        only_large=True,
        limit=60,
    )
    result = import_catalogue(options)
    assert (result.added, result.bad) == (60, [])
    assert Product.objects.filter(images=None).count() == 0
    assert import_catalogue(options).unchanged == 60
