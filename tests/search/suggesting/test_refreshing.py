import pytest

from search.indexing.word_lists import WordCounter, refresh_word_list
from search.models import WordList
from search.query.spelling import Vocabulary
from tests.search.indexed import add, make_version


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    return make_version(tiny_artifact)


def test_words_are_counted_once_for_each_state_of_the_entries(version):
    add(version, "S-1", "Hat", brand="Acme", keywords="Felt", facets={"colour": ["Dark blue"]})

    assert refresh_word_list()
    words = Vocabulary.unpack(bytes(WordList.objects.get().vocabulary)).words
    assert sorted(words) == ["acme", "blue", "dark", "darkblue", "felt", "hat"]
    assert not refresh_word_list()


def test_a_new_a_changed_and_a_deleted_entry_are_noticed(version):
    add(version, "S-1", "Hat")
    refresh_word_list()
    stamps = [WordList.objects.get().stamp]
    add(version, "S-2", "Cap")
    assert refresh_word_list()
    stamps.append(WordList.objects.get().stamp)
    version.entries.filter(sku="s-2").update(name="Bag", updated_at="2030-01-01T00:00Z")
    assert refresh_word_list()
    stamps.append(WordList.objects.get().stamp)
    version.entries.filter(sku="s-2").delete()
    assert refresh_word_list()

    assert len(set(stamps)) == 3
    assert WordList.objects.get().stamp == stamps[0]


def test_an_entry_that_cannot_be_counted_keeps_no_other_back_and_is_tried_again(version, monkeypatch):
    add(version, "S-1", "Hat", brand="")
    add(version, "S-2", "Cap", brand="")
    real = WordCounter.add

    def fail(self, *, name, **values):
        if name == "Hat":
            raise ValueError("Hat")
        real(self, name=name, **values)

    with monkeypatch.context() as patch:
        patch.setattr(WordCounter, "add", fail)
        for _ in range(2):
            with pytest.raises(ValueError, match="Hat"):
                refresh_word_list()
        assert sorted(Vocabulary.unpack(bytes(WordList.objects.get().vocabulary)).words) == ["cap"]
    assert refresh_word_list()
    assert sorted(Vocabulary.unpack(bytes(WordList.objects.get().vocabulary)).words) == ["cap", "hat"]


def test_there_is_nothing_to_count_without_a_version(db, search_settings):
    assert not refresh_word_list()
