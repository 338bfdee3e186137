import numpy as np
import pytest
from PIL import Image

from search.encoders.sessions import Encoders
from search.exceptions import EncodingError, NoTags
from search.models import IndexEntry, TagWord, VersionTags
from search.tags.refresh import refresh_tags
from search.tags.suggest import (
    CHECK_SECONDS,
    active_tagger,
    similar_words,
    tags_for_picture,
    tags_for_product,
    tags_for_products,
)
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
        ("category", "Shirts"),
        ("colour", "Blue"),
        ("colour", "Red"),
        ("material", "cotton"),
        ("style", "striped"),
        ("style", "Pink"),
    }
    colours = found.kinds()["colour"]
    assert [tag.word for tag in colours] == ["Red", "Blue"]
    assert (colours[0].similarity, colours[0].confidence) == (1.0, 1.0)
    assert colours[0].is_value
    assert [tag.confidence for tag in found.every] == sorted(
        (tag.confidence for tag in found.every), reverse=True
    )
    assert [tag.word for tag in found.kinds(limit=1)["style"]] == ["Pink"]


def test_products_without_pictures_get_none(tagged):
    assert tags_for_product(key_of("s-4")).every == ()
    assert set(tags_for_products([key_of("s-2"), key_of("s-4"), "gone"])) == {key_of("s-2")}


def test_a_picture_gets_the_same_words_as_a_product_with_it(tagged):
    picture = Image.new("RGB", (6, 8), COLOURS["red"])
    of_picture, of_product = tags_for_picture(picture), tags_for_product(key_of("s-1"))
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
    from search.encoders.sessions import Encoders

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


def test_a_process_takes_the_newer_vocabulary_after_a_while(tagged):
    tagger = active_tagger()
    assert active_tagger() is tagger
    TagWord.objects.create(kind="style", text="green")
    refresh_tags()
    assert active_tagger() is tagger
    tagger.checked -= CHECK_SECONDS
    assert "green" in {tag.word for tag in active_tagger().tags}
