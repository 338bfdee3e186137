"""manage.py import_catalogue: exit status, report, help."""

from io import StringIO

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from shop.models import Product
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db


def test_a_good_import_says_so_and_writes_no_report(write_products, write_zip, tmp_path):
    out, report = StringIO(), tmp_path / "report.csv"
    call_command(
        "import_catalogue", str(write_products({"id": "1"})), images=write_zip({"1.jpg": jpeg()}),
        report=report, stdout=out, stderr=StringIO(),
    )  # fmt: skip
    assert out.getvalue() == "1 products imported: 1 new, 0 changed, 0 unchanged.\n"
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
