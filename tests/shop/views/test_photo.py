"""Photo search in the shop."""

import html
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from search.encoders.artifact import calibrate
from search.encoders.votes import Calibration
from search.engine import Box
from search.exceptions import ArtifactError, EncoderTimeout
from search.views import photo as photo_views
from tests.search.indexed import add, make_version, unit
from tests.tiny_artifact import write_tiny_artifact

pytestmark = pytest.mark.django_db

URL = "/search/photo/"


def jpeg():
    file = io.BytesIO()
    Image.new("RGB", (40, 60), "red").save(file, "JPEG")
    return SimpleUploadedFile("photo.jpg", file.getvalue(), "image/jpeg")


def test_the_form_is_there_and_linked(client):
    page = client.get(URL).content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert "never stored" in page
    assert f'href="{URL}"' in client.get("/").content.decode()


def test_a_photo_leads_to_its_results_and_keeps_its_token(client, monkeypatch):
    monkeypatch.setattr(photo_views, "take_photo", lambda file, size, box, turn: "token/+1")
    response = client.post(URL, {"image": jpeg()})
    assert (response.status_code, response["Location"]) == (302, "/search/?photo=token%2F%2B1")


def test_what_went_wrong_is_said(client, monkeypatch):
    response = client.post(URL)
    assert response.status_code == 400
    assert "Choose a photo first." in response.content.decode()
    response = client.post(URL, {"image": jpeg()})
    assert response.status_code == 503
    assert "Photo search is not ready yet" in response.content.decode()

    def busy(file, size, box, turn):
        raise EncoderTimeout("busy")

    monkeypatch.setattr(photo_views, "take_photo", busy)
    response = client.post(URL, {"image": jpeg()})
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_the_form_is_guarded_against_other_sites():
    assert Client(enforce_csrf_checks=True).post(URL, {"image": jpeg()}).status_code == 403


def test_an_expired_photo_is_told(client, tiny_artifact):
    make_version(tiny_artifact)
    response = client.get("/search/?photo=forged")
    assert response.status_code == 400
    assert "The photo is not known any more: send it again." in response.content.decode()


def test_results_keep_the_photo_while_filters_and_words_change(client, tiny_artifact):
    version = make_version(tiny_artifact)
    add(version, "A-1", "Linen shirt", pictures=[unit(1)], facets={"colour": ["Red"]})
    address = client.post(URL, {"image": jpeg()})["Location"]
    page = client.get(address + "&colour=Red&q=linen").content.decode()
    assert "Similar to your photo, “linen”" in page
    assert '<input type="hidden" name="photo" value="' in page
    assert page.count('id="words"') == 1
    assert "?photo=" in page.split('class="chip-clear"')[1][:60]


def test_a_box_is_searched_with_and_a_wrong_one_is_told(client, monkeypatch):
    boxes = []
    monkeypatch.setattr(photo_views, "take_photo", lambda file, size, box, turn: boxes.append(box) or "token")
    client.post(URL, {"image": jpeg(), "box": "0.1,0.2,0.9,0.8"})
    client.post(URL, {"image": jpeg(), "box": ""})
    assert boxes == [Box(0.1, 0.2, 0.9, 0.8), Box()]
    response = client.post(URL, {"image": jpeg(), "box": "all of it"})
    assert response.status_code == 400
    assert "box must be left,top,right,bottom" in response.content.decode()


def test_a_photo_is_turned_as_asked_for_and_a_wrong_turn_is_told(client, monkeypatch):
    turns = []
    monkeypatch.setattr(
        photo_views, "take_photo", lambda file, size, box, turn: turns.append(turn) or "token"
    )
    for stated in ({}, {"turn": ""}, {"turn": "0"}, {"turn": "270"}):
        client.post(URL, {"image": jpeg(), **stated})
    assert turns == [None, None, 0, 270]
    response = client.post(URL, {"image": jpeg(), "turn": "around"})
    assert response.status_code == 400
    assert "turn must be 0, 90, 180 or 270" in response.content.decode()


def test_an_encoder_that_cannot_run_is_told(client, monkeypatch):
    def fail(file, size, box, turn):
        raise ArtifactError("image.onnx is damaged")

    monkeypatch.setattr(photo_views, "take_photo", fail)
    response = client.post(URL, {"image": jpeg()})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "Photo search is not available" in response.content.decode()


def test_one_file_of_a_request_is_kept(client, monkeypatch):
    sizes = []
    monkeypatch.setattr(
        photo_views, "take_photo", lambda file, size, box, turn: sizes.append(size) or "token"
    )
    others = {f"other{number}": jpeg() for number in range(3)}
    assert client.post(URL, {**others, "image": jpeg()}).status_code == 302
    assert len(sizes) == 1
    assert client.post(URL, others).status_code == 400


def test_what_a_photo_shows_is_a_chip_with_other_values(client, tmp_path, settings):
    write_tiny_artifact(tmp_path / "artifact", seed=10)
    even = Calibration(share=1.0, similarity=0.0, constant=0.0)
    calibrate(tmp_path / "artifact", {"category": even, "colour": even})
    settings.FASHION_SEARCH = {
        **settings.FASHION_SEARCH,
        "ARTIFACT": tmp_path / "artifact",
        "GUESS_CONFIDENCE": 0.6,
    }
    version = make_version(tmp_path / "artifact")
    for number in range(4):
        facets = {"category": ["Footwear", "Shoes" if number else "Sandals"], "colour": ["Red"]}
        add(version, f"A-{number}", f"Pair {number}", pictures=[unit(1)], facets=facets)
    address = client.post(URL, {"image": jpeg()})["Location"]
    page = client.get(address).content.decode()
    chips = page.partition('aria-label="What the photo shows"')[2].partition("</div>")[0]
    assert "It is not Shoes" in chips
    assert "It is not Red" in chips
    assert "More that look similar" in page
    assert page.index("Pair 3") < page.index("Pair 0")
    others = re.findall(r'href="(\?[^"]+)">Footwear \u203a Sandals<', chips)
    changed = client.get("/search/" + html.unescape(others[0])).content.decode()
    assert changed.index("Pair 0") < changed.index("Pair 3")
    assert '<input type="hidden" name="looks" value="category=Sandals">' in changed
    (back,) = re.findall(r'href="(\?[^"]+)"><span class="sr">It is not Sandals', changed)
    plain = client.get("/search/" + html.unescape(back)).content.decode()
    assert "Sandals</summary>" not in plain
    assert "More that look similar" not in plain
