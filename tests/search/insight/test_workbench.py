import pytest
from django.utils import timezone

from search.insight.workbench import look_around, offer_words
from search.models import PopularQuery, VersionLexicon
from tests.search.indexed import make_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]

FACETS = {"colour=Red": 7, "colour=Blue": 3, "category=Red shirt": 2, "category=Dress": 1}


@pytest.fixture
def version(tiny_artifact):
    version = make_version(tiny_artifact)
    VersionLexicon.objects.create(
        version=version, total=9, facets=FACETS, paths=[], lexemes={}, built_at=timezone.now()
    )
    return version


def test_the_nearest_words_of_every_facet(version):
    PopularQuery.objects.create(query="red", text="Red", searches=5, clicked=1)
    PopularQuery.objects.create(query="blue dress", text="blue dress", searches=4, clicked=1)
    PopularQuery.objects.create(query="red bag", text="red bag", searches=3, clicked=1)
    around = look_around("red")
    assert around is not None
    assert around.version == version
    assert around.tokens == ["red"]
    assert list(around.facets) == ["colour", "category"]
    (red,) = around.facets["colour"]  # blue is no nearer than nonsense is
    assert (red.value, red.products, red.token) == ("Red", 7, "colour=Red")
    assert red.similarity == pytest.approx(1.0, abs=1e-5)
    assert around.facets["category"][0].value == "Red shirt"
    assert [query.text for query in around.queries] == [
        "red bag"
    ]  # neither the query itself, nor what is no nearer than nonsense


def test_a_word_that_is_spelled_alike_is_offered_however_far_its_meaning(version):
    assert [word.value for word in offer_words(["blu", "dresss", "zorblax"])["dresss"]] == ["Dress"]


def test_a_brand_is_offered_for_its_spelling_only(version):
    VersionLexicon.objects.update(facets={"brand=Red": 4, "brand=Rede": 1})
    assert [word.value for word in offer_words(["redes"])["redes"]] == ["Rede"]
    VersionLexicon.objects.update(facets={"brand=Red shirt": 4})
    assert offer_words(["red"]) == {"red": []}


def test_a_query_is_no_synonym_of_itself(version):
    assert [word.value for word in offer_words(["red"])["red"]] == ["Red shirt"]


def test_without_words_nothing_is_offered(db):
    assert offer_words(["red"]) == {}
    assert offer_words([]) == {}


def test_sizes_are_no_words_since_no_synonym_leads_to_one(version):
    VersionLexicon.objects.update(facets=FACETS | {"size=Red": 4})
    around = look_around("red")
    assert around is not None
    assert list(around.facets) == ["colour", "category"]


def test_the_vocabulary_is_encoded_once(version, monkeypatch):
    from search.encoders.sessions import Encoders

    encoded: list[int] = []
    encode = Encoders.encode_texts

    def counted(self, texts):
        encoded.append(len(texts))
        return encode(self, texts)

    look_around("red")
    monkeypatch.setattr(Encoders, "encode_texts", counted)
    look_around("blue")
    assert encoded == [1]


def test_without_a_version_or_its_words_there_is_nothing_to_compare(db, tiny_artifact):
    assert look_around("red") is None
    make_version(tiny_artifact)
    assert look_around("red") is None


def test_a_damaged_artifact_is_said_and_no_error(version, tmp_path):
    version.fingerprint = "0" * 64
    version.artifact_path = str(tmp_path)
    version.save()
    assert look_around("red") is None
