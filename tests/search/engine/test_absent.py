"""Which limit of the ranking keeps a product out, with its numbers."""

import numpy as np
import pytest

from search.engine import Filters, Trial, search
from search.indexing.lexicons import build_lexicon
from search.models import IndexEntry, VersionLexicon
from search.query.lexicon import forget_words, words_of
from search.registry import get_index
from search.vectors import to_literal
from tests.outbox import empty_outbox, stale_products
from tests.search.indexed import add, make_version, unit


def absence(text, sku, **options):
    return search(text, trial=Trial(missing=sku), **options).absence


def encode_as(monkeypatch, *values):
    literal = to_literal(np.array(unit(*values), dtype=np.float32))
    monkeypatch.setattr("search.engine.ranking.embed_query", lambda version, text: literal)


def count_words(version, **noises):
    build_lexicon(version)
    VersionLexicon.objects.filter(version=version).update(**noises)
    forget_words()


def test_the_newest_of_a_query_of_a_price_only(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"RESULTS": 1}
    add(version, "a", "A", price=10)
    add(version, "b", "B", price=20)
    assert absence("under 50", "b").position == 1
    assert absence("under 50", "a").reasons == (
        "The query states a price only: the newest 1 products are listed (RESULTS).",
    )


def test_a_rank_beyond_the_limit(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"RESULTS": 3, "WEIGHTS": {"brand": 2}}
    for sku, colour, brand in (
        ("a", "Red", "X"),
        ("b", "Red", "X"),
        ("c", "Blue", "Bolt"),
        ("d", "Blue", "Bolt"),
    ):
        add(version, sku, "Cap", brand=brand, facets={"colour": [colour], "brand": [brand]})
    count_words(version)
    assert [absence("red bolt", sku).position for sku in "abcd"] == [1, 2, 3, None]
    assert absence("red bolt", "d").reasons == (
        "It lacks “red”.",
        "By score it is number 4 of 4; 3 are shown at most (RESULTS).",
    )


