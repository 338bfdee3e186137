import pytest

from tests.search.indexed import add, make_version


@pytest.fixture
def shirts(version):
    """Five shirts, the last the newest: two red (Acme), two blue (Acme, Bolt), one without a price (Bolt)."""
    return [
        add(version, "s1", "Red shirt", price=300, facets={"colour": ["Red"], "brand": ["Acme"]}),
        add(version, "s2", "Crimson shirt", price=100, facets={"colour": ["Red"], "brand": ["Acme"]}),
        add(version, "s3", "Blue shirt", price=200, facets={"colour": ["Blue"], "brand": ["Acme"]}),
        add(
            version,
            "s4",
            "Navy shirt",
            brand="Bolt",
            price=200,
            facets={"colour": ["Blue"], "brand": ["Bolt"]},
        ),
        add(version, "s5", "Plain shirt", brand="Bolt", price=None, facets={"brand": ["Bolt"]}),
    ]


# A version for tests of retrieval.


@pytest.fixture
def empty_version(tiny_artifact, search_settings, db):
    """An active version without entries."""
    return make_version(tiny_artifact)
