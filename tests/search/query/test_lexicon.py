import numpy as np
import pytest

from search.encoders.cache import encoders_for
from search.indexing.lexicons import build_lexicon, nonsense, refresh_lexicons
from search.models import VersionLexicon
from search.query.lexicon import forget_words, words_of
from tests.search.indexed import add, make_version, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(tiny_artifact, search_settings):
    version = make_version(tiny_artifact)
    add(version, "a", "Linen shirt", facets={"category": ["Tops", "Shirts"], "colour": ["Red"]}, text=unit(1))
    add(version, "b", "Shirts", facets={"category": ["Tops", "Shirts"]}, pictures=[unit(1)])
    return version


def test_values_and_words_are_counted(version):
    row = build_lexicon(version)

    assert row.total == 2
    assert row.facets == {"category=Tops": 2, "category=Shirts": 2, "colour=Red": 1}
    assert row.paths == [["Tops", "Shirts"]]
    assert {word: row.lexemes[word] for word in ("linen", "shirt", "acm")} == {
        "linen": 1,
        "shirt": 2,
        "acm": 2,
    }
    embedding = np.array(unit(1))  # of the one picture and the one text
    words = encoders_for(version).encode_texts(nonsense())
    expected = pytest.approx(np.percentile(words @ embedding, 99), abs=1e-3)
    assert (row.image_noise, row.text_noise) == (expected, expected)


def test_a_process_reads_the_newest_counts(version, monkeypatch):
    assert words_of(version, ()).lexicon.lexemes is None
    build_lexicon(version)
    assert words_of(version, ()).lexicon.lexemes is None  # looked at a moment ago
    monkeypatch.setattr("search.query.lexicon._kept.seconds", 0)
    assert words_of(version, ()).lexicon.products_with("shirts") == 2
    add(version, "c", "Shirt")
    build_lexicon(version)
    assert words_of(version, ()).lexicon.products_with("shirts") == 3


def test_counts_are_refreshed_when_they_are_old(version, search_settings):
    refresh_lexicons()
    first = VersionLexicon.objects.get().built_at
    refresh_lexicons()
    assert VersionLexicon.objects.get().built_at == first
    VersionLexicon.objects.update(built_at="2020-01-01T00:00Z")
    refresh_lexicons()
    assert VersionLexicon.objects.get().built_at > first
    forget_words()
