"""Bad pictures through every way in: each is taken or refused with a sentence, in little time and memory."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from shop.importer import ImportOptions, import_catalogue
from shop.models import Product, ProductImage
from tests.abuse import bad_heif, bad_pictures
from tests.abuse.pages import complaints
from tests.abuse.photos import SECRETS, photo, with_secrets
from tests.pace import slowness

SECONDS = 1.0  # of a quick machine
BYTES = 250_000_000
NAMES = ("../../evil.jpg", "a" * 300 + ".jpg", "<xss-probe>.png", "con.jpg", ".jpg", "a.svg", "a.php", "a.jpg.html", "\u202egpj.exe",
         "a;b|c&d.jpg", "%00.jpg", " .jpg", "a\\b.jpg", "'\".jpg", "a.JPEG", "no ending")  # fmt: skip


def measure(folder, pictures, *options):
    """Seconds, bytes and sentence for each, measured in processes of their own."""
    names = {}
    for number, (name, content) in enumerate(pictures.items()):
        path = folder / str(number)
        path.write_bytes(content)
        names[str(path)] = name
    command = [sys.executable, "-m", "tests.abuse.measuring", *options, *names]
    done = subprocess.run(command, capture_output=True, check=True, timeout=1000, env=dict(os.environ))
    return {names[path]: found for path, found in json.loads(done.stdout).items()}


def too_much(found):
    """Those that took too long, too much memory, or their process with them."""
    seconds = SECONDS * slowness()
    return {
        name: one
        for name, one in found.items()
        if one["status"]
        or one["seconds"] > seconds
        or one["bytes"] > BYTES
        or (one["said"] and not one["said"].endswith("."))
    }


@pytest.mark.long
def test_each_costs_little_time_and_memory(tmp_path):
    large = bad_pictures.large()
    found = measure(tmp_path, bad_pictures.every() | large)
    assert too_much(found) == {}
    refused = {name for name, one in found.items() if one["said"]}
    assert not refused & {*bad_pictures.modes(), *large}
    assert refused >= {*bad_pictures.bombs(), *bad_heif.bombs()} - {"PNG with a megabyte of text"}
    whole = measure(tmp_path, large, "--whole")
    assert too_much(whole) == {}
    assert {name for name, one in whole.items() if one["said"]} == {
        "progressive JPEG of 25 megapixels of RGB",
        "progressive JPEG of 25 megapixels of CMYK",
    }


@pytest.mark.parametrize("format", bad_pictures.FORMATS)
def test_a_picture_cut_anywhere_is_refused_or_taken(format):
    for name, content in bad_pictures.cuts(format).items():
        said, size = "", photo().size
        try:
            size = open_picture(io.BytesIO(content)).size
        except PictureError as error:
            said = str(error)
        assert size == photo().size, name
        assert said in ("", f"{said.rstrip('.')}."), name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", [pytest.param("/search/photo/", marks=pytest.mark.long), "/api/v1/search/photo/"]
)
def test_photo_search(client, indexed, address):
    wrong, taken = {}, set()
    for name, content in bad_pictures.every().items():
        begun = time.process_time()
        response = client.post(address, {"image": SimpleUploadedFile("a.jpg", content, "image/jpeg")})
        seconds = time.process_time() - begun
        found = complaints(response) + ([f"{seconds:.2f} s"] if seconds > SECONDS * slowness() else [])
        if response.status_code in (200, 302):
            taken.add(name)
        elif response.status_code != 400:
            found.append(f"status {response.status_code}")
        if found:
            wrong[name] = found
    assert wrong == {}
    assert taken >= {
        name for name in bad_pictures.modes() if not name.startswith("GIF")
    }  # which no camera writes
    assert not taken & {
        "SVG",
        "HTML",
        "nothing",
        "BMP",
        "TIFF",
        *bad_pictures.bombs(),
        *bad_pictures.floods(),
        *bad_heif.bombs(),
        *bad_heif.floods(),
    } - {"PNG with a megabyte of text"}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/search/photo/", "/api/v1/search/photo/"])
def test_names_of_photos_mean_nothing(client, indexed, address):
    for name in NAMES:
        file = SimpleUploadedFile("a", bad_pictures.written(photo(), "JPEG"), "text/html")
        file._name = name
        response = client.post(address, {"image": file})
        assert response.status_code in (200, 302), (name, response.content[:300])


@pytest.mark.django_db
def test_the_import_says_of_each_why_it_was_left_out(tmp_path, settings):
    pictures = bad_pictures.every()
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for number, content in enumerate(pictures.values()):
            archive.writestr(f"{number}.jpg", content)
    rows = "".join(f"{number},Shirt {number},Apparel\n" for number in range(len(pictures)))
    (tmp_path / "products.csv").write_text("id,name,category\n" + rows)
    result = import_catalogue(
        ImportOptions(products=tmp_path / "products.csv", images=tmp_path / "images.zip")
    )
    assert result.added + len(result.bad) == len(pictures)
    assert [row.reason for row in result.bad if not row.reason.endswith(".")] == []
    names = list(pictures)
    left_out = {names[int(row.sku)] for row in result.bad}
    assert not left_out & set(bad_pictures.modes())
    assert left_out >= {"SVG", "HTML", "nothing", "one byte", *bad_pictures.floods(), *bad_heif.floods()}


@pytest.mark.long
@pytest.mark.django_db
def test_the_admin_takes_or_refuses_each_with_a_sentence(admin_client, indexed):
    product = Product.objects.get(sku="S-1")
    wrong, stored = {}, 0
    files = {name: ("a.jpg", content) for name, content in bad_pictures.every().items()}
    files |= {f"the name {name}": (name, bad_pictures.written(photo(), "JPEG")) for name in NAMES}
    for name, (called, content) in files.items():
        begun = time.process_time()
        response = save(admin_client, product, called, content)
        seconds = time.process_time() - begun
        found = complaints(response) + ([f"{seconds:.2f} s"] if seconds > SECONDS * slowness() else [])
        if response.status_code == 302:
            stored += 1
            found += ["taken"] if name in bad_pictures.floods() | bad_heif.floods() else []
        elif not response.context["errors"]:
            found.append("refused without a sentence")
        if found:
            wrong[name] = found
    assert wrong == {}
    assert stored == ProductImage.objects.filter(product=product).count() >= len(bad_pictures.modes())
    for picture in ProductImage.objects.filter(product=product):
        assert picture.image.name.startswith("products/uploads/")


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_nothing_that_is_served_says_where_a_photo_was_taken(admin_client, client, indexed, format):
    product = Product.objects.get(sku="S-1")
    assert (
        save(admin_client, product, f"a.{format.lower()}", with_secrets(photo(), format, 6)).status_code
        == 302
    )
    name = ProductImage.objects.get(product=product).image.name
    default_storage.save("products/aa/old.jpg", ContentFile(with_secrets(photo(), format, 6)))
    addresses = [
        f"/media/{name}",
        f"/media/thumbs/card/{name}.webp",
        "/media/thumbs/card2x/products/aa/old.jpg.webp",
    ]
    for address in addresses:
        content = b"".join(client.get(address).streaming_content)
        assert [word for word in SECRETS if word in content] == [], address
        assert 0x8825 not in Image.open(io.BytesIO(content)).getexif()


def save(admin_client, product, name, content):
    """Add a picture to a product in the admin."""
    file = SimpleUploadedFile("a", content)
    file._name = name
    data = {
        "name": product.name, "sku": product.sku, "slug": product.slug, "brand": product.brand_id,
        "category": product.category_id, "description": "", "price": "5", "currency": "INR", "gender": "",
        "colour": "", "attributes": "{}", "published": "on", "created_0": "2026-01-01", "created_1": "10:00",
        "variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0, "images-TOTAL_FORMS": 1, "images-INITIAL_FORMS": 0,
        "images-0-product": product.pk, "images-0-position": 0, "images-0-alt_text": "", "images-0-image": file,
    }  # fmt: skip
    return admin_client.post(f"/admin/shop/product/{product.pk}/change/", data)
