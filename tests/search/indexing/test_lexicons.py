import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from search.exceptions import ArtifactError
from search.indexing import lexicons
from search.indexing.lexicons import WordCounter, build_lexicon, refresh_lexicons, refresh_word_list
from search.models import IndexEntry, IndexVersion, VersionLexicon, WordList, WordListPart
from search.query import collecting
from search.query.lexicon import parents_of
from search.query.names import Vocabulary, names_of
from shop.search_index import ShopProductIndex
from tests.search.indexed import FIRST, add, make_version, unit


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


def fill(version, number: int) -> None:
    """Add entries with names of a few words, ten of them equally old, every third sold out."""
    first = version.entries.count()
    IndexEntry.objects.bulk_create(
        IndexEntry(
            version=version,
            product_key=f"{place:05}",
            sku=f"s-{place}",
            name=f"{('Red', 'Blue')[place % 2]} {('hat', 'cap', 'shirt')[place % 3]} {place % 40}",
            brand="Acme",
            document="",
            facets=[f"size={place % 7}", "gender=Women"],
            in_stock=place % 3 > 0,
            created=FIRST + timedelta(days=place // 10),
            content_hash="",
            updated_at=FIRST,
        )
        for place in range(first, first + number)
    )


def in_small_parts(monkeypatch) -> None:
    monkeypatch.setattr(lexicons, "CHUNK", 7)
    monkeypatch.setattr(collecting, "RUN", 50)


def test_products_stand_in_their_order_however_they_are_read(version, monkeypatch):
    fill(version, 300)
    in_small_parts(monkeypatch)
    with CaptureQueriesContext(connection) as captured:
        refresh_word_list()
    assert len(captured) < 4 * 300 / 7
    keys = list(names_of(version.pk, WordList.objects.get().stamp).keys)
    assert keys == list(
        version.entries.order_by("-in_stock", "-created", "product_key").values_list("product_key", flat=True)
    )


def test_counting_four_times_as_many_products_takes_no_more_memory(version, monkeypatch):
    in_small_parts(monkeypatch)
    fill(version, 500)
    few = peak(refresh_word_list)
    fill(version, 1500)
    assert peak(refresh_word_list) < 2 * few
    WordList.objects.update(stamp="0" * 64)  # so that parts of former lists go
    WordListPart.objects.create(version=version, stamp="1" * 64, number=0, data=bytes(4 * few))
    assert peak(refresh_word_list, again=False) < 2 * few


def peak(call, *, again: bool = True) -> int:
    """Most memory that a call holds at once, in bytes; a first time before has filled what a process keeps."""
    if again:
        call()
    WordList.objects.update(source="")
    tracemalloc.start()
    try:
        assert call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_list_that_takes_long_to_make_rests(version):
    add(version, "S-1", "Hat")
    refresh_word_list()
    WordList.objects.update(seconds=60)
    add(version, "S-2", "Cap")
    assert not refresh_word_list()
    WordList.objects.update(made_at=timezone.now() - timedelta(seconds=601))
    assert refresh_word_list()
    WordList.objects.update(seconds=29)  # a tenth of the usual period
    add(version, "S-3", "Shirt")
    assert refresh_word_list()


def test_parts_of_the_last_two_lists_are_kept(version):
    stamps = []
    for number in range(3):
        add(version, f"S-{number}", f"Hat {number}")
        assert refresh_word_list()
        stamps.append(WordList.objects.get().stamp)
    WordListPart.objects.create(version_id=version.pk + 1, stamp=stamps[0], number=0, data=b"")
    version.entries.update(updated_at=timezone.now())
    assert refresh_word_list()  # the same words
    assert set(WordListPart.objects.values_list("stamp", flat=True)) == {stamps[2]}
    add(version, "S-4", "Cap")
    assert refresh_word_list()
    assert set(WordListPart.objects.values_list("stamp", flat=True)) == {
        stamps[2],
        WordList.objects.get().stamp,
    }


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


def test_paths_are_those_of_all_entries_and_each_comes_once_from_postgres(version):
    paths = [["Apparel", "Tops"], ["Apparel"], ["Shoes", "Sports=Outdoor"], []]
    for number in range(40):
        add(
            version,
            f"S-{number}",
            "Hat",
            facets={"size": [str(number)], "category": paths[number % 4], "colour": ["Red"]},
        )
    rows = []

    def count(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        rows.append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(count):
        found = lexicons._paths(version, "category")
    assert found == [["Apparel"], ["Apparel", "Tops"], ["Shoes", "Sports=Outdoor"]]
    assert rows == [4]


def test_a_hosts_own_tree_says_what_lies_above_what_where_products_have_several_paths(version, monkeypatch):
    tree = [["Women"], ["Women", "Shoes"], ["Women", "Shoes", "Boots"], ["Offers"], ["Men", "Hats"]]
    for number, values in enumerate((["Offers", "Women", "Shoes", "Boots"], ["Offers", "Women", "Shoes"])):
        add(version, f"S-{number}", "Boot", facets={"category": values})

    build_lexicon(version)
    alone = VersionLexicon.objects.get().paths
    assert (parents_of(alone)["Women"], parents_of(alone)["Boots"]) == ("Offers", "Shoes")

    monkeypatch.setattr(ShopProductIndex, "paths", lambda self, facet: tree if facet == "category" else None)
    build_lexicon(version)
    paths = VersionLexicon.objects.get().paths
    above = parents_of(paths)
    assert above == {"Offers": "", "Women": "", "Shoes": "Women", "Boots": "Shoes"}
    # Neither what no product has, nor again what lies on the way to something deeper.
    assert [path for path in paths if path not in alone] == [["Offers"], ["Women", "Shoes", "Boots"]]


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
