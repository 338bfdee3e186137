import pytest
from django.contrib.auth import get_user_model

from search.exceptions import NoTags
from search.models import IndexEntry, ProductTag
from search.tags.review import decide
from search.tags.suggest import FoundTag, FoundTags, choose_tags, suggest_tags
from tests.outbox import empty_outbox, stale_products

pytestmark = pytest.mark.django_db
State = ProductTag.State


def key_of(sku: str) -> str:
    return IndexEntry.objects.get(sku=sku).product_key


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
    index_settings.FASHION_SEARCH |= {"TAGS_PER_PRODUCT": 2, "TAG_CONFIDENCE": 0.1}
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
    index_settings.FASHION_SEARCH |= {"TAG_CONFIDENCE": 0.01}
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
