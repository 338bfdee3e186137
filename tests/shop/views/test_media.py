"""Thumbnails: made once, at their size, and a placeholder where there is no picture."""

import errno
import io
import threading
import time

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import HttpResponse
from PIL import Image

from search import storage
from shop import thumbnails
from shop.overload import Shedding
from shop.views import media
from tests.abuse.bad_pictures import written
from tests.abuse.photos import photo
from tests.processes import wait_until
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


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_picture_in_heic_or_avif_is_shown_as_webp(client, format):
    name = default_storage.save("products/aa/phone.heic", ContentFile(written(photo(), format)))
    response = client.get(f"/media/thumbs/card/{name}.webp")
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(body(response))).size == photo().size


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


@pytest.fixture
def frozen(monkeypatch, settings, picture):
    """A storage that hangs at every file until the test is over."""
    gate = threading.Event()
    settings.THUMBNAIL_SECONDS, settings.WEB_WAIT = 0.3, 0.1
    monkeypatch.setattr(storage, "_hanging", storage._Hanging())
    real = FileSystemStorage._open
    monkeypatch.setattr(FileSystemStorage, "_open", lambda *given: gate.wait(60) and real(*given))
    yield gate
    gate.set()


def test_a_storage_that_does_not_answer_is_said_in_time(client, picture, frozen):
    began = time.monotonic()
    response = client.get(f"/media/thumbs/card/{picture}.webp")
    assert time.monotonic() - began < 2
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )
    assert response.content.startswith(b"<svg")


def test_pictures_have_a_few_places_and_the_rest_is_led_to_the_whole_picture(settings, picture, frozen, rf):
    settings.WEB_THUMBNAILS, settings.THUMBNAIL_SECONDS = 1, 5
    answers = []

    def ask() -> None:
        answers.append(media.thumbnail(rf.get("/"), "card", picture))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    wait_until(
        lambda: len(answers) == 5, seconds=180
    )  # one reads; three wait for a moment, the others do not
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, f"/media/{picture}")}
    assert answers[0]["Cache-Control"] == "no-store"
    frozen.set()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - began < 5


def test_with_the_storage_frozen_and_all_asking_for_pictures_a_search_has_its_place(
    settings, picture, frozen, rf
):
    settings.WEB_CONCURRENT, settings.WEB_WAITING, settings.THUMBNAIL_SECONDS = 1, 0, 5

    def view(request):
        if request.path == "/search/":
            return HttpResponse()
        return media.thumbnail(request, "card", picture)

    shop = Shedding(view)
    threads = [
        threading.Thread(target=shop, args=(rf.get(f"/media/thumbs/card/{picture}.webp"),)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert [shop(rf.get("/search/")).status_code for _ in range(3)] == [200, 200, 200]
    frozen.set()
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize(("status", "expected"), [(None, 503), (500, 503), (404, 404), (403, 404)])
def test_errors_of_an_object_store_s_client_are_no_errors_of_ours(
    client, picture, monkeypatch, status, expected
):
    class ClientError(Exception):
        __module__ = "botocore.exceptions"
        response = {"ResponseMetadata": {"HTTPStatusCode": status}}

    def fail(*_):
        raise ClientError("An error occurred")

    monkeypatch.setattr(FileSystemStorage, "_open", fail)
    assert client.get(f"/media/thumbs/card/{picture}.webp").status_code == expected


def test_an_original_waits_for_the_storage_no_longer(client, picture, settings, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(media, "serve", lambda *_, **__: gate.wait(60))
    settings.THUMBNAIL_SECONDS = 0.2
    try:
        assert client.get(f"/media/{picture}").status_code == 503
    finally:
        gate.set()


def test_a_thumbnail_that_cannot_be_stored_is_shown_all_the_same(client, picture, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(thumbnails, "write_whole", full)
    response = client.get(f"/media/thumbs/card/{picture}.webp")
    assert (response.status_code, Image.open(io.BytesIO(body(response))).size) == (200, (240, 360))
    assert "could not be stored: [Errno 28] No space left on device" in caplog.text


def test_a_store_that_forbids_to_ask_for_what_is_not_there_shows_thumbnails(client, picture, monkeypatch):
    class ClientError(Exception):
        __module__ = "botocore.exceptions"
        response = {"ResponseMetadata": {"HTTPStatusCode": 403}}

    real = FileSystemStorage._open

    def forbid(self, name, mode="rb"):
        if name.startswith("thumbs/"):
            raise ClientError("Forbidden")
        return real(self, name, mode)

    monkeypatch.setattr(FileSystemStorage, "_open", forbid)
    assert client.get(f"/media/thumbs/card/{picture}.webp").status_code == 200


def test_no_browser_is_led_to_another_host_which_the_policy_forbids(picture, monkeypatch):
    monkeypatch.setattr(FileSystemStorage, "url", lambda _self, name: f"https://store.example/{name}")
    assert media._whole_picture(picture).status_code == 503
