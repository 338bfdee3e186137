"""manage.py import_catalogue: exit status, report, help."""

import re
from io import StringIO

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from shop.models import Brand, Category, Product, ProductImage, Variant
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db


def test_a_good_import_says_so_and_writes_no_report(write_products, write_zip, tmp_path):
    out, report = StringIO(), tmp_path / "report.csv"
    call_command(
        "import_catalogue", str(write_products({"id": "1"})), images=write_zip({"1.jpg": jpeg()}),
        report=report, stdout=out, stderr=StringIO(),
    )  # fmt: skip
    assert out.getvalue().startswith("1 products imported: 1 new, 0 changed, 0 unchanged.\nUndo record, ")
    assert not report.exists()


def test_bad_rows_make_exit_status_1_and_a_report(write_products, write_zip, tmp_path):
    report = tmp_path / "out" / "report.csv"
    products, images = write_products({"id": "1"}, {"id": "2"}), write_zip({"1.jpg": jpeg()})
    with pytest.raises(CommandError) as raised:
        call_command(
            "import_catalogue",
            str(products),
            images=images,
            report=report,
            stdout=StringIO(),
            stderr=StringIO(),
        )
    assert raised.value.returncode == 1
    assert str(raised.value) == (
        f"1 bad rows are listed in {report}; the first is line 3: no picture of SKU 2 in {images}"
    )
    assert report.read_text() == f"line,sku,reason\n3,2,no picture of SKU 2 in {images}\n"
    assert Product.objects.count() == 1


def test_a_later_good_run_empties_the_old_report(write_products, write_zip, tmp_path):
    report = tmp_path / "report.csv"
    report.write_text("old")
    call_command(
        "import_catalogue", str(write_products({"id": "1"})), images=write_zip({"1.jpg": jpeg()}),
        report=report, stdout=StringIO(), stderr=StringIO(),
    )  # fmt: skip
    assert report.read_text() == "line,sku,reason\n"


@pytest.mark.parametrize(
    ("products", "images", "sentence"),
    [("none.csv", None, "No such file"), ("products.csv", "none.zip", "neither a folder nor a ZIP archive")],
)
def test_nothing_to_read_is_one_clear_sentence(write_products, tmp_path, products, images, sentence):
    write_products({"id": "1"})
    with pytest.raises(CommandError, match=sentence):
        call_command(
            "import_catalogue", str(tmp_path / products), images=images and tmp_path / images,
            report=tmp_path / "r.csv", stderr=StringIO(),
        )  # fmt: skip


def test_the_report_may_not_overwrite_the_products(write_products):
    products = write_products({"id": "1"})
    with pytest.raises(CommandError, match="would overwrite"):
        call_command("import_catalogue", str(products), report=products)
    assert products.read_text().startswith("id,")


def test_a_storage_that_does_not_answer_is_a_sentence(write_products, write_zip, tmp_path, monkeypatch):
    def refuse(*_given):
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(FileSystemStorage, "exists", refuse)
    with pytest.raises(CommandError, match=r"The storage of the pictures does not answer: .*nobody listens"):
        call_command(
            "import_catalogue", str(write_products({"id": "1"})), images=write_zip({"1.jpg": jpeg()}),
            report=tmp_path / "report.csv", stdout=StringIO(), stderr=StringIO(),
        )  # fmt: skip
    assert Product.objects.count() == 0


def call(path, tmp_path, **options) -> tuple[str, str]:
    """What the command prints, and the sentence that it fails with."""
    out, sentence = StringIO(), ""
    options = {"report": tmp_path / "report.csv", "stdout": out, "stderr": StringIO(), **options}
    try:
        call_command("import_catalogue", str(path), **options)
    except CommandError as error:
        sentence = str(error)
    return re.sub("Undo record, .*\n", "", out.getvalue()), sentence


def written(tmp_path, content: str | bytes):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_columns_that_are_not_used_are_named(tmp_path):
    path = written(tmp_path, "id,name,category,color,vendor\n1,Shirt,Apparel,Red,Acme\n")
    assert call(path, tmp_path) == (
        "1 products imported: 1 new, 0 changed, 0 unchanged.\n1 new product without a picture.\n"
        "Columns that are not used:\n  color: did you mean colour?\n  vendor\n",
        "",
    )


