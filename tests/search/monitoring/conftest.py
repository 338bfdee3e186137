"""Small indexes: one that a process can search with, one that is probed."""

import pytest

from search.merchandising.snapshots import forget_snapshot
from search.models import IndexVersion
from search.monitoring.probes import Finding, State
from search.query.lexicon import forget_words
from tests.search.indexed import add, make_version, unit
from tests.search.products import build_version, make_product


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


@pytest.fixture
def active(index_settings) -> IndexVersion:
    """A version of two products that workers have built."""
    for number in range(2):
        make_product(f"A{number}")
    return build_version()


def of(findings: list[Finding], name: str) -> tuple[State, str]:
    """What one of several findings says."""
    return next((found.state, found.sentence) for found in findings if found.name == name)
