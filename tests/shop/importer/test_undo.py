"""An import is taken back by its record: earlier values come back, new products go, and what changed since stays."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from shop.models import Brand, Category, Product, ProductImage, Variant
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db

MODELS = (Product, Brand, Category, Variant, ProductImage)


@pytest.fixture
def run(tmp_path):
    """Run the command; returns what it prints, the sentence that it fails with, and the record that it wrote."""

    def run(*arguments, **options):
        before, out, sentence = records(tmp_path), StringIO(), ""
        options = {"report": tmp_path / "out" / "report.csv", "stdout": out, "stderr": StringIO(), **options}
        try:
            call_command("import_catalogue", *map(str, arguments), **options)
        except CommandError as error:
            sentence = str(error)
        return out.getvalue(), sentence, next(iter(records(tmp_path) - before), None)

    return run


def records(tmp_path):
    return set((tmp_path / "out").glob("import_undo_*.jsonl"))


def tables():
    """All values without keys of rows that are made anew, and without the time of the last change."""
    made_anew = {Variant: {"id"}, ProductImage: {"id"}}
    return [
        [
            {name: value for name, value in row.items() if name not in made_anew.get(model, {"updated"})}
            for row in model.objects.order_by(
                *(("product", "position") if model in made_anew else ("pk",))
            ).values()
        ]
        for model in MODELS
    ]


@pytest.fixture
def shop(run, write_products, write_zip):
    """Two products, and then an import that changes one, adds another, and leaves the second alone."""
    red, blue = (
        write_zip({"1.jpg": jpeg("red"), "2.jpg": jpeg("red")}, "red.zip"),
        write_zip({"1.jpg": jpeg("blue"), "2.jpg": jpeg("red"), "3.jpg": jpeg("red")}, "blue.zip"),
    )
    rows = (
        {"id": "1", "brand": "Acme", "price": "5", "sizes": "S:4|M:0", "attributes": '{"Fit": "Slim"}'},
        {"id": "2"},
    )
    run(write_products(*rows), images=red)
    empty_outbox()
    changed = {
        "id": "1",
        "brand": "New",
        "name": "Other",
        "price": "6",
        "sizes": "S:9|L:1",
        "category": "Home",
    }
    products = write_products(changed, {"id": "2"}, {"id": "3", "category": "Home"}, name="second.csv")
    return lambda: run(products, images=blue)


def test_everything_is_as_it_was(shop, run):
    before = tables()
    out, _, record = shop()
    assert out.endswith(f"Undo record, valid for a day: {record}\n")
    after = tables()
    empty_outbox()
    out, sentence, _ = run(undo=record, dry_run=True)
    assert (
        out == "Dry run, nothing was changed: 1 product would be restored, 1 new product would be deleted.\n"
    )
    assert tables() == after
    assert run(undo=record)[:2] == ("1 product restored, 1 new product deleted.\n", "")
    assert tables() == before
    assert stale_products().count() == 2
    assert run(undo=record)[:2] == (
        "0 products restored, 0 new products deleted; 2 were as before already.\n",
        "",
    )
    assert sentence == ""


def test_what_changed_since_is_left_as_it_is(shop, run):
    _, _, record = shop()
    Product.objects.filter(sku="1").update(price=7)
    Variant.objects.filter(product__sku="3").update(stock=77)
    after = tables()
    out, sentence, _ = run(undo=record)
    assert out == (
        "0 products restored, 0 new products deleted.\n"
        "  SKU 1: changed since the import, left as it is\n"
        "  SKU 3: changed since the import, not deleted\n"
    )
    assert sentence == "2 products were changed since the import and were not taken back."
    assert tables() == after


def test_what_the_import_did_not_touch_may_have_changed(shop, run):
    _, _, record = shop()
    Product.objects.filter(sku="1").update(colour="Green")
    assert run(undo=record)[1] == ""
    product = Product.objects.get(sku="1")
    assert (product.colour, product.name) == ("Green", "Shirt 1")


def test_a_product_whose_category_is_gone_is_left(shop, run):
    _, _, record = shop()
    Product.objects.filter(sku="2").update(category=Category.objects.get(name="Home"))
    Category.objects.get(name="Apparel").delete()
    out, sentence, _ = run(undo=record)
    assert "  SKU 1: its category is no longer there, left as it is\n" in out
    assert sentence == "1 product was changed since the import and was not taken back."


def test_a_run_that_changes_nothing_writes_no_record(shop, run, write_products):
    shop()
    out, _, record = shop()
    assert record is None
    assert "Undo record" not in out
    assert run(write_products({"id": "9", "name": "New"}), dry_run=True)[2] is None


def test_a_record_is_valid_for_a_day(shop, run):
    _, _, record = shop()
    lines = record.read_text().splitlines()
    made = (timezone.now() - timedelta(hours=25)).isoformat()
    record.write_text("\n".join([json.dumps({**json.loads(lines[0]), "made": made}), *lines[1:]]) + "\n")
    after = tables()
    _, sentence, _ = run(undo=record)
    assert sentence.startswith(f"{record} is of an import at ")
    assert sentence.endswith("; an import can be taken back within a day.")
    assert tables() == after


@pytest.mark.parametrize("content", [None, "", "line,sku,reason\n", '{"made": "x"}\n', "[]\n"])
def test_what_is_no_record_is_said(run, tmp_path, content):
    path = tmp_path / "record.jsonl"
    if content is not None:
        path.write_text(content)
    assert str(path) in run(undo=path)[1]


def test_a_record_that_is_damaged_changes_nothing(shop, run):
    _, _, record = shop()
    record.write_text(record.read_text()[:-20] + "\n")
    after = tables()
    assert run(undo=record)[1].startswith(f"{record} is damaged in line ")
    assert tables() == after


def test_a_file_or_a_record_is_needed_and_not_both(run, tmp_path, write_products):
    assert run()[1] == "Name a product file, or a record with --undo."
    assert (
        run(write_products({"id": "1"}), undo=tmp_path / "r")[1] == "Name a product file or --undo, not both."
    )


def test_a_record_that_cannot_be_written_stops_the_import(run, write_products, tmp_path):
    (tmp_path / "out").write_text("a file, no folder")
    _, sentence, _ = run(write_products({"id": "1"}))
    assert sentence.startswith("The undo record ")
    assert not Product.objects.exists()


def test_a_run_that_is_interrupted_says_where_its_record_lies(run, write_products, tmp_path, monkeypatch):
    from shop.importer import run as importer

    monkeypatch.setattr(importer, "CHUNK_ROWS", 1)
    real, calls = importer.store_chunk, []

    def dies_in_the_second_chunk(chunk, **options):
        calls.append(chunk)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(chunk, **options)

    monkeypatch.setattr(importer, "store_chunk", dies_in_the_second_chunk)
    said = StringIO()
    with pytest.raises(KeyboardInterrupt):
        run(write_products({"id": "1"}, {"id": "2"}), stderr=said)
    (record,) = records(tmp_path)
    assert f"Undo record of what was imported until then: {record}" in said.getvalue()
    assert run(undo=record)[0] == "0 products restored, 1 new product deleted.\n"


def test_an_object_of_json_that_came_in_is_compared_as_it_is_stored(run, write_products):
    _, _, record = run(write_products({"id": "1", "attributes": '{"b": "2", "a": "1"}'}))
    assert run(undo=record)[0] == "0 products restored, 1 new product deleted.\n"
