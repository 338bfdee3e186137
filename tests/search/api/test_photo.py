"""POST search/photo/."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from search.api import photo as photo_api
from search.encoders.artifact import calibrate
from search.encoders.votes import Calibration
from search.engine.photos import MemoryOnly
from search.exceptions import EncoderTimeout
from tests.search.indexed import add, make_version, unit
from tests.tiny_artifact import write_tiny_artifact

URL = "/api/v1/search/photo/"


def jpeg(colour="red", size=(40, 60)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return SimpleUploadedFile("photo.jpg", file.getvalue(), "image/jpeg")


@pytest.fixture
def pictured(version):
    add(version, "A-1", "A", pictures=[unit(1)], facets={"colour": ["Red"]})
    add(version, "A-2", "B", pictures=[unit(0, 1)], facets={"colour": ["Blue"]})


def test_a_photo_is_answered_with_a_page_and_a_token_for_more(client, pictured):
    response = client.post(URL + "?page_size=1", {"image": jpeg()})
    assert response.status_code == 200, response.content
    answer = response.json()
    assert (answer["total"], len(answer["results"]), answer["query"]) == (2, 1, "")
    more = client.get("/api/v1/search/", {"photo": answer["photo"], "colour": "Blue"}).json()
    assert [result["sku"] for result in more["results"]] == ["A-2"]
    following = client.get(answer["next"]).json()
    assert (following["page"], following["restarted"], len(following["results"])) == (2, False, 1)
    assert following["results"] != answer["results"]


def test_a_photo_may_be_turned(client, pictured):
    answers = [
        client.post(URL, {"image": jpeg(), **stated}).json() for stated in ({"turn": "90"}, {"turn": "0"}, {})
    ]
    assert [answer["turned"] for answer in answers] == [90, 0, 0]
    assert client.get("/api/v1/search/", {"photo": answers[0]["photo"]}).json()["turned"] == 90
    assert client.get("/api/v1/search/", {"q": "A"}).json()["turned"] == 0


def test_boxes_of_the_answer_may_be_sent(client, pictured):
    file = io.BytesIO()
    photo = Image.new("RGB", (60, 80), "white")
    photo.paste("red", (20, 40, 60, 80))
    photo.save(file, "PNG")
    image = SimpleUploadedFile("photo.png", file.getvalue(), "image/png")
    (box, *_) = client.post(URL, {"image": image, "turn": "0"}).json()["boxes"]
    assert box == "0.33,0.5,1,1"
    image.seek(0)
    assert client.post(URL, {"image": image, "box": box}).json()["boxes"] == []


def test_a_box_may_be_given(client, pictured):
    assert client.post(URL, {"image": jpeg(), "box": "0, 0.1,0.9,1"}).status_code == 200


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "no_photo"),
        ({"image": "a text"}, "no_photo"),
        ({"image": SimpleUploadedFile("a.jpg", b"nothing")}, "invalid_photo"),
        ({"image": jpeg(), "turn": "45"}, "invalid_turn"),
        ({"box": "1,2"}, "invalid_box"),
        ({"box": "0,0,1e9,1"}, "invalid_box"),
        ({"box": "0.9,0,0.1,1"}, "invalid_box"),
    ],
)
def test_what_cannot_be_used_is_refused(client, pictured, data, code):
    image = {} if code == "no_photo" else {"image": jpeg()}
    response = client.post(URL, image | data)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_a_large_file_is_refused_and_never_written(client, pictured, monkeypatch, tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")  # whatever is written there fails
    large = SimpleUploadedFile("large.jpg", b"\xff\xd8" + bytes(9_000_000), "image/jpeg")
    response = client.post(URL, {"image": large})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "photo_too_large")
    whole = SimpleUploadedFile("large.jpg", b"\xff\xd8" + bytes(4_000_000), "image/jpeg")
    assert client.post(URL, {"image": whole}).json()["error"]["code"] == "invalid_photo"


def test_of_a_large_file_the_beginning_is_kept():
    handler = MemoryOnly()
    handler.new_file("image", "a.jpg", "image/jpeg", 20_000_000)
    for start in range(0, 20_000_000, 1_000_000):
        handler.receive_data_chunk(bytes(1_000_000), start)
    file = handler.file_complete(20_000_000)
    assert (file.size, len(file.read())) == (20_000_000, 9_000_000)


def test_when_busy_the_client_is_told_when_to_come_back(client, pictured, monkeypatch):
    def busy(*args):
        raise EncoderTimeout("busy")

    monkeypatch.setattr(photo_api, "take_photo", busy)
    response = client.post(URL, {"image": jpeg()})
    assert (response.status_code, response.json()["error"]["code"], response["Retry-After"]) == (
        503,
        "busy",
        "5",
    )


def test_only_posting_is_allowed(client, pictured):
    response = client.get(URL)
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")


def test_a_token_that_is_none_is_refused(client, pictured):
    response = client.get("/api/v1/search/", {"photo": "forged"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "expired_photo")


def test_what_the_photo_shows_is_said_and_can_be_changed(client, tmp_path, db, search_settings):
    write_tiny_artifact(tmp_path / "artifact", seed=9)
    even = Calibration(share=1.0, similarity=0.0, constant=0.0)
    calibrate(tmp_path / "artifact", {"category": even})
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {
        "ARTIFACT": tmp_path / "artifact",
        "GUESS_CONFIDENCE": 0.6,
    }
    version = make_version(tmp_path / "artifact")
    for number in range(4):
        kind = "Shoes" if number else "Sandals"
        add(version, f"A-{number}", kind, pictures=[unit(1)], facets={"category": ["Footwear", kind]})
    answer = client.post(URL, {"image": jpeg()}).json()
    (shown,) = answer["looks_like"]
    assert shown.pop("confidence") == pytest.approx(0.75, abs=0.1)
    (other,) = shown.pop("others")
    assert (other["facet"], other["value"], other["label"]) == (
        "category",
        "Sandals",
        "Footwear \u203a Sandals",
    )
    assert shown == {
        "facet": "category", "value": "Shoes", "label": "Footwear \u203a Shoes", "first": True, "chosen": False,
    }  # fmt: skip
    assert (answer["matching"], answer["total"], answer["results"][-1]["sku"]) == (3, 4, "A-0")
    changed = client.get("/api/v1/search/", {"photo": answer["photo"], "looks": "category=Sandals"}).json()
    assert (changed["results"][0]["sku"], changed["looks_like"][0]["chosen"]) == ("A-0", True)
    back = client.get("/api/v1/search/", {"photo": answer["photo"], "looks": "category="}).json()
    assert (back["looks_like"], back["matching"]) == ([], 4)
    wrong = client.get("/api/v1/search/", {"photo": answer["photo"], "looks": "brand=Acme"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_looks")
