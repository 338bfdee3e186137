"""A small index that a process can search with."""

import pytest

from search.merchandising.snapshots import forget_snapshot
from search.query.lexicon import forget_words
from tests.search.indexed import add, make_version, unit


@pytest.fixture
def searchable(settings, tiny_artifact, transactional_db, redis_server):
    """One red shirt in an active version; committed, because some who look have a connection of their own."""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {
        "ARTIFACT": str(tiny_artifact),
        "MIN_SIMILARITY": 0.2,
    }
    forget_words()
    forget_snapshot()
    version = make_version(tiny_artifact)
    add(version, "S-1", "Red shirt", pictures=[unit(1)], text=unit(1), facets={"colour": ["Red"]})
    return version
