from datetime import timedelta

import pytest
from django.utils import timezone

from search.exceptions import ArtifactError
from search.indexing.lexicons import WordCounter, build_lexicon, refresh_lexicons, refresh_word_list
from search.models import IndexVersion, VersionLexicon, WordList
from search.query.names import Vocabulary
from tests.search.indexed import add, make_version, unit


def test_words_are_counted_once_per_product_and_shown_as_they_are_spelt():
    counter = WordCounter()
    counter.add(name="Reebok Men T-Shirt 501", brand="Reebok", keywords="Tops, Men, men", values=["Tops"])
    counter.add(name="Reebok Blue T-Shirt", brand="Reebok", keywords="", values=[])

    assert counter.vocabulary().words == {
        "reebok": ("Reebok", 2),
        "men": ("men", 1),
        "tshirt": ("t-shirt", 2),
        "t": ("t", 2),
        "shirt": ("shirt", 2),
        "tops": ("tops", 1),
        "blue": ("blue", 1),
    }


def test_a_word_of_a_brand_that_stands_in_many_names_is_small():
    counter = WordCounter()
    counter.add(name="Red Tape Shoe", brand="Red Tape", keywords="", values=[])
    counter.add(name="Red Hat", brand="", keywords="", values=[])

    words = counter.vocabulary().words
    assert (words["red"], words["tape"]) == (("red", 2), ("Tape", 1))


def test_pairs_stand_in_two_products_at_least():
    counter = WordCounter()
    counter.add(name="Blue polo t-shirt", brand="", keywords="Slim fit, Cotton", values=[])
    counter.add(name="Red polo T-Shirt", brand="", keywords="", values=[])

    assert counter.vocabulary().pairs == {"polo t", "t shirt"}


def test_a_facet_value_of_two_words_is_a_word_joined_too():
    counter = WordCounter()
    for _ in range(2):
        counter.add(name="Fila Velvet", brand="", keywords="", values=["Flip Flops", "T Shirt"])
    counter.add(name="Fila flip-flops", brand="", keywords="", values=[])

    words = counter.vocabulary().words
    assert words["flipflops"] == ("flip flops", 2)
    assert "tshirt" not in words  # t is no half of a word


def test_a_hyphen_counts_once_per_product():
    counter = WordCounter()
    counter.add(name="Flip-flops", brand="", keywords="rubber flip-flops", values=["Flip Flops"])

    assert counter.vocabulary().words["flipflops"] == ("flip flops", 1)


def test_a_word_that_products_bear_as_it_is_stays_one_word():
    counter = WordCounter()
    counter.add(name="Redtape shoes", brand="", keywords="", values=["Red Tape"])

    assert counter.vocabulary().words["redtape"] == ("redtape", 1)


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


@pytest.fixture
def counted(tiny_artifact, index_settings, db) -> IndexVersion:
    version = make_version(tiny_artifact)
    add(version, "S-1", "Hat", text=unit(1), pictures=[unit(1)])
    build_lexicon(version)
    add(version, "S-2", "Cap", text=unit(1), pictures=[unit(1)])
    return version


def words() -> set[str]:
    return {word for word in VersionLexicon.objects.get().lexemes if word in ("cap", "hat")}


def make_due() -> None:
    VersionLexicon.objects.update(built_at=timezone.now() - timedelta(hours=1))


def test_words_are_counted_again_when_it_is_time(counted):
    refresh_lexicons()
    assert words() == {"hat"}
    make_due()
    refresh_lexicons()
    assert words() == {"cap", "hat"}


def test_without_the_artifact_words_are_learnt_all_the_same_and_the_task_fails(counted, settings, tmp_path):
    noise = VersionLexicon.objects.get().image_noise
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "none")}
    IndexVersion.objects.update(artifact_path=str(tmp_path / "gone"), fingerprint="0" * 64)
    make_due()
    with pytest.raises(ArtifactError):
        refresh_lexicons()
    assert words() == {"cap", "hat"}
    assert VersionLexicon.objects.get().image_noise == noise
