"""The Kaggle data set as Kaggle ships it."""

from datetime import UTC, datetime

import pytest

from shop.importing import ImportOptions, import_catalogue
from shop.models import Product
from tests.shop.pictures import jpeg

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
    assert [(row.line, row.reason) for row in result.bad] == [(5, "5 columns instead of 10")]
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
