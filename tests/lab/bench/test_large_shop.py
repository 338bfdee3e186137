"""The large shop: its products, its embeddings, how many products each filter keeps, and queries that fit it."""

import numpy as np
import pytest
from django.utils import timezone

from lab.bench import large_shop
from lab.bench.large_shop import (
    BY_HAND,
    COPY_SIMILARITY,
    PAIR_SIMILARITY,
    drawn_rows,
    fill,
    invented_words,
    mixed_queries,
    picture_embeddings,
    share_filter,
)
from lab.bench.quantised import measure
from search.engine import Filters, search
from search.indexing.hnsw import drop_indexes
from search.models import EntryImage, IndexEntry, IndexVersion, KeptCount, StoredCard
from search.models.kept_counts import EVERY_ENTRY, EVERYWHERE
from shop.models import Product
from tests.outbox import stale_products


def test_invented_words_are_different():
    words = invented_words(500)
    assert len(set(words)) == 500
    assert words == invented_words(500)


def test_rows_are_the_drawn_catalogues_with_a_word_more():
    rows = list(drawn_rows(3))
    assert [row.sku for row in rows] == ["D1", "D2", "D3"]
    assert rows[1].category == ("Apparel", "Topwear", "Sweaters")
    assert [size.size for size in rows[1].sizes] == ["S", "M", "L", "XL", "XXL"]
    assert rows[1].attributes["Pattern"] == "Striped"


def test_pictures_are_as_near_to_their_texts_as_true_pairs_and_nearer_to_their_kind():
    texts = np.random.default_rng(1).standard_normal((80, 64)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    pictures = picture_embeddings(texts, ["Shirts"] * 80)
    assert np.linalg.norm(pictures, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (pictures * texts).sum(axis=1) == pytest.approx(PAIR_SIMILARITY, abs=1e-5)
    same = (pictures[:40] * pictures[40:]).sum(axis=1).mean()  # of one colour of the kind
    other = (pictures[:40] * np.roll(pictures[40:], 1, axis=0)).sum(axis=1).mean()
    assert same > other + 0.1


@pytest.mark.django_db(transaction=True)
def test_a_filled_shop_is_searched_by_words_embeddings_and_filters():
    version = fill(400, encoded=True)
    assert IndexVersion.objects.active() == version
    assert Product.objects.count() == IndexEntry.objects.count() == EntryImage.objects.count() == 400
    assert stale_products().count() == 0
    assert not IndexEntry.objects.filter(text_embedding=None).exists()
    filters = Filters(facets={"usage": (share_filter(2),)})
    kept = set(IndexEntry.objects.filter(facets__contains=["usage=one in 2"]).values_list("sku", flat=True))
    assert 160 <= len(kept) <= 240
    found = search("shirt", filters=filters)
    assert found.degraded == ""
    assert len(found.results) == min(24, found.total) > 0
    assert {result.card.sku.lower() for result in found.results} <= kept
    drop_indexes(version.pk)


@pytest.mark.django_db(transaction=True)
def test_what_is_beyond_the_drawn_products_are_copies_in_the_index(monkeypatch, capsys):
    monkeypatch.setattr(large_shop, "PRODUCTS", 60)
    with pytest.raises(ValueError, match="holds a multiple of them, not 100"):
        fill(100)
    version = fill(180, encoded=True)
    assert (Product.objects.count(), IndexEntry.objects.count(), EntryImage.objects.count()) == (60, 180, 180)
    assert (version.total, StoredCard.objects.count()) == (180, 180)
    assert KeptCount.objects.read(version.pk, EVERYWHERE)[EVERY_ENTRY].entries == 180
    first = IndexEntry.objects.order_by("pk").first()
    copies = [IndexEntry.objects.get(product_key=f"{first.product_key}-{number}") for number in (1, 2)]
    for copy in copies:
        alike = np.dot(copy.text_embedding, first.text_embedding)
        assert alike == pytest.approx(COPY_SIMILARITY, abs=0.02)
        assert copy.images.get().embedding != first.images.get().embedding
    answer = search("shirt", page_size=100)
    assert answer.degraded == ""
    assert {"1", "2"} <= {result.key.partition("-")[2] for result in answer.results}
    assert first.pk < copies[0].pk < copies[1].pk < IndexEntry.objects.create(**entry_of(version)).pk
    measure(version)
    table = capsys.readouterr().out.splitlines()[-5:]
    assert [float(line[32:42]) for line in table[:2]] == [1.0, pytest.approx(1.0, abs=0.05)]
    drop_indexes(version.pk)


def entry_of(version):
    now = timezone.now()
    return {
        "version": version, "product_key": "new", "sku": "new", "name": "new", "content_hash": "", "created": now, "updated_at": now,
    }  # fmt: skip


def test_queries_are_different_and_the_same_every_time():
    queries = mixed_queries(100)
    assert len(set(queries)) == 100
    assert queries == mixed_queries(100)
    assert tuple(queries[: len(BY_HAND)]) == BY_HAND


def test_fewer_are_the_first_of_more():
    assert mixed_queries(10) == mixed_queries(100)[:10]
    assert mixed_queries(40) == mixed_queries(100)[:40]


def test_some_state_a_price_and_none_leaves_a_word_open():
    queries = mixed_queries(100)
    assert 5 <= sum(" under " in query for query in queries) <= 20
    assert [query for query in queries if "{" in query or query != query.lower()] == []
