"""Why a product is not among the results: one test per step that can drop it."""

from decimal import Decimal

import numpy as np
import pytest

from search.exceptions import InvalidQuery
from search.indexing.lexicon import build_lexicon
from search.merchandising.snapshots import forget_snapshot
from search.models import EntryImage, IndexEntry, MerchandisingRule, StaleProduct, VersionLexicon
from search.retrieval.encoding import to_literal
from search.retrieval.filters import Filters
from search.retrieval.lexicon import forget_words
from search.searching.absent import look_for
from search.searching.explaining import explain_search
from tests.search.indexed import add, make_version, unit
from tests.search.products import make_product


def look(sku, query, filters=None):
    filters = filters or Filters()
    return look_for(sku, explain_search(query, filters=filters), filters)


def dropped(sku, query, filters=None):
    """Names and sentences of the steps that drop a product."""
    return [(step.name, step.sentence) for step in look(sku, query, filters).dropped]


def encode_as(monkeypatch, *values):
    literal = to_literal(np.array(unit(*values), dtype=np.float32))
    monkeypatch.setattr("search.searching.ranking.embed_query", lambda version, text: literal)


def count_words(version, **values):
    build_lexicon(version)
    VersionLexicon.objects.filter(version=version).update(**values)
    forget_words()


class TestIndex:
    def test_nobody_knows_the_sku(self, shirts, version):
        assert dropped("nope", "shirt") == [
            (
                "Index",
                f"Version {version.pk} has no product with this SKU, and none that waits has it:"
                " it is misspelt, deleted, or not published.",
            )
        ]

    def test_it_waits_failed_or_is_given_up(self, shirts, version, published):
        row = StaleProduct.objects.get(product_key=str(make_product("new", pictures=0).pk))
        assert dropped("NEW", "shirt") == [
            ("Index", f"It is not in version {version.pk}, and waits for a worker.")
        ]
        row.attempts, row.last_error = 1, "The disk is full."
        row.save()
        assert dropped("new", "shirt") == [
            (
                "Index",
                f"It is not in version {version.pk}, and will be tried again after 1 attempts: The disk is full.",
            )
        ]
        row.attempts, row.parked = 3, True
        row.save()
        assert dropped("new", "shirt") == [
            (
                "Index",
                f"It is not in version {version.pk}, and failed at every attempt, 3 times: The disk is full.",
            )
        ]

    def test_it_is_in_another_version_only(self, shirts, version, tiny_artifact):
        former = make_version(tiny_artifact, "retired")
        add(former, "old", "Old shirt")
        StaleProduct.objects.all().delete()
        assert dropped("old", "shirt") == [
            ("Index", f"It is not in version {version.pk}, but in version {former.pk}.")
        ]

    def test_there_is_no_index(self, db, search_settings):
        (only,) = dropped("a", "shirt")
        assert only[1].startswith("There is no search index yet")

    def test_what_is_wrong_with_an_entry_is_told_but_drops_nothing(self, shirts):
        entry = IndexEntry.objects.get(sku="s1")
        IndexEntry.objects.filter(pk=entry.pk).update(error="The text is empty.")
        EntryImage.objects.create(
            entry=entry, version=entry.version, position=0, name="a.png", error="It is damaged."
        )
        looked = look("s1", "shirt")
        assert [step.sentence for step in looked.steps if step.passed is None] == [
            "It is indexed in part only: The text is empty.",
            "Its picture a.png cannot be used: It is damaged.",
            "It has changed since it was indexed, and waits for a worker.",
        ]
        assert looked.dropped == ()

    def test_embeddings_that_are_to_come(self, shirts):
        StaleProduct.objects.all().delete()
        IndexEntry.objects.filter(sku="s1").update(content_hash="a", embedded_hash="b")
        sentences = [step.sentence for step in look("s1", "shirt").steps]
        assert "Its embeddings are still to come: it is found by words only." in sentences

    def test_the_shop_has_withdrawn_it(self, shirts):
        shirts[0].published = False
        type(shirts[0]).objects.filter(pk=shirts[0].pk).update(published=False)
        assert dropped("s1", "shirt") == [("Shop", "The shop has withdrawn it since it was indexed.")]


