"""Messages in the client's language."""

import re
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

import search
from search.api.errors import GENERAL

CODES = re.compile(r'(?:InvalidQuery\(|_response\(\s*\d+,|default_code =)\s*"(\w+)"')


def message(client, language, address="/api/v1/products/nowhere/"):
    response = client.get(address, headers={"Accept-Language": language})
    return response.json()["error"], response["Content-Language"]


@pytest.mark.parametrize("language", ["de", "de-AT,de;q=0.9,en;q=0.5"])
def test_german(client, version, language):
    error, said_in = message(client, language)
    assert error == {
        "code": "product_not_found",
        "message": "Kein Produkt hat diese Artikelnummer: Bitte die Schreibweise prüfen.",
    }
    assert said_in == "de"


@pytest.mark.parametrize("language", ["", "en", "en-US,de;q=0.5", "tlh", "fr", "*", "x" * 5000])
def test_other_languages_get_the_exact_english(client, version, language):
    error, said_in = message(client, language)
    assert error["message"].startswith("No product has the SKU 'nowhere'")
    assert said_in == "en"


def test_the_cache_is_told(client, version):
    assert "Accept-Language" in client.get("/api/v1/products/nowhere/")["Vary"]


@pytest.mark.parametrize("code", GENERAL)
def test_every_message_has_its_german(code):
    with translation.override("de"):
        assert gettext(GENERAL[code]) != GENERAL[code]


def test_every_code_has_a_message():
    folder = Path(search.__file__).parent
    used = {code for file in folder.rglob("*.py") for code in CODES.findall(file.read_text())}
    assert len(used) > 15
    assert used <= GENERAL.keys()
