"""A version for tests of retrieval."""

import pytest

from tests.search.indexed import make_version


@pytest.fixture
def empty_version(tiny_artifact, search_settings, db):
    """An active version without entries."""
    return make_version(tiny_artifact)
