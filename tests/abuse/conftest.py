"""A small indexed shop to attack."""

from pathlib import Path
from typing import Any

import pytest

from search.api import access as throttling
from search.indexing.lexicons import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexVersion
from search.query.lexicon import forget_words
from search.tags.refresh import refresh_tags
from search.tags.suggest import forget_taggers
from tests.abuse.strings import COMPOSED
from tests.search.indexed import add, make_version, unit


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """A media folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def indexed(settings: Any, tiny_artifact: Path, db: None, redis_server: Any) -> IndexVersion:
    """Three shirts, one with accents in its name, its brand and its colour; no rates."""
    rates = {"API_RATE": "", "PHOTO_RATE": "", "EVENTS_RATE": ""}
    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact), "MIN_SIMILARITY": 0.2, **rates}
    throttling.breaker.close()
    for forget in (forget_words, forget_snapshot, forget_taggers):
        forget()
    version = make_version(tiny_artifact)
    red = {"colour": ["Red"], "category": ["Shirts"], "brand": ["Acme"]}
    add(version, "S-1", "Red shirt", pictures=[unit(1)], text=unit(1), facets=red)
    add(version, "S-2", "Blue shirt", pictures=[unit(1, 1)], text=unit(1, 1), facets={"colour": ["Blue"]})
    accented = {"colour": [COMPOSED], "brand": [COMPOSED]}
    add(
        version,
        "É-3",
        f"{COMPOSED} blouse",
        brand=COMPOSED,
        pictures=[unit(0, 1)],
        text=unit(0, 1),
        facets=accented,
    )
    build_lexicon(version)
    return version


@pytest.fixture
def tagged(indexed: IndexVersion) -> None:
    """Tags can be suggested, too."""
    refresh_tags()