def test_the_closest_are_left_out_under_a_filter_too(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENOUGH": 2, "WEIGHTS": {"brand": 2}}
    for sku, gender in (("f0", "Men"), ("f1", "Women"), ("f2", "Women")):
        add(version, sku, "Cap", facets={"colour": ["Red"], "brand": ["Bolt"], "gender": [gender]})
    add(version, "part", "Hat", facets={"brand": ["Bolt"], "gender": ["Men"], "colour": ["Blue"]})
    count_words(version)
    reasons = absence("red bolt", "part", filters=Filters(facets={"gender": ("Men",)})).reasons
    assert reasons == (
        "It lacks “red”.",
        "At least 2 products have, without the filters, all that is asked for; the closest are added only below 2"
        " (ENOUGH).",
    )


def test_below_the_floor(version, monkeypatch):
    encode_as(monkeypatch, 1)
    add(version, "one", "Red thing", facets={"colour": ["Red"]})
    add(version, "far", "Bag", pictures=[unit(0.15, 0.989)], text=unit(0.1, 0.995))
    count_words(version, image_noise=0.12, text_noise=0.45)
    assert absence("red", "far").reasons == (
        "It lacks “red”.",
        "It is as close as others, but was not compared: its picture's similarity 0.15 is below 0.20 (MIN_SIMILARITY);"
        " its text's similarity 0.10 is below 0.20 (MIN_SIMILARITY).",
    )


def test_others_are_nearer(version, monkeypatch, search_settings):
    encode_as(monkeypatch, 1)
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CANDIDATES": 1}
    add(version, "one", "Red thing", facets={"colour": ["Red"]}, pictures=[unit(1)])
    add(version, "near", "Bag", pictures=[unit(0.9, 0.436)])
    count_words(version, image_noise=0.12, text_noise=0.45)
    assert absence("red", "near").reasons[1] == (
        "It is as close as others, but was not compared: 1 others are nearer by their pictures (CANDIDATES)."
    )


def test_a_product_that_is_named_so_ends_the_search_for_parts(version):
    add(version, "set", "Red bolt")
    add(version, "half", "Cap", facets={"colour": ["Red"]})
    add(version, "other", "Hat", brand="Bolt", facets={"brand": ["Bolt"]})
    count_words(version)
    assert absence("red bolt", "other").reasons == (
        "It lacks “red”.",
        "It is as close as others, but was not compared: parts of a query are not looked for where a product is named"
        " so.",
    )


def test_variants_that_moved_it_down(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"VARIANTS": 1, "PAGE_SIZE": 2}
    for sku in ("a", "b", "c"):
        add(version, sku, "Shirt")
    IndexEntry.objects.filter(sku__in=("a", "b")).update(style="same")
    found = absence("shirt", "b")
    assert found.position == 3
    assert found.reasons == (
        "By score it is number 2; of one style a page shows 1 at first (VARIANTS), which makes it number 3 before rules"
        " and filters.",
    )
    assert absence("shirt", "c").reasons == ()


def test_the_shop_has_withdrawn_it(shirts):
    type(shirts[0]).objects.filter(pk=shirts[0].pk).update(published=False)
    found = absence("shirt", "s1")
    assert (found.position, found.reasons) == (None, ("The shop has withdrawn it since it was indexed.",))


class TestNotIndexed:
    def test_a_host_without_a_field_for_the_sku(self, shirts, monkeypatch):
        shop = get_index().get_queryset().defer("sku")
        asked = []

        class Guarded(type(shop)):
            def filter(self, *args, **kwargs):
                asked.append(kwargs)
                return super().filter(*args, **kwargs)

        monkeypatch.setattr(get_index(), "get_queryset", lambda: Guarded(model=shop.model))
        assert absence("shirt", "zzz").position is None
        assert [name for kwargs in asked for name in kwargs if not name.startswith("pk")] == []

    def test_it_waits(self, shirts, version):
        product = add(version, "new", "New shirt")
        IndexEntry.objects.filter(sku="new").delete()
        row = stale_products().get(product_key=str(product.pk))
        assert absence("shirt", "NEW").reasons == ("It waits to be indexed.",)
        stale_products().filter(pk=row.pk).update(last_error="The disk is full.")
        assert absence("shirt", "new").reasons == ("It waits to be indexed again, after: The disk is full.",)

    def test_it_is_in_another_version(self, shirts, version, tiny_artifact):
        former = make_version(tiny_artifact, "retired")
        add(former, "old", "Old shirt")
        empty_outbox()
        assert absence("shirt", "old").reasons == (
            f"It is in version {former.pk}, but not in version {version.pk}, which is searched.",
        )


def test_a_retired_version_is_compared_by_embeddings_too(version, tiny_artifact, monkeypatch):
    former = make_version(tiny_artifact, "retired")
    add(former, "a", "Bag", pictures=[unit(1)])
    encode_as(monkeypatch, 1)
    answer = search("red", trial=Trial(version=former, explain=True))
    assert answer.degraded == ""
    assert answer.explanation.results[0].image == pytest.approx(1, abs=1e-3)


def test_the_words_of_two_versions_are_kept_side_by_side(version, tiny_artifact):
    former = make_version(tiny_artifact, "retired")
    both = [words_of(version, ()), words_of(former, ())]
    assert [words_of(version, ()), words_of(former, ())] == both
    assert words_of(version, ()) is both[0]


def test_a_word_that_the_tokenizer_does_not_know_is_named(version):
    add(version, "a", "Zari", facets={"brand": ["Zari"]})
    count_words(version)
    explanation = search("red zari", trial=Trial(explain=True)).explanation
    assert explanation.in_pieces == {"zari": ("[UNK]",)}


def test_of_a_query_of_an_order_only_the_first_in_it_are_listed(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"RESULTS": 1}
    add(version, "a", "A", price=10)
    add(version, "b", "B", price=20)
    assert absence("cheapest", "a").position == 1
    assert absence("cheapest", "b").reasons == (
        "The query names nothing that products have: the cheapest 1 products are listed (RESULTS).",
    )
