import pytest

from search.models import WordList
from tests.search.indexed import FIRST, make_version


@pytest.fixture
def words(tiny_artifact, search_settings, db):
    """A function that keeps words for a new version in a state, and returns what names them."""

    def keep(state: str) -> tuple[int, str]:
        version = make_version(tiny_artifact, state)
        WordList.objects.create(
            version=version, source="", stamp=state, vocabulary=b"", names=b"", made_at=FIRST
        )
        return version.pk, state

    return keep


def test_words_of_the_active_version_serve(words):
    active = words("active")
    words("building")
    words("retired")

    assert WordList.objects.serving_stamp() == active


def test_words_of_the_newest_build_serve_before_any_is_active(words):
    words("retired")
    words("ready")
    newest = words("building")

    assert WordList.objects.serving_stamp() == newest


def test_none_serve_where_there_are_none(words):
    assert WordList.objects.serving_stamp() is None
    words("failed")
    assert WordList.objects.serving_stamp() is None
