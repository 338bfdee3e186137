import numpy as np
import pytest
from django.contrib.auth import get_user_model
from PIL import Image

from search import regression
from search.encoders.cache import encoders_for
from search.encoders.sessions import Encoders
from search.exceptions import EncodingError, NoTags
from search.models import IndexEntry, ProductTag, TagWord, VersionTags
from search.tags.confidence import ALONE, UNSETTLED, UNUSED
from search.tags.refresh import refresh_tags
from search.tags.review import decide
from search.tags.suggest import (
    FoundTag,
    FoundTags,
    active_tagger,
    choose_tags,
    similar_words,
    suggest_tags,
    tags_for_embeddings,
    tags_for_product,
    tags_for_products,
    untold_words,
)
from tests.outbox import empty_outbox, stale_products
from tests.tiny_artifact import COLOURS

pytestmark = pytest.mark.django_db


def key_of(sku: str) -> str:
    return IndexEntry.objects.get(sku=sku).product_key


def test_before_the_vocabulary_is_made_the_sentence_says_so(version):
    with pytest.raises(NoTags, match="a worker does that within minutes"):
        tags_for_product(key_of("s-1"))


def test_without_a_version_the_sentence_says_so(db):
    assert refresh_tags() is False
    with pytest.raises(NoTags, match="no search index yet"):
        similar_words("red")


