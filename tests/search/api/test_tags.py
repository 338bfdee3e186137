"""GET and POST tags/, GET words/."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from search.api import tags as tags_api
from search.exceptions import ArtifactError, EncoderTimeout
from search.models import IndexEntry, ProductTag
from tests.search.tags.conftest import tagged, version  # noqa: F401 - fixtures
from tests.tiny_artifact import COLOURS

TAGS, WORDS = "/api/v1/tags/", "/api/v1/words/"


def photo(colour: str = "red") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (40, 60), COLOURS[colour]).save(file, "PNG")
    return SimpleUploadedFile("photo.png", file.getvalue(), "image/png")


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_the_words_for_a_product(client, tagged):  # noqa: F811
    ProductTag.objects.create(
        product_key=IndexEntry.objects.get(sku="s-1").product_key, kind="style", word="retro", state="accepted",
        similarity=0.1, confidence=0.9, artifact_name="tiny", suggested_at=timezone.now(),
    )  # fmt: skip
    answer = client.get(TAGS, {"product": "s-1"}).json()
    assert set(answer) == {"sku", "accepted", "tags", "kinds"}
    assert (answer["sku"], answer["accepted"]) == ("S-1", ["retro"])
    assert answer["kinds"]["colour"][0] == {
        "kind": "colour",
        "word": "Red",
        "similarity": 1.0,
        "confidence": 1.0,
    }
    assert [tag["word"] for tag in answer["kinds"]["colour"]] == ["Red", "Blue"]
    assert all(tag["confidence"] >= 0.4 for tag in answer["tags"])
    words = {tag["word"] for tag in answer["tags"]}
    assert "Red" in words
    assert "Shirts" not in words  # the only category has no confidence
    assert "category" not in answer["kinds"]
    few = client.get(TAGS, {"product": "S-1", "limit": "1"}).json()
    assert [tag["word"] for tag in few["kinds"]["colour"]] == ["Red"]


def test_a_product_without_pictures_has_no_words(client, tagged):  # noqa: F811
    assert client.get(TAGS, {"product": "S-4"}).json() == {
        "sku": "S-4",
        "accepted": [],
        "tags": [],
        "kinds": {},
    }


def test_the_words_for_a_photo_and_a_token_to_search_with(client, tagged):  # noqa: F811
    answer = client.post(TAGS, {"image": photo("blue"), "box": "0.1,0.1,0.9,0.9"}).json()
    assert set(answer) == {"photo", "turned", "tags", "kinds"}
    assert [tag["word"] for tag in answer["kinds"]["colour"]] == ["Blue", "Red"]
    found = client.get("/api/v1/search/", {"photo": answer["photo"]}).json()
    assert found["results"][0]["sku"] == "S-2"


def test_similar_words(client, tagged):  # noqa: F811
    answer = client.get(WORDS, {"q": " RED ", "limit": "2"}).json()
    assert answer["query"] == "RED"
    assert answer["words"][0]["word"] == "Pink"
    assert len(answer["words"]) == 2
    assert set(answer["words"][0]) == {"kind", "word", "similarity"}
    assert client.get(WORDS, {"q": " "}).json() == {"query": "", "words": []}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (TAGS, (400, "no_product")),
        (f"{TAGS}?product=none", (404, "product_not_found")),
        (f"{TAGS}?product=S-1&product=S-2", (400, "repeated_parameter")),
        (f"{TAGS}?product=S-1&limit=0", (400, "invalid_limit")),
        (f"{TAGS}?sku=S-1", (400, "unknown_parameter")),
        (f"{TAGS}?product=%00", (400, "invalid_character")),
        (WORDS, (400, "no_word")),
        (f"{TAGS}?product=%20", (404, "product_not_found")),
        (f"{WORDS}?q=" + "x" * 201, (400, "too_long")),
        (f"{WORDS}?q=red&page=2", (400, "unknown_parameter")),
        (f"{WORDS}near/", (404, "not_found")),
    ],
)
def test_what_cannot_be_answered_is_refused(client, tagged, address, expected):  # noqa: F811
    assert code(client.get(address)) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "no_photo"),
        ({"image": "text"}, "no_photo"),
        ({"image": SimpleUploadedFile("a.jpg", b"nothing")}, "invalid_photo"),
        ({"image": SimpleUploadedFile("a.jpg", bytes(9_000_000))}, "photo_too_large"),
        ({"box": "1,2"}, "invalid_box"),
    ],
)
def test_photos_have_the_rules_of_the_search_by_photo(client, tagged, data, expected):  # noqa: F811
    image = {"image": photo()} if "box" in data else {}
    assert code(client.post(TAGS, image | data)) == (400, expected)


def test_methods(client, tagged):  # noqa: F811
    assert code(client.post(WORDS, {})) == (405, "method_not_allowed")
    assert client.put(TAGS, {})["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_before_there_is_a_vocabulary_the_client_is_told_to_come_back(client, version):  # noqa: F811
    for response in (client.get(TAGS, {"product": "S-1"}), client.get(WORDS, {"q": "red"})):
        assert (*code(response), response["Retry-After"]) == (503, "no_tags", "5")


def test_a_damaged_artifact_is_told_as_a_search_that_is_away(client, tagged, monkeypatch):  # noqa: F811
    def damaged(*args):
        raise ArtifactError("gone")

    monkeypatch.setattr(tags_api, "similar_words", damaged)
    response = client.get(WORDS, {"q": "red"})
    assert (*code(response), response["Retry-After"]) == (503, "unavailable", "5")


def test_when_encoders_are_busy_the_client_is_told_to_come_back(client, tagged, monkeypatch):  # noqa: F811
    def busy(*args):
        raise EncoderTimeout("busy")

    monkeypatch.setattr(tags_api, "take_photo", busy)
    monkeypatch.setattr(tags_api, "similar_words", busy)
    for response in (client.post(TAGS, {"image": photo()}), client.get(WORDS, {"q": "red"})):
        assert (*code(response), response["Retry-After"]) == (503, "busy", "5")
