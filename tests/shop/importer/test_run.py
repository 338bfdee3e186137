"""Imports from beginning to end, in the project's own format."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from shop.importer import ImportOptions, import_catalogue, run
from shop.importer.derived import derive_stock
from shop.importer.product_files import BadRow
from shop.models import Brand, Category, Product, ProductImage, Variant
from tests.abuse import bad_heif
from tests.outbox import empty_outbox, stale_products
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db


def test_a_row_becomes_a_product_with_everything_it_states(write_products, write_zip, media):
    products = write_products(
        {
            "id": "7", "name": "Striped Shirt", "brand": "Acme & Sons", "gender": "Men", "category": "Apparel",
            "subcategory": "Topwear", "article_type": "Shirts", "colour": "Blue", "season": "Summer",
            "year": "2015", "usage": "Casual", "price": "1499.5", "description": "Soft.",
            "attributes": '{"Pattern": "Striped", "Fit": "NA"}', "sizes": "S:4|M:0|L",
        }
    )  # fmt: skip
    picture = jpeg("blue")
    images = write_zip({"7.jpg": picture})

    result = import_catalogue(ImportOptions(products=products, images=images))

    assert (result.added, result.changed, result.unchanged, result.bad) == (1, 0, 0, [])
    product = Product.objects.get()
    assert (product.sku, product.slug, product.name) == ("7", "striped-shirt-7", "Striped Shirt")
    assert (product.brand.name, product.brand.slug) == ("Acme & Sons", "acme-sons")
    assert product.category.path == "apparel/topwear/shirts"
    assert product.category.names == ("Apparel", "Topwear", "Shirts")
    assert (product.price, product.currency) == (Decimal("1499.50"), "INR")
    assert (product.gender, product.colour, product.description) == ("Men", "Blue", "Soft.")
    assert product.attributes == {
        "Pattern": "Striped", "Season": "Summer", "Year": "2015", "Usage": "Casual",
    }  # fmt: skip
    assert datetime(2015, 5, 1, tzinfo=UTC) <= product.created < datetime(2015, 8, 1, tzinfo=UTC)
    assert [(v.sku, v.size, v.stock) for v in product.variants.all()] == [
        ("7-1", "S", 4), ("7-2", "M", 0), ("7-3", "L", derive_stock("7", "L")),
    ]  # fmt: skip
    image = product.images.get()
    assert image.alt_text == "Striped Shirt, blue"
    assert (media / image.image.name).read_bytes() == picture  # byte for byte
    assert list(stale_products().values_list("product_key", flat=True)) == [str(product.pk)]


def test_a_second_run_changes_nothing_and_marks_nothing(write_products, write_zip):
    products = write_products({"id": "1", "brand": "Acme"}, {"id": "2", "article_type": "Sarees"})
    options = ImportOptions(products=products, images=write_zip({"1.jpg": jpeg(), "2.jpg": jpeg("green")}))
    import_catalogue(options)
    empty_outbox()
    before = [list(model.objects.order_by("pk").values()) for model in (Product, Variant, ProductImage)]

    result = import_catalogue(options)

    assert (result.added, result.changed, result.unchanged) == (0, 0, 2)
    assert [
        list(model.objects.order_by("pk").values()) for model in (Product, Variant, ProductImage)
    ] == before
    assert stale_products().count() == 0


def test_a_changed_row_updates_its_product_and_leaves_the_rest(write_products, write_zip):
    images = write_zip({"1.jpg": jpeg(), "2.jpg": jpeg()})
    import_catalogue(ImportOptions(products=write_products({"id": "1"}, {"id": "2"}), images=images))
    slug, created = Product.objects.values_list("slug", "created").get(sku="1")
    Product.objects.filter(sku="1").update(published=False)
    Variant.objects.filter(product__sku="1").update(stock=99)
    empty_outbox()

    changed = write_products({"id": "1", "name": "New name", "price": "5"}, {"id": "2"})
    result = import_catalogue(ImportOptions(products=changed, images=images))

    assert (result.added, result.changed, result.unchanged) == (0, 1, 1)
    product = Product.objects.get(sku="1")
    assert (product.name, product.price) == ("New name", Decimal("5.00"))
    assert (product.slug, product.created, product.published) == (slug, created, False)
    assert set(product.variants.values_list("stock", flat=True)) == {
        99
    }  # derived sizes are not derived again
    assert list(stale_products().values_list("product_key", flat=True)) == [str(product.pk)]


def test_a_changed_picture_replaces_the_old_one(write_products, write_zip):
    products = write_products({"id": "1"})
    import_catalogue(ImportOptions(products=products, images=write_zip({"1.jpg": jpeg("red")})))
    old = ProductImage.objects.get().image.name

    result = import_catalogue(ImportOptions(products=products, images=write_zip({"1.jpg": jpeg("blue")})))

    assert result.changed == 1
    assert ProductImage.objects.get().image.name != old


def test_bad_rows_are_named_by_line_and_reason_and_the_others_come_in(write_products, write_zip):
    whole = jpeg("red", (200, 200))
    bomb = io.BytesIO()
    Image.new("1", (6000, 6000)).save(bomb, "PNG")
    products = write_products(
        {"id": "good", "description": "two\nlines"},  # lines 2 and 3
        {"id": "text"},
        {"id": "cut"},
        {"id": "bomb"},
        {"id": "missing"},
        {"id": "good"},
        {"id": "price", "price": "ten"},
        {"id": "negative", "price": "-1"},
        {"id": "json", "attributes": "{"},
        {"id": "list", "attributes": "[1]"},
        {"id": "nowhere", "category": ""},
        {"id": "year", "year": "20x5"},
        {"id": "sizes", "sizes": "S:x"},
        {"id": "nul", "description": "a\x00b"},
        {"id": "", "name": "No SKU"},
        {"id": "last"},
    )
    names = ["good", "price", "negative", "json", "list", "nowhere", "year", "sizes", "nul", "last"]
    pictures = dict.fromkeys((f"{name}.jpg" for name in names), whole)
    pictures |= {
        "text.jpg": b"not a picture",
        "cut.jpg": whole[: len(whole) // 2],
        "bomb.png": bomb.getvalue(),
    }
    images = write_zip(pictures)

    result = import_catalogue(ImportOptions(products=products, images=images))

    assert set(Product.objects.values_list("sku", flat=True)) == {"good", "last"}
    assert ProductImage.objects.count() == 2
    assert [(row.line, row.sku) for row in result.bad] == [
        (4, "text"), (5, "cut"), (6, "bomb"), (7, "missing"), (8, "good"), (9, "price"), (10, "negative"),
        (11, "json"), (12, "list"), (13, "nowhere"), (14, "year"), (15, "sizes"), (16, "nul"), (17, ""),
    ]  # fmt: skip
    reasons = {row.sku: row.reason for row in result.bad if row.line not in (4, 5, 6)}
    assert reasons == {
        "missing": f"no picture of SKU missing in {images}",
        "good": "SKU good is already on line 2",
        "price": "price 'ten' is not a number",
        "negative": "price '-1' is not between 0 and 9999999999.99",
        "json": "attributes is not JSON",
        "list": "attributes is not a JSON object",
        "nowhere": "category is empty",
        "year": "year '20x5' is not a year",
        "sizes": "sizes: stock 'x' is not a whole number",
        "nul": "description holds the control character U+0000",
        "": "id is empty",
    }
    pictures = {row.line: row.reason for row in result.bad if row.line in (4, 5, 6)}
    assert pictures[4] == "picture text.jpg: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
    assert pictures[5].startswith("picture cut.jpg: The picture is damaged: ")
    assert pictures[6] == "picture bomb.png: The picture has 6000 x 6000 pixels; the limit is 25 megapixels."


def test_heic_and_avif_are_stored_as_jpeg(write_products, write_zip):
    pictures = {
        "1.heic": bad_heif.heic(),
        "2.jpg": bad_heif.heic(),
        "3.AVIF": bad_heif.avif(),
        "4.heif": b"x",
    }
    products = write_products(*({"id": str(number)} for number in range(1, 5)))
    result = import_catalogue(ImportOptions(products=products, images=write_zip(pictures)))
    assert [(row.sku, row.reason) for row in result.bad] == [
        ("4", "picture 4.heif: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture.")
    ]
    stored = [picture.image for picture in ProductImage.objects.order_by("product__sku")]
    assert [Path(image.name).suffix for image in stored] == [".jpg"] * 3
    for image in stored:
        with image.storage.open(image.name) as file:
            assert Image.open(file).format == "JPEG"


def test_a_bad_picture_leaves_no_trace(write_products, write_zip, media):
    products = write_products({"id": "1", "brand": "Only here", "category": "Only here"})
    import_catalogue(ImportOptions(products=products, images=write_zip({"1.jpg": b"x"})))
    assert not Product.objects.exists()
    assert not Brand.objects.exists()
    assert not Category.objects.exists()
    assert not media.exists()


def test_a_run_that_dies_keeps_whole_chunks_and_the_next_one_goes_on(
    write_products, write_zip, monkeypatch, media
):
    monkeypatch.setattr(run, "CHUNK_ROWS", 2)
    products = write_products(*({"id": str(number)} for number in range(1, 6)))
    options = ImportOptions(
        products=products, images=write_zip({f"{number}.jpg": jpeg() for number in range(1, 6)})
    )
    real, calls = run.store_chunk, []

    def dies_in_the_second_chunk(chunk, **options):
        calls.append(chunk)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(chunk, **options)

    monkeypatch.setattr(run, "store_chunk", dies_in_the_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        import_catalogue(options)
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["1", "2"]
    assert Variant.objects.filter(product__sku="1").count() == 6

    monkeypatch.setattr(run, "store_chunk", real)
    result = import_catalogue(options)
    assert (result.added, result.changed, result.unchanged, result.bad) == (3, 0, 2, [])
    assert len(list(media.rglob("*.jpg"))) == 5
    assert list(media.rglob(".*")) == []


def test_a_picture_stored_by_an_earlier_run_is_not_decoded_again(write_products, write_zip, monkeypatch):
    options = ImportOptions(products=write_products({"id": "1"}), images=write_zip({"1.jpg": jpeg()}))
    import_catalogue(options)
    monkeypatch.setattr("shop.importer.pictures.open_picture", None)  # calling it would raise
    assert import_catalogue(options).unchanged == 1


def test_a_picture_file_cut_short_on_disk_is_written_again(write_products, write_zip, media):
    options = ImportOptions(products=write_products({"id": "1"}), images=write_zip({"1.jpg": jpeg()}))
    import_catalogue(options)
    path = media / ProductImage.objects.get().image.name
    path.write_bytes(b"half")
    import_catalogue(options)
    assert path.read_bytes() == jpeg()


def test_rows_that_are_not_wanted_are_counted(write_products, write_zip):
    products = write_products(
        {"id": "1", "large_image": "1"}, {"id": "2", "large_image": "0"}, {"id": "3", "large_image": "1"}
    )
    images = write_zip({"1.jpg": jpeg(), "2.jpg": jpeg()})
    result = import_catalogue(
        ImportOptions(products=products, images=images, only_large=True, with_picture_only=True)
    )
    assert (result.added, result.not_wanted, result.without_picture, result.bad) == (1, 1, 1, [])


def test_limit_counts_good_rows(write_products, write_zip):
    products = write_products({"id": "1"}, {"id": "2"}, {"id": "3"}, {"id": "4"})
    images = write_zip({"1.jpg": b"x", "2.jpg": jpeg(), "3.jpg": jpeg(), "4.jpg": jpeg()})
    result = import_catalogue(ImportOptions(products=products, images=images, limit=2))
    assert (result.added, len(result.bad)) == (2, 1)
    assert sorted(Product.objects.values_list("sku", flat=True)) == ["2", "3"]


def test_several_pictures_keep_their_order(write_products, tmp_path, media):
    folder = tmp_path / "pictures"
    (folder / "images").mkdir(parents=True)
    for name, colour in (("front.jpg", "red"), ("back.jpg", "green"), ("side.jpg", "blue")):
        (folder / "images" / name).write_bytes(jpeg(colour))
    products = write_products({"id": "1", "images": "side.jpg|front.jpg|back.jpg"})
    import_catalogue(ImportOptions(products=products, images=folder))
    contents = [
        (media / image.image.name).read_bytes() for image in ProductImage.objects.order_by("position")
    ]
    assert contents == [jpeg("blue"), jpeg("red"), jpeg("green")]


def test_brands_that_differ_in_spelling_only_are_one(write_products, write_zip):
    products = write_products({"id": "1", "brand": "ADIDAS"}, {"id": "2", "brand": "Adidas"})
    import_catalogue(ImportOptions(products=products, images=write_zip({"1.jpg": jpeg(), "2.jpg": jpeg()})))
    assert list(Brand.objects.values_list("name", "slug")) == [("ADIDAS", "adidas")]


def test_bad_row_holds_what_the_report_says():
    assert BadRow(4, "x", "why") == BadRow(line=4, sku="x", reason="why")


def test_stock_that_is_not_stated_stays_as_it_is(write_products, write_zip):
    images = write_zip({"1.jpg": jpeg()})
    import_catalogue(ImportOptions(products=write_products({"id": "1", "sizes": "S|M:5"}), images=images))
    Variant.objects.filter(size="S").update(stock=77)
    result = import_catalogue(
        ImportOptions(products=write_products({"id": "1", "sizes": "S|M:6|L:1"}), images=images)
    )
    assert result.changed == 1
    assert list(Variant.objects.values_list("size", "stock")) == [("S", 77), ("M", 6), ("L", 1)]


def test_a_sku_that_is_no_text_is_an_error_of_its_row(tmp_path):
    path = tmp_path / "products.csv"
    path.write_bytes(
        "id,name,category\na\x00b,Shirt,Apparel\né1,Café,Apparel\n".encode() + b"\xe9,Shirt,Apparel\n"
    )
    result = import_catalogue(ImportOptions(products=path))
    assert [(row.line, row.reason[:40]) for row in result.bad] == [
        (2, "id holds the control character U+0000"), (4, "id holds bytes that are no text in the f"),
    ]  # fmt: skip
    assert result.added == 1
