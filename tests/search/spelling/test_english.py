import pytest

from search.query import spelling
from search.query.spelling import everyday_words


def test_everyday_words_are_known_and_slips_are_not():
    words = everyday_words()

    assert {"interview", "football", "wedding", "colour", "hoodies", "dont"} <= words
    assert not {"wach", "blak", "formel", "casul", "jeens"} & words
    assert 35_000 < len(words) < 45_000


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(spelling, "PACKAGE", "no_such_package")
    with pytest.raises(ModuleNotFoundError, match="no_such_package is not installed"):
        everyday_words.__wrapped__()