class TestConditions:
    def test_filters(self, shirts):
        filters = Filters(
            facets={"colour": ("Blue", "Green"), "brand": ("Acme",)},
            price_min=Decimal(400),
            price_max=Decimal(500),
            in_stock=True,
        )
        IndexEntry.objects.filter(sku="s1").update(in_stock=False)
        assert dropped("s1", "shirt", filters) == [
            ("Filter", "The filter asks for colour Blue or Green."),
            ("Filter", "The filter asks for a price from 400 to 500."),
            ("Filter", "The filter asks for what is in stock."),
        ]

    def test_the_price_in_the_query(self, shirts):
        assert dropped("s1", "shirt under 250") == [
            ("Price", "The query asks for a price up to 250 (“under 250”).")
        ]
        assert dropped("s1", "under 250")[0] == (
            "Price",
            "The query asks for a price up to 250 (“under 250”).",
        )
        assert dropped("s1", "shirt under 250", Filters(price_min=Decimal(1))) == []

    def test_an_excluded_word(self, shirts):
        assert dropped("s1", "shirt -red") == [("Excluded word", "The query excludes “red”.")]

    def test_a_rule_hides_it(self, shirts):
        rule = MerchandisingRule.objects.create(
            action="hide", facet="colour", value="Red", phrase="shirt", place="query"
        )
        forget_snapshot()
        assert dropped("s1", "shirt") == [("Rule", f"Rule {rule.pk}: Hides colour Red for 'shirt'.")]


class TestMatch:
    @pytest.fixture
    def enough(self, search_settings):
        search_settings.FASHION_SEARCH |= {"ENOUGH": 2}

    def test_enough_others_have_everything(self, shirts, version, enough):
        count_words(version)
        assert dropped("s3", "red shirt") == [
            (
                "Match",
                "It lacks “red” (fits 0.00, 0.50 needed). 2 products have all that was asked for,"
                " so that the closest are not shown.",
            )
        ]
        # Blue leaves none of them, but they are enough without the filter.
        assert dropped("s3", "red shirt", Filters(facets={"colour": ("Blue",)})) == [
            (
                "Match",
                "It lacks “red” (fits 0.00, 0.50 needed). At least 2 products have all that was asked for,"
                " so that the closest are not shown.",
            )
        ]

    def test_it_is_not_close_enough(self, version, monkeypatch):
        encode_as(monkeypatch, 1)
        add(version, "one", "Red thing", facets={"colour": ["Red"]})
        add(version, "far", "Bag", pictures=[unit(0.3, 0.954)])
        count_words(version, image_noise=0.5, text_noise=0.45)
        looked = look("far", "red")
        assert [step.sentence for step in looked.dropped] == [
            "It lacks “red” (fits 0.00, 0.50 needed). It is not close enough: it has 0.00 of what was asked for,"
            " 0.50 needed; its picture is similar by 0.300, nonsense by 0.500; its text is similar by nothing, for"
            " lack of an embedding, nonsense by 0.450."
        ]
        assert looked.explanation.match == ""
        assert looked.explanation.image_similarity == pytest.approx(0.3, abs=1e-3)
        assert looked.place is None

    def test_it_is_close_but_below_the_floor(self, version, monkeypatch):
        encode_as(monkeypatch, 1)
        add(version, "one", "Red thing", facets={"colour": ["Red"]})
        add(version, "far", "Bag", pictures=[unit(0.15, 0.989)], text=unit(0.1, 0.995))
        count_words(version, image_noise=0.12, text_noise=0.45)
        ((name, sentence),) = dropped("far", "red")
        assert name == "Candidates"
        assert sentence == (
            "It was not looked at: its picture is similar by 0.150, below the floor of 0.200; its text is similar by"
            " 0.100, below the floor of 0.200; it has no part of the query."
        )

    def test_others_are_nearer(self, version, monkeypatch, search_settings):
        encode_as(monkeypatch, 1)
        search_settings.FASHION_SEARCH |= {"CANDIDATES": 1}
        add(version, "one", "Red thing", facets={"colour": ["Red"]}, pictures=[unit(1)])
        add(version, "near", "Bag", pictures=[unit(0.9, 0.436)])
        count_words(version, image_noise=0.12, text_noise=0.45)
        ((name, sentence),) = dropped("near", "red")
        assert name == "Candidates"
        assert (
            "its picture is similar by 0.900, and 1 others are nearer; its text has no embedding" in sentence
        )

    def test_a_product_that_is_named_so_ends_the_search_for_parts(self, version):
        add(version, "set", "Red bolt")
        add(version, "half", "Cap", facets={"colour": ["Red"]})
        add(version, "other", "Hat", brand="Bolt", facets={"brand": ["Bolt"]})
        count_words(version)
        ((name, sentence),) = dropped("other", "red bolt")
        assert name == "Candidates"
        assert sentence == (
            "It was not looked at: its picture has no embedding; its text has no embedding; what has a part of the"
            " query is not looked for where a product is named so."
        )

    def test_without_an_encoder(self, version, search_settings, monkeypatch):
        def fail(version, text):
            raise RuntimeError

        monkeypatch.setattr("search.searching.ranking.embed_query", fail)
        search_settings.FASHION_SEARCH |= {"CANDIDATES": 1, "ENOUGH": 1}
        add(version, "a", "Cap", facets={"colour": ["Red"], "brand": ["Bolt"]})
        add(version, "b", "Cap", facets={"colour": ["Red"], "brand": ["Bolt"]})
        add(version, "z", "Hat", facets={"colour": ["Blue"], "gender": ["Women"]})
        count_words(version)
        sentences = {sku: dropped(sku, "red bolt women") for sku in ("a", "b")}
        (only,) = [found for found in sentences.values() if found]
        assert only == [
            (
                "Candidates",
                "It was not looked at: the query has no embedding; enough others that have as much of the query, or"
                " more, were found before it.",
            )
        ]

    def test_a_query_that_names_nothing(self, version):
        add(version, "a", "Shirt")
        count_words(version, image_noise=0.9, text_noise=0.9)
        ((name, sentence),) = dropped("a", "asdkjh")
        assert name == "Match"
        assert sentence.startswith("The query names nothing that products hold. It is not close enough")


