"""Thumbnails: made once, at their size, and a placeholder where there is no picture."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from shop import thumbnails
from tests.shop.pictures import jpeg


def body(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.fixture
def picture() -> str:
    return default_storage.save("products/aa/1.jpg", ContentFile(jpeg("red", (600, 900))))


@pytest.mark.parametrize(
    ("frame", "size"),
    [("mini", (75, 112)), ("card", (240, 360)), ("card2x", (480, 720)), ("stage2x", (600, 900))],
)
def test_a_thumbnail_fits_its_frame_and_is_never_enlarged(client, picture, frame, size):
    response = client.get(f"/media/thumbs/{frame}/{picture}.webp")
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    image = Image.open(io.BytesIO(body(response)))
    assert (image.format, image.size) == ("WEBP", size)


def test_a_thumbnail_is_made_once(client, picture, monkeypatch):
    made = []
    real = thumbnails.open_picture
    monkeypatch.setattr(thumbnails, "open_picture", lambda *a, **k: made.append(a) or real(*a, **k))
    first, second = (body(client.get(f"/media/thumbs/card/{picture}.webp")) for _ in range(2))
    assert first == second
    assert len(made) == 1


def test_a_picture_is_turned_upright(client):
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (80, 60), "red").save(file, "JPEG", exif=exif)
    default_storage.save("products/aa/turned.jpg", ContentFile(file.getvalue()))
    response = client.get("/media/thumbs/card/products/aa/turned.jpg.webp")
    assert Image.open(io.BytesIO(body(response))).size == (60, 80)


@pytest.mark.parametrize("content", [None, b"", b"not a picture", jpeg()[:200]])
def test_a_missing_or_damaged_picture_shows_a_placeholder(client, content):
    if content is not None:
        default_storage.save("products/aa/bad.jpg", ContentFile(content))
    response = client.get("/media/thumbs/card/products/aa/bad.jpg.webp")
    assert (response.status_code, response["Content-Type"]) == (404, "image/svg+xml")
    assert response["Cache-Control"] == "public, max-age=60"
    assert response.content.startswith(b"<svg")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/media/thumbs/huge/products/aa/1.jpg.webp",
        "/media/thumbs/card/secret/1.jpg.webp",
        "/media/thumbs/card/products/../../secret.jpg.webp",
        "/media/thumbs/card/products/%2e%2e/%2e%2e/%2e%2e/etc/passwd.webp",
        "/media/thumbs/card/products/aa/%00.jpg.webp",
    ],
)
def test_other_names_are_404(client, picture, address):
    assert client.get(address).status_code == 404


def test_no_way_leads_out_of_the_pictures_of_products(client, db):
    default_storage.save("private/x.jpg", ContentFile(jpeg("red", (60, 90))))
    assert client.get("/media/thumbs/card/products/../private/x.jpg.webp").status_code == 404
