"""The page that takes a photo."""

import io
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django.asserts import assertContains, assertNotContains

from search.exceptions import ArtifactError, EncoderTimeout
from search.views import photo as photo_module

pytestmark = pytest.mark.django_db

URL = "/find/photo/"


def jpeg(content: bytes = b"") -> SimpleUploadedFile:
    """A red photo, or a file of other content."""
    file = io.BytesIO()
    Image.new("RGB", (40, 60), "red").save(file, "JPEG")
    return SimpleUploadedFile("photo.jpg", content or file.getvalue(), "image/jpeg")


def test_the_form_works_without_scripts(client, host):
    page = client.get(URL).content.decode()
    form = page.partition('<form class="fs-photo-form"')[2].partition("</form>")[0]
    assert 'method="post" enctype="multipart/form-data" action="/find/photo/"' in form
    assert "csrfmiddlewaretoken" in form
    assert "never stored" in page
    assert "<title>Search with a photo | Nordlicht</title>" in page
    assert 'name="turn"' in form.partition("<noscript>")[2]
    assert "up to 8 MB" in form


def test_a_photo_leads_to_what_looks_like_it(client, shelf):
    response = client.post(URL, {"image": jpeg(), "box": "0.1,0.1,0.9,0.9", "turn": "90"})
    assert response.status_code == 302
    path, query = urlsplit(response["Location"])[2:4]
    assert (path, list(parse_qs(query))) == ("/find/", ["photo"])
    page = client.get(response["Location"])
    assertContains(page, "<h1>Similar to your photo</h1>")
    assertContains(page, '<meta name="robots" content="noindex, follow">')
    assertContains(page, '<input type="hidden" name="photo" value="')
    assert len(re.findall("data-sku=", page.content.decode())) == 4
    narrowed = client.get(response["Location"] + "&colour=Red&q=shirt")
    assertContains(narrowed, "Similar to your photo, “shirt”")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a photo first."),
        (
            {"image": "unreadable"},
            "We could not open this photo. Send a JPEG, PNG, WebP, AVIF or HEIC photo.",
        ),
        ({"image": "photo", "box": "all of it"}, "box must be left,top,right,bottom"),
        ({"image": "photo", "turn": "around"}, "turn must be 0, 90, 180 or 270"),
        ({"image": "large"}, "more than 8 MB"),
    ],
)
def test_what_is_wrong_with_a_photo_is_said(client, shelf, sent, said):
    files = {"unreadable": jpeg(b"\xff\xd8\xff no picture"), "photo": jpeg(), "large": jpeg(b"x" * 8_000_001)}
    response = client.post(URL, {name: files.get(value, value) for name, value in sent.items()})
    assertContains(response, said, status_code=400)
    assertContains(response, 'role="alert"', status_code=400)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EncoderTimeout("busy"), "Many people are sending photos"),
        (ArtifactError("damaged"), "Photo search is not available"),
    ],
)
def test_an_encoder_that_does_not_answer_asks_to_come_back(client, shelf, monkeypatch, error, said):
    def fail(*_args):
        raise error

    monkeypatch.setattr(photo_module, "take_photo", fail)
    response = client.post(URL, {"image": jpeg()})
    assertContains(response, said, status_code=503)
    assert response["Retry-After"] == "5"


def test_without_an_index_there_is_nothing_to_compare_with(client, host, db):
    response = client.post(URL, {"image": jpeg()})
    assertContains(response, "Photo search is not ready yet", status_code=503)


def test_other_sites_cannot_send_photos(host, db):
    assert Client(enforce_csrf_checks=True).post(URL, {"image": jpeg()}).status_code == 403


@pytest.mark.usefixtures("redis_server")
def test_one_client_may_send_so_many_photos(client, shelf, host):
    host.FASHION_SEARCH = {**host.FASHION_SEARCH, "PHOTO_RATE": "2/min", "NAMESPACE": "pages-of-photos"}
    assert [client.post(URL, {"image": jpeg()}).status_code for _ in range(3)] == [302, 302, 429]
    response = client.post(URL, {"image": jpeg()})
    assertContains(response, "You have sent many photos in a short time.", status_code=429)
    assert 0 < int(response["Retry-After"]) <= 60
    assert client.get(URL).status_code == 200
    assertNotContains(client.get("/find/?q=shirt"), "many photos")