class TestLimits:
    def test_more_have_everything_than_are_looked_at(self, shirts, version, search_settings):
        search_settings.FASHION_SEARCH |= {"RESULTS": 2}
        count_words(version)
        listed = {result.card.sku for result in explain_search("shirt").answer.results}
        assert len(listed) == 2
        out = min({"s1", "s2", "s3", "s4", "s5"} - listed)
        assert dropped(out, "shirt") == [
            (
                "Candidates",
                "More than 2 products have all that was asked for; those that fit best were looked at, and it is none"
                " of them.",
            )
        ]

    def test_a_rank_beyond_the_limit(self, shirts, version, search_settings):
        search_settings.FASHION_SEARCH |= {"RESULTS": 3, "WEIGHTS": {"brand": 2}}
        count_words(version)
        # Nothing has both, four have one of them: four are kept, and three are shown.
        looked = [look(sku, "red bolt") for sku in ("s1", "s2", "s4", "s5")]
        assert sorted(one.place or 0 for one in looked) == [0, 1, 2, 3]
        (out,) = [one for one in looked if one.place is None]
        assert [step.sentence for step in out.dropped] == [
            "It is at rank 4 of 4 by score; a search has 3 results at most."
        ]

    def test_the_newest_of_a_query_of_a_price_only(self, shirts, search_settings):
        search_settings.FASHION_SEARCH |= {"RESULTS": 1}
        assert dropped("s2", "under 250") == [
            ("Ranking", "The query states a price only: the newest 1 products are listed.")
        ]
        assert look("s4", "under 250").place == 1

    def test_variants_move_it_to_a_later_page(self, version, search_settings):
        search_settings.FASHION_SEARCH |= {"VARIANTS": 1, "PAGE_SIZE": 2}
        for sku in ("a", "b", "c"):
            add(version, sku, "Shirt")
        IndexEntry.objects.filter(sku__in=("a", "b")).update(style="same")
        looked = look("b", "shirt")
        assert (looked.place, looked.dropped) == (3, ())
        sentences = [step.sentence for step in looked.steps]
        assert "It moves from rank 2 to 3: a page shows 1 variants of one style." in sentences
        assert sentences[-1] == "It is result 3 of 3, on page 2."


def test_a_product_that_is_there(shirts):
    looked = look("S1", "shirt")
    assert looked.dropped == ()
    assert looked.card.sku == "s1"
    assert looked.explanation.match == "full"
    assert looked.steps[-1].sentence == f"It is result {looked.place} of 5, on page 1."


def test_a_product_that_a_rule_pins(shirts, version):
    add(version, "bag", "Leather bag")
    key = IndexEntry.objects.get(sku="bag").product_key
    MerchandisingRule.objects.create(
        action="pin", sku="bag", product_key=key, phrase="shirt", place="query", position=2
    )
    forget_snapshot()
    looked = look("bag", "shirt")
    assert (looked.place, looked.dropped) == (2, ())
    assert "A rule pins it, whatever it has of the query." in [step.sentence for step in looked.steps]


def test_a_sku_that_cannot_be_one(shirts):
    with pytest.raises(InvalidQuery, match="sku holds a NUL character"):
        look("a\x00b", "shirt")
