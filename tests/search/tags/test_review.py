"""Accepted tags from the decision to the search that finds them."""

import pytest
from django.utils import timezone

from search.engine import Filters, search
from search.indexing.lexicons import build_lexicon
from search.indexing.reconcile import reconcile
from search.models import EntryImage, IndexEntry, IndexVersion, ProductTag
from search.monitoring.verify import verify
from search.query.lexicon import forget_words
from search.tags.review import decide
from shop.models import Product
from tests.outbox import stale_products
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def accepted(product: Product, word: str) -> ProductTag:
    tag = ProductTag.objects.create(
        product_key=str(product.pk),
        kind="style",
        word=word,
        similarity=0.5,
        confidence=0.9,
        artifact_name="tiny",
        suggested_at=timezone.now(),
    )
    decide([tag.pk], ProductTag.State.ACCEPTED)
    return tag


def count_words() -> None:
    """What beat has done every few minutes; before, a word that no text held means nothing to a search."""
    build_lexicon(IndexVersion.objects.get(state="active"))
    forget_words()


def test_an_accepted_tag_is_searched_filtered_counted_and_taken_back(client):
    product, _ = make_product("A1"), make_product("A2")
    build_version()
    embedded = (
        IndexEntry.objects.get(sku="a1").text_embedding,
        EntryImage.objects.get(entry__sku="a1").embedding,
    )
    assert search("bohemian").total == 0
    before = IndexEntry.objects.get(sku="a1").content_hash
    tag = accepted(product, "bohemian")
    accepted(product, "retro")
    drain()
    count_words()
    found = search("bohemian")
    assert [result.card.sku for result in found.results] == ["A1"]
    assert [(one.value, one.count) for one in found.facets["tags"]] == [("bohemian", 1), ("retro", 1)]
    everything = search("", filters=Filters(facets={"tags": ("retro",)}))
    assert [result.card.sku for result in everything.results] == ["A1"]
    answer = client.get("/api/v1/search/", {"tags": "retro"}).json()
    assert [result["sku"] for result in answer["results"]] == ["A1"]
    assert answer["facets"]["tags"][0] == {"value": "bohemian", "label": "bohemian", "count": 1, "parent": ""}
    entry = IndexEntry.objects.get(sku="a1")
    assert entry.content_hash == entry.embedded_hash != before
    assert (entry.text_embedding, EntryImage.objects.get(entry=entry).embedding) == embedded
    decide([tag.pk], ProductTag.State.REJECTED)
    drain()
    assert search("bohemian").total == 0
    assert [token for token in IndexEntry.objects.get(sku="a1").facets if token.startswith("tags=")] == [
        "tags=retro"
    ]


def test_a_rebuild_and_a_reconcile_keep_accepted_tags():
    product = make_product("A1")
    build_version()
    accepted(product, "bohemian")
    drain()
    build_version(force=True)
    forget_words()
    assert [result.card.sku for result in search("bohemian").results] == ["A1"]
    assert reconcile() == 0
    assert [check.name for check in verify().checks if not check.passed] == []
    ProductTag.objects.update(state="rejected")  # a write that marks nothing
    assert reconcile() == 1
    drain()
    assert search("bohemian").total == 0


def test_without_accepted_tags_nothing_changes():
    product = make_product("A1")
    build_version()
    tag = accepted(product, "bohemian")
    before = IndexEntry.objects.get().content_hash
    decide([tag.pk], ProductTag.State.REJECTED)
    drain()
    assert IndexEntry.objects.get().content_hash == before


def test_an_accepted_tag_takes_no_meaning_from_the_word_elsewhere():
    """Products that say "bohemian" in their names still match it wholly when another one is tagged so."""
    make_product("A1", name="bohemian shirt")
    tagged = make_product("A2")
    build_version()
    accepted(tagged, "bohemian")
    drain()
    assert [result.card.sku for result in search("bohemian").results] == ["A1", "A2"]


def test_the_tags_of_a_deleted_product_go_with_it():
    product, other = make_product("A1"), make_product("A2")
    build_version()
    accepted(product, "bohemian")
    accepted(other, "retro")
    product.delete()
    assert list(ProductTag.objects.values_list("word", flat=True)) == ["retro"]
    drain()
    assert not stale_products().exists()