def test_two_columns_of_one_name_are_a_sentence(tmp_path):
    path = written(tmp_path, "id,name,category,Name\n1,Shirt,Apparel,Red\n")
    assert call(path, tmp_path) == ("", f"{path} has the column name twice; take one of them out.")


def test_windows_1252_and_entities_are_said(tmp_path):
    path = written(tmp_path, "id,name,category,attributes\n1,Caf\xe9 A &amp; B,Apparel,\n".encode("cp1252"))
    out, _ = call(path, tmp_path)
    assert "HTML entities such as &amp; were decoded in 1 row (the first: line 2).\n" in out
    assert "The file is not UTF-8 and was read as Windows-1252;" in out
    assert Product.objects.get().name == "Café A & B"


def test_prices_with_commas_need_the_option(tmp_path):
    path = written(tmp_path, 'id;name;category;price\n1;Shirt;Apparel;1.299,00\n2;Shirt;Apparel;"12,50"\n')
    out, sentence = call(path, tmp_path)
    assert out == "0 products imported: 0 new, 0 changed, 0 unchanged.\n"
    assert sentence.startswith(
        f"2 bad rows are listed in {tmp_path / 'report.csv'}; the first is line 2: price '1.299,00' needs the option"
    )
    assert call(path, tmp_path, decimal="comma")[1] == ""
    assert [str(product.price) for product in Product.objects.order_by("sku")] == ["1299.00", "12.50"]


def test_empty_cells_are_kept_from_emptying(write_products, tmp_path):
    call(write_products({"id": "1", "brand": "Acme"}), tmp_path)
    call(write_products({"id": "1"}), tmp_path, keep_empty=True)
    assert Product.objects.get().brand is not None
    call(write_products({"id": "1"}), tmp_path)
    assert Product.objects.get().brand is None


def test_a_dry_run_says_what_would_change_and_touches_nothing(write_products, write_zip, tmp_path, media):
    images = write_zip({"1.jpg": jpeg("red"), "2.jpg": jpeg("red"), "3.jpg": jpeg("red")})
    call(write_products({"id": "1", "price": "5"}, {"id": "2"}), tmp_path, images=images)
    empty_outbox()
    before = [
        list(model.objects.order_by("pk").values())
        for model in (Product, Brand, Category, Variant, ProductImage)
    ]
    files = sorted(media.rglob("*"))
    images = write_zip({"1.jpg": jpeg("blue"), "2.jpg": jpeg("red"), "3.jpg": jpeg("red"), "4.jpg": b"x"})
    products = write_products(
        {"id": "1", "price": "6", "brand": "New"}, {"id": "2"}, {"id": "3", "category": "New"}, {"id": "4"}, {"id": "5", "price": "x"}
    )  # fmt: skip
    out, sentence = call(products, tmp_path, images=images, dry_run=True)
    assert out == (
        "Dry run, nothing was changed: 3 products would be imported: 1 new, 1 changed, 1 unchanged.\n"
        "Changed products by field: brand 1, images 1, price 1.\n"
        "Bad rows:\n"
        "  line 5, SKU 4: picture 4.jpg: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture.\n"
        "  line 6, SKU 5: price 'x' is not a number\n"
    )
    assert sentence.startswith("2 bad rows; the first is line 5: ")
    assert before == [
        list(model.objects.order_by("pk").values())
        for model in (Product, Brand, Category, Variant, ProductImage)
    ]
    assert not stale_products().exists()
    assert sorted(media.rglob("*")) == files
    assert not (tmp_path / "report.csv").exists()
    real, _ = call(products, tmp_path, images=images)
    assert "1 new, 1 changed, 1 unchanged" in real
    assert "Changed products by field: brand 1, images 1, price 1." in real


def test_a_dry_run_prints_the_first_bad_rows_only(write_products, tmp_path):
    products = write_products(*({"id": str(number), "price": "x"} for number in range(30)))
    out, _ = call(products, tmp_path, dry_run=True)
    assert out.count(": price 'x' is not a number") == 20
    assert out.endswith("  and 10 more.\n")