def test_a_word_that_cannot_be_encoded_is_left_out_until_it_can_be(version, monkeypatch):
    real = Encoders.encode_texts

    def fail(self, texts):
        if "striped" in texts:
            raise EncodingError("striped is no word")
        return real(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(Encoders, "encode_texts", fail)
        for _ in range(2):
            with pytest.raises(
                EncodingError, match="left out of the tag vocabulary: 'striped': The encoder failed"
            ):
                refresh_tags()
    assert "striped" not in {word for _, word, *_ in VersionTags.objects.get().words}
    assert refresh_tags()
    assert "striped" in {word for _, word, *_ in VersionTags.objects.get().words}
    assert not refresh_tags()


def test_a_product_gets_the_words_nearest_to_its_pictures(tagged):
    found = tags_for_product(key_of("s-1"))
    assert {(tag.kind, tag.word) for tag in found.every} == {
        ("colour", "Blue"),
        ("colour", "Red"),
        ("material", "cotton"),
    }
    colours = found.kinds()["colour"]
    assert [tag.word for tag in colours] == ["Red", "Blue"]
    assert (colours[0].similarity, colours[0].confidence) == (1.0, 1.0)
    assert colours[0].is_value
    assert [tag.confidence for tag in found.every] == sorted(
        (tag.confidence for tag in found.every), reverse=True
    )
    assert [tag.word for tag in found.kinds(limit=1)["colour"]] == ["Red"]


def test_words_without_a_confidence_are_named_with_the_reason(tagged):
    assert {reason: [tag.word for tag in tags] for reason, tags in untold_words().items()} == {
        ALONE: ["Shirts"],
        UNUSED: ["Pink", "striped"],
    }


def test_words_without_a_confidence_stand_in_the_log(version, monkeypatch, caplog):
    monkeypatch.setattr(regression, "STEPS", 1)
    with caplog.at_level("INFO", "search.tags.refresh"):
        refresh_tags()
    logged = {record.getMessage().partition("because ")[2]: record.levelname for record in caplog.records}
    assert logged[f"{UNUSED}: Pink, striped"] == "INFO"
    assert logged[f"{UNSETTLED}: cotton"] == "WARNING"
    assert "cotton" not in {tag.word for tag in tags_for_product(key_of("s-1")).every}


def test_without_a_vocabulary_no_word_is_named(version):
    assert untold_words() == {}


def test_a_vocabulary_of_the_release_before_is_read_and_made_anew(tagged):
    held = VersionTags.objects.get()
    source = held.source
    VersionTags.objects.update(ceilings=[], untold=[], source="of the release before")
    assert untold_words() == {}
    assert len(tags_for_product(key_of("s-1")).every) == len(held.words)
    assert refresh_tags()
    assert VersionTags.objects.get().source == source


def test_products_without_pictures_get_none(tagged):
    assert tags_for_product(key_of("s-4")).every == ()
    assert set(tags_for_products([key_of("s-2"), key_of("s-4"), "gone"])) == {key_of("s-2")}


def test_a_picture_gets_the_same_words_as_a_product_with_it(tagged):
    picture = Image.new("RGB", (6, 8), COLOURS["red"])
    (of_picture,) = tags_for_embeddings(encoders_for(active_tagger().version).encode_images([picture]))
    of_product = tags_for_product(key_of("s-1"))
    assert [(tag.word, tag.confidence) for tag in of_picture.every] == [
        (tag.word, pytest.approx(tag.confidence, abs=0.001)) for tag in of_product.every
    ]


def test_similar_words_are_each_once_and_never_the_word_itself(tagged):
    words = similar_words("RED")
    assert "red" not in {word.word.casefold() for word in words}
    assert words[0].word == "Pink"
    assert [word.similarity for word in words] == sorted((word.similarity for word in words), reverse=True)
    assert len(similar_words("red", limit=2)) == 2


def test_the_vocabulary_is_made_again_only_where_something_has_changed(tagged, monkeypatch):
    assert refresh_tags() is False
    before = VersionTags.objects.get()
    TagWord.objects.create(kind="style", text="green")
    TagWord.objects.create(kind="material", text="Cotton", hidden=True)
    asked = []
    encode = Encoders.encode_texts

    def counting(self, texts):
        asked.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(Encoders, "encode_texts", counting)
    assert refresh_tags() is True
    assert asked == ["green"]  # the others are kept
    after = VersionTags.objects.get()
    held = dict(
        zip(
            (word[1] for word in before.words),
            np.frombuffer(before.embeddings, "f4").reshape(-1, 32),
            strict=True,
        )
    )
    now = dict(
        zip(
            (word[1] for word in after.words),
            np.frombuffer(after.embeddings, "f4").reshape(-1, 32),
            strict=True,
        )
    )
    assert set(now) == (set(held) | {"green"}) - {"cotton"}
    assert all((now[word] == held[word]).all() for word in set(now) & set(held))


def test_a_process_takes_the_newer_vocabulary_after_a_while(tagged, monkeypatch):
    tagger = active_tagger()
    assert active_tagger() is tagger
    TagWord.objects.create(kind="style", text="green")
    refresh_tags()
    assert active_tagger() is tagger
    monkeypatch.setattr("search.tags.suggest._kept.seconds", 0)
    assert "green" in {tag.word for tag in active_tagger().tags}


State = ProductTag.State


def found(*tags: tuple[str, str, float, bool]) -> FoundTags:
    return FoundTags(tuple(FoundTag(kind, word, 0.5, sure, is_value) for kind, word, sure, is_value in tags))


def rows() -> list[tuple[str, str, str]]:
    return list(ProductTag.objects.order_by("kind", "word").values_list("kind", "word", "state"))


def test_what_the_product_says_itself_is_not_suggested(index_settings):
    every = found(
        ("colour", "Navy Blue", 0.9, True),  # it has another colour
        ("style", "retro", 0.8, False),
        ("garment", "t-shirt", 0.7, False),  # its category
        ("pattern", "Solid", 0.6, True),
        ("pattern", "Striped", 0.5, True),  # of a facet one value only
        ("detail", "Retro", 0.5, False),  # the same word
        ("detail", "zip", 0.39, False),  # not sure
    )
    chosen = choose_tags(every, ["colour=Red", "category=Tshirts"], "english")
    assert [tag.word for tag in chosen] == ["retro", "Solid"]


def test_no_more_than_the_setting_says(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "TAGS_PER_PRODUCT": 2,
        "TAG_CONFIDENCE": 0.1,
    }
    every = found(*((f"kind{number}", f"word{number}", 0.9, False) for number in range(5)))
    assert [tag.word for tag in choose_tags(every, [], "english")] == ["word0", "word1"]


def test_suggestions_are_kept_with_confidence_and_version(tagged):
    assert suggest_tags([key_of("s-3"), key_of("s-4"), "gone"]) == ProductTag.objects.count() > 0
    row = ProductTag.objects.get(word="Red")  # the product has no colour
    assert (row.product_key, row.kind, row.state) == (key_of("s-3"), "colour", State.SUGGESTED)
    assert row.version == tagged
    assert row.artifact_name == "tiny"
    assert row.confidence > 0.4
    assert not ProductTag.objects.filter(product_key=key_of("s-4")).exists()  # it has no picture


def test_again_gives_the_same_rows_and_leaves_decisions_alone(tagged, index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"TAG_CONFIDENCE": 0.01}
    keys = [key_of("s-1"), key_of("s-3")]
    suggest_tags(keys)
    before = list(ProductTag.objects.order_by("pk").values_list("pk", "word", "state", "confidence"))
    suggest_tags(keys)
    assert list(ProductTag.objects.order_by("pk").values_list("pk", "word", "state", "confidence")) == before
    first, second = ProductTag.objects.order_by("pk")[:2]
    decide([first.pk], State.REJECTED)
    decide([second.pk], State.ACCEPTED)
    ProductTag.objects.create(
        product_key=keys[0], kind="style", word="outdated", similarity=0, confidence=0.9,
        suggested_at=first.suggested_at, artifact_name="tiny",
    )  # fmt: skip
    waiting = suggest_tags(keys)
    assert waiting == len(before) - 2
    assert dict(ProductTag.objects.values_list("pk", "state")) == {
        pk: {first.pk: "rejected", second.pk: "accepted"}.get(pk, "suggested") for pk, *_ in before
    }


def test_without_a_vocabulary_there_is_a_sentence(version):
    with pytest.raises(NoTags):
        suggest_tags(["1"])


def test_accepting_marks_the_product_and_rejecting_does_not(tagged, published):
    suggest_tags([key_of("s-3")])
    empty_outbox()
    tag = ProductTag.objects.get(word="Red")
    user = get_user_model().objects.create_user("ana")

    def marked() -> list[tuple[str, bool]]:
        rows = list(stale_products().values_list("product_key", "reread"))
        empty_outbox()
        return rows

    assert [row.pk for row in decide([tag.pk], State.REJECTED, user)] == [tag.pk]
    assert marked() == []
    assert decide([tag.pk, 0], State.REJECTED, user) == []
    decide([tag.pk], State.ACCEPTED, user)
    assert marked() == [(tag.product_key, False)]
    tag.refresh_from_db()
    assert (tag.state, tag.decided_by) == ("accepted", user)
    assert tag.decided_at is not None
    decide([tag.pk], State.SUGGESTED, user)
    assert marked() == [(tag.product_key, False)]
    tag.refresh_from_db()
    assert (tag.state, tag.decided_by, tag.decided_at) == ("suggested", None, None)
