"""A host that includes the search pages below /find/, with a base template of its own and six products."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.query.lexicon import forget_words
from tests.host import settings as own
from tests.search.indexed import add, unit


@pytest.fixture
def host(search_settings) -> Iterator[Any]:
    """The settings of a host with pages of its own."""
    settings = search_settings
    settings.ROOT_URLCONF = own.ROOT_URLCONF
    settings.TEMPLATES = own.TEMPLATES
    settings.MIDDLEWARE = own.MIDDLEWARE
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "SEARCH_URL": "/find/", "PHOTO_RATE": ""}
    with translation.override(settings.LANGUAGE_CODE):  # what a page activates is no other test's language
        yield settings


@pytest.fixture
def shelf(host, version):
    """Shirts and a shoe, with their words counted."""
    rows = [
        ("S1", "Blue linen shirt", 900, "Blue", "Shirts"),
        ("S2", "Red cotton shirt", 1500, "Red", "Shirts"),
        ("S3", "White cotton shirt", 2500, "White", "Shirts"),
        ("S4", "Brown shoe", 3000, "Brown", "Shoes"),
    ]
    for number, (sku, name, price, colour, kind) in enumerate(rows):
        facets = {"colour": [colour], "category": [kind], "brand": ["Acme"], "gender": ["Women"]}
        add(
            version, sku, name, price=price, facets=facets, keywords=f"{kind}, {colour}",
            text=unit(1, number), pictures=[unit(2, number)],
        )  # fmt: skip
    build_lexicon(version)
    refresh_word_list()
    forget_words()
    yield version
    forget_words()


@pytest.fixture
def client() -> Client:
    """A shopper."""
    return Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"})
