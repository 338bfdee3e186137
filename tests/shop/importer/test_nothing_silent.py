"""What an import could lose, turn into something else or break off for is an error of its row, with the remedy."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from shop.importer import ImportOptions, import_catalogue
from shop.importer.cells import RowError, decode_entities, sizes, stock_keeping_unit, text
from shop.importer.profiles import read_columns, read_kaggle
from shop.importer.summary import undo_summary
from shop.importer.undo import UndoError, undo_import
from shop.models import Product, Variant
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

SHIRT = {"id": "1", "name": "Shirt", "category": "Apparel"}


def imported(products, **options):
    return import_catalogue(ImportOptions(products=products, **options))


@pytest.fixture
def write(tmp_path):
    """Write a product file as it stands."""

    def write(content: str):
        path = tmp_path / "table.csv"
        path.write_text(content, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("sku", "reason"),
    [
        ("\ufeff123", r"the character U\+FEFF, which cannot be seen"),
        ("12\u200b3", r"the character U\+200B, which cannot be seen"),
        ("12\u00a03", r"the character U\+00A0, which cannot be seen"),
        ("'00123", "begins with an apostrophe"),
        ('="00123"', "is a formula of a spreadsheet"),
        ("#REF!", "is an error of a spreadsheet"),
    ],
)
def test_a_sku_that_only_looks_like_another_is_refused(sku, reason):
    with pytest.raises(RowError, match=reason):
        stock_keeping_unit(sku)


@pytest.mark.parametrize("value", ["#N/A", "#NAME?", "#REF!", "#VALUE!", '="Shirt"'])
def test_what_a_spreadsheet_could_not_compute_is_no_text(value):
    with pytest.raises(RowError, match="of a spreadsheet"):
        text(value, column="name", limit=200)
    assert text("#1 = best!", column="name", limit=200) == "#1 = best!"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"category": "Apparel > Shirts"}, "category 'Apparel > Shirts' holds >"),
        ({"currency": "€"}, "currency '€' is not a code of three letters"),
        ({"currency": "12"}, "currency '12' is not a code of three letters"),
        ({"attributes": '{"Fit": {"a": 1}}'}, "attribute Fit holds an object or a list in a list"),
        ({"attributes": '{"Fit": [["a"]]}'}, "attribute Fit holds an object or a list in a list"),
        ({"attributes": '{"Fit": "a", "Fit": "b"}'}, "attributes names 'Fit' twice"),
        ({"attributes": '{"Season": "Winter"}', "season": "Summer"}, "season is 'Summer', and attributes say 'Winter'"),
        ({"sizes": "S:1|s:2"}, "sizes: 's' occurs twice"),
    ],
)  # fmt: skip
def test_values_that_would_become_others_are_refused(changed, reason):
    with pytest.raises(RowError, match=reason):
        read_columns({**SHIRT, **changed})


def test_two_columns_of_one_meaning_are_refused():
    with pytest.raises(RowError, match="productDisplayName and name mean the same; take one of them out"):
        read_kaggle({**SHIRT, "productDisplayName": "Other"})


def test_sizes_on_lines_of_their_own_are_several():
    assert [size.size for size in sizes("S\r\nM:2\n") or ()] == ["S", "M"]


def test_entities_of_no_character_stay():
    assert decode_entities("a&#11;b &#0; &#xD800; &amp;") == "a&#11;b &#0; &#xD800; &"


def test_skus_of_one_slug_are_different_products(write_products):
    rows = [{"id": sku, "name": "Shirt"} for sku in ("A 1", "A-1", "a-1", "A.1")]
    result = imported(write_products(*rows))
    assert (result.added, result.bad) == (4, [])
    assert len(set(Product.objects.values_list("slug", flat=True))) == 4
    assert imported(write_products(*rows)).unchanged == 4
    assert (
        imported(write_products({"id": "A1.", "name": "Shirt A"}, {"id": "A1", "name": "Shirt A"})).added == 2
    )


def test_what_the_database_refuses_is_an_error_of_its_row(write_products, tmp_path):
    imported(write_products({"id": "1"}))
    Variant.objects.create(product=Product.objects.get(), sku="2-1", size="XXXL", stock=1)
    products = write_products({"id": "2"}, {"id": "3"})
    for dry_run in (True, False):
        result = imported(products, dry_run=dry_run, undo=tmp_path / "undo.jsonl")
        assert (result.added, result.fields) == (1, {})
        assert [(row.line, row.sku) for row in result.bad] == [(2, "2")]
        assert result.bad[0].reason.startswith("the database refuses the product: ")
        assert "(2-1) already exists" in result.bad[0].reason
    assert set(Product.objects.values_list("sku", flat=True)) == {"1", "3"}
    assert undo_import(tmp_path / "undo.jsonl").deleted == 1


def test_a_category_path_that_is_too_long_is_refused(write):
    path = " > ".join(f"Level {number} of a path that goes on and on" for number in range(20))
    result = imported(write(f"id,title,product_type\n1,Shirt,{path}\n2,Shirt,Apparel\n"), profile="google")
    assert [row.reason for row in result.bad] == [
        f"product_type has {len(path)} characters; the limit is 400"
    ]
    assert result.added == 1


def test_an_open_quote_does_not_swallow_the_rows_behind_it(write):
    rows = ['1,A,Apparel,"Nice,5', "2,B,Apparel,Nice,5", '3,C,Apparel,12",5', "4,D,Apparel,Nice,5"]
    result = imported(write("\n".join(["id,name,category,description,price", *rows]) + "\n"))
    assert [(row.line, row.reason[:51]) for row in result.bad] == [
        (2, "a quote opens in this line and is not closed in its")
    ]
    assert set(Product.objects.values_list("sku", flat=True)) == {"2", "3", "4"}


def test_prose_over_several_lines_is_a_value(write):
    result = imported(
        write(
            'id,name,category,description,price\n1,A,Apparel,"One,\nred, blue, green",5\n2,B,Apparel,"x\ny",5\n'
        )
    )
    assert (result.added, result.bad) == (2, [])


@pytest.mark.parametrize("stated", ["F002/2.jpg", "F002/2", "x\\F002\\2.jpg"])
def test_a_picture_of_another_folder_is_not_taken(write_products, write_zip, stated):
    images = write_zip({"all/F001/2.jpg": jpeg("red"), "all/F002/1.jpg": jpeg("blue")})
    result = imported(write_products({"id": "1", "images": stated}), images=images)
    assert [row.reason for row in result.bad] == [f"no picture {stated} in {images}"]


def test_folders_that_all_pictures_share_need_not_be_written(write_products, write_zip):
    images = write_zip({"all/F001/2.jpg": jpeg("red"), "all/F002/1.jpg": jpeg("blue")})
    names = ("F001/2.jpg", "C:\\mine\\F001\\2.jpg", "2.jpg", "F001/2", "2")
    rows = [{"id": str(number), "images": name} for number, name in enumerate(names)]
    assert imported(write_products(*rows), images=images).bad == []


def test_a_bad_row_of_a_feed_takes_no_size_away(write):
    head = "id,item_group_id,title,product_type,price,size,availability,quantity\n"
    good = "".join(
        f"{size},S,Shirt,Apparel,5 EUR,{size},in_stock,{number}\n" for number, size in enumerate("SML", 4)
    )
    imported(write(head + good), profile="google")
    for bad in (good.replace("5 EUR,L", "5 USD,L"), good.replace("5 EUR,L,", "")):
        result = imported(write(head + bad), profile="google")
        assert ([row.line for row in result.bad], result.unchanged) == ([4], 1)
    assert list(Variant.objects.values_list("size", "stock")) == [("S", 4), ("M", 5), ("L", 6)]
    imported(write(head + "\n".join(good.splitlines()[:2]) + "\n"), profile="google")
    assert list(Variant.objects.values_list("size", flat=True)) == ["S", "M"]


def test_a_record_whose_last_line_is_cut_off_takes_back_what_was_stored(write_products, tmp_path):
    record = tmp_path / "undo.jsonl"
    imported(write_products({"id": "1"}), undo=record)
    with record.open("a") as file:
        file.write(json.dumps({"sku": "2", "before": None, "after": ""})[:20])
    result = undo_import(record)
    assert (result.deleted, result.cut) == (1, True)
    assert "ends in the middle of a line" in undo_summary(result, dry_run=False)


def test_a_product_file_is_no_record(write_products):
    with pytest.raises(UndoError, match="is no undo record of an import"):
        undo_import(write_products({"id": "1"}))


def test_a_folder_as_report_is_one_sentence(write_products, tmp_path):
    with pytest.raises(CommandError, match=r"--report .* is a folder; name a file in it"):
        call_command("import_catalogue", str(write_products({"id": "1"})), report=tmp_path, stderr=StringIO())
    assert not Product.objects.exists()


def test_names_of_columns_without_what_cannot_be_seen(write):
    assert imported(write("\ufeff\ufeffid,na\u200bme,category\n1,Shirt,Apparel\n")).added == 1
