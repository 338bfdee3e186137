"""Pictures are found by their names however these are written, and read by their content."""

import io
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from shop.importer import ImportOptions, import_catalogue
from shop.importer.pictures import open_pictures
from shop.models import Product, ProductImage
from tests.shop.pictures import jpeg

pytestmark = pytest.mark.django_db


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (200, 200), "red").save(file, kind)
    return file.getvalue()


@pytest.fixture(params=["folder", "archive"])
def given(request, tmp_path, write_zip):
    """Give pictures by their paths, in a folder or in an archive."""

    def given(pictures: dict[str, bytes]) -> Path:
        if request.param == "archive":
            return write_zip(pictures)
        for name, content in pictures.items():
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "pictures"

    return given


@pytest.mark.parametrize(
    ("file", "stated"),
    [
        ("a.JPG", "A.jpg"),
        (unicodedata.normalize("NFD", "grün.jpg"), "grün.jpg"),
        ("grün.jpg", unicodedata.normalize("NFD", "GRÜN.jpg")),
        ("IMG 1.JPG", "IMG%201.JPG"),
        ("IMG%201.jpg", "IMG%201.JPG"),
        ("a.jpg", "folder\\a.jpg"),
        ("a.jpg", "A"),
        ("folder/a.jpg", "C:\\folder\\a.jpg"),
        ("folder/deep/a.jpg", "/deep/a.jpg"),
        ("b shirt.jpg", " b shirt.jpg "),
    ],
)
def test_names_that_are_the_same(given, write_products, file, stated):
    images = given({file: jpeg()})
    result = import_catalogue(
        ImportOptions(products=write_products({"id": "1", "images": stated}), images=images)
    )
    assert (result.added, result.bad) == (1, [])
    assert ProductImage.objects.count() == 1


def test_backslashes_in_an_archive_are_folders(write_products, write_zip):
    images = write_zip(
        {
            "Photos\\Z5.jpg": jpeg(),
            "__MACOSX/._Z6.jpg": b"x",
            "Photos/._Z6.jpg": b"x",
            "Photos/Z6.jpg": jpeg(),
        }
    )
    result = import_catalogue(
        ImportOptions(products=write_products({"id": "Z5"}, {"id": "Z6"}), images=images)
    )
    assert (result.added, result.bad) == (2, [])


def test_a_path_tells_files_of_one_name_apart(given, write_products, media):
    images = given({"red/1.jpg": jpeg("red"), "blue/1.jpg": jpeg("blue")})
    import_catalogue(
        ImportOptions(products=write_products({"id": "x", "images": "red/1.jpg|blue\\1.jpg"}), images=images)
    )
    assert [(media / image.image.name).read_bytes() for image in ProductImage.objects.order_by("position")] == [
        jpeg("red"), jpeg("blue"),
    ]  # fmt: skip


def test_a_name_that_several_files_have_is_not_guessed(given, write_products):
    images = given({"red/1.jpg": jpeg("red"), "blue/1.jpg": jpeg("blue")})
    result = import_catalogue(
        ImportOptions(products=write_products({"id": "x", "images": "1.jpg"}), images=images)
    )
    assert [row.reason for row in result.bad] == [
        "picture 1.jpg: several files have this name, blue/1.jpg and red/1.jpg; write the path in the column images"
    ]


def test_reasons_name_the_file(given, write_products):
    images = given({"g.bmp": picture("BMP"), "f.tif": picture("TIFF"), "note.jpg": b"text"})
    names = ("g.bmp", "f.tif", "note.jpg", "none.jpg", "note.jpg, f.tif")
    products = write_products(*({"id": str(number), "images": name} for number, name in enumerate(names)))
    result = import_catalogue(ImportOptions(products=products, images=images))
    formats = "The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
    assert [row.reason for row in result.bad] == [
        f"picture g.bmp: {formats}", f"picture f.tif: {formats}", f"picture note.jpg: {formats}",
        f"no picture none.jpg in {images}", f"no picture note.jpg, f.tif in {images}; between names stands |",
    ]  # fmt: skip


def test_a_product_without_a_named_picture_is_told_of_a_file_in_another_format(given, write_products):
    images = given({"1.bmp": picture("BMP")})
    result = import_catalogue(ImportOptions(products=write_products({"id": "1"}), images=images))
    assert [row.reason for row in result.bad] == [
        "picture 1.bmp: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
    ]


def test_what_the_content_is_counts_not_the_ending(given, write_products, media):
    images = given({"1.jpg": picture("PNG"), "2.png": jpeg(), "3.tif": picture("WEBP")})
    products = write_products({"id": "1"}, {"id": "2"}, {"id": "3", "images": "3.tif"})
    assert import_catalogue(ImportOptions(products=products, images=images)).bad == []
    stored = [image.image.name for image in ProductImage.objects.order_by("product__sku")]
    assert [Path(name).suffix for name in stored] == [".png", ".jpg", ".webp"]
    formats = [Image.open(io.BytesIO((media / name).read_bytes())).format for name in stored]
    assert formats == ["PNG", "JPEG", "WEBP"]


def test_without_pictures_stored_ones_stay_and_new_products_have_none(write_products, write_zip):
    import_catalogue(ImportOptions(products=write_products({"id": "1"}), images=write_zip({"1.jpg": jpeg()})))
    products = write_products({"id": "1", "images": "other.jpg"}, {"id": "2"})
    result = import_catalogue(ImportOptions(products=products))
    assert (result.added, result.unchanged, result.bare, result.unread_pictures, result.bad) == (
        1,
        1,
        1,
        1,
        [],
    )
    assert {p.sku: p.images.count() for p in Product.objects.all()} == {"1": 1, "2": 0}


def test_files_that_are_no_pictures_are_not_taken_for_one(tmp_path):
    for name in ("Thumbs.db", ".DS_Store", "1.txt", "1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    with open_pictures(tmp_path) as source:
        assert source.find_for("1") == "1.jpg"
        assert source.find_for("thumbs") is None


def test_an_empty_cell_of_pictures_leaves_them_as_they_are(write_products, write_zip):
    images = write_zip({"1.jpg": jpeg("red"), "2.jpg": jpeg("blue")})
    import_catalogue(
        ImportOptions(products=write_products({"id": "1", "images": "1.jpg|2.jpg"}), images=images)
    )
    result = import_catalogue(
        ImportOptions(products=write_products({"id": "1"}), images=write_zip({}, "none.zip"))
    )
    assert (result.unchanged, result.bad) == (1, [])
    assert import_catalogue(ImportOptions(products=write_products({"id": "1"}), images=images)).unchanged == 1
    assert ProductImage.objects.count() == 2
