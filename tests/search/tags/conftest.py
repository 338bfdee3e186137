"""A version whose tag vocabulary is small, and made by the tiny artifact, which knows colours."""

import pytest

from search.indexing.lexicons import build_lexicon
from search.tags import refresh
from search.tags.refresh import refresh_tags
from tests.search.indexed import add, make_version
from tests.tiny_artifact import COLOURS

WORDS = (("style", "red"), ("style", "striped"), ("material", "cotton"), ("style", "Pink"))


def embedding_of(colour: str, artifact) -> list[float]:
    """Where the tiny artifact puts a picture of one colour."""
    from PIL import Image

    from search.encoders.sessions import load_artifact

    picture = Image.new("RGB", (6, 8), COLOURS[colour])
    return load_artifact(artifact).encode_images([picture])[0].tolist()


@pytest.fixture
def version(tiny_artifact, index_settings, db, monkeypatch):
    """Three products, two of which bear a colour; the vocabulary has their values and four words."""
    monkeypatch.setattr(refresh, "general_words", lambda: WORDS)
    version = make_version(tiny_artifact)
    facets = {"category": ["Tops", "Shirts"], "brand": ["Acme"], "size": ["M"]}
    red, blue, pink = (embedding_of(colour, tiny_artifact) for colour in ("red", "blue", "pink"))
    add(version, "S-1", "Shirt", facets={**facets, "colour": ["Red"]}, pictures=[red])
    add(version, "S-2", "Cotton shirt", facets={**facets, "colour": ["Blue"]}, pictures=[blue, blue])
    add(version, "S-3", "Cotton shirt", facets=facets, pictures=[pink])
    add(version, "S-4", "Bare shirt", facets=facets)
    build_lexicon(version)
    return version


@pytest.fixture
def tagged(version):
    """The same with its vocabulary made."""
    assert refresh_tags()
    return version
