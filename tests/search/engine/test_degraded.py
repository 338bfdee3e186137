import base64
import shutil
import threading
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from django.core import signing
from django.core.cache import cache
from django.db import connection
from prometheus_client import REGISTRY

from search.encoders import queries
from search.engine import Filters, answers, count_answer, find_similar, ranking, results, search
from search.engine.candidates import forget_pictures
from search.engine.photos import SALT
from search.exceptions import ArtifactError
from search.indexing.lexicons import build_lexicon
from search.models import EntryImage, IndexEntry, IndexVersion, MerchandisingRule, PopularQuery
from search.query.lexicon import forget_words
from search.session import search_session
from tests.search.indexed import add, make_version, unit
from tests.tiny_artifact import write_tiny_artifact


def skus(answer):
    return [result.card.sku for result in answer.results]


def test_without_a_version_the_answer_is_empty_and_says_what_to_do(db, search_settings):
    for text in ("", "shirt"):
        answer = search(text)
        assert (answer.total, answer.results, answer.degraded) == (0, [], answers.NO_VERSION)
        assert answer.facets == {
            "category": [],
            "brand": [],
            "colour": [],
            "gender": [],
            "pattern": [],
            "size": [],
            "usage": [],
            "tags": [],
        }
    assert find_similar("1").degraded == answers.NO_VERSION
    assert answers.NO_VERSION == "There is no search index yet; run: manage.py search_index rebuild"


def test_the_first_build_is_searched_by_keyword(db, tiny_artifact, search_settings):
    version = make_version(tiny_artifact, state="building")
    add(version, "word", "Red shirt")
    add(version, "picture", "Thing", pictures=[unit(1)], text=unit(1))

    answer = search("red")

    assert (skus(answer), answer.degraded) == (["word"], answers.BUILDING)
    assert search("").degraded == answers.BUILDING


def test_a_missing_artifact_leaves_keyword_results(db, tmp_path, search_settings, caplog):
    write_tiny_artifact(tmp_path / "a", seed=9)
    version = make_version(tmp_path / "a")
    shutil.rmtree(tmp_path / "a")
    IndexVersion.objects.filter(pk=version.pk).update(artifact_path=str(tmp_path / "gone"))
    add(version, "word", "Red shirt")

    answer = search("red")

    assert (skus(answer), answer.total, answer.degraded) == (["word"], 1, answers.NO_ENCODER)
    assert "could not be encoded" in caplog.text
    assert "ArtifactError" in caplog.text


def test_another_artifact_in_the_folder_is_never_used(db, tmp_path, search_settings):
    write_tiny_artifact(tmp_path / "a", seed=9)
    version = make_version(tmp_path / "a")
    write_tiny_artifact(tmp_path / "a", seed=8)
    add(version, "word", "Red shirt")

    assert search("red").degraded == answers.NO_ENCODER


@pytest.mark.parametrize("failing", ["image_leg", "text_leg"])
def test_a_failing_semantic_leg_leaves_keyword_results(version, monkeypatch, caplog, failing):
    add(version, "word", "Red shirt", facets={"brand": ["Acme"]})

    def fail(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT '[1]'::halfvec(2)")

    monkeypatch.setattr(f"search.engine.ranking.{failing}", fail)
    answer = search("red")

    assert (skus(answer), answer.degraded) == (["word"], answers.NO_EMBEDDINGS_SEARCH)
    assert [(count.value, count.count) for count in answer.facets["brand"]] == [("Acme", 1)]
    assert "expected 2 dimensions, not 1" in caplog.text


def test_a_slow_encoder_leaves_keyword_results(version, monkeypatch, search_settings, caplog):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"ENCODE_TIMEOUT_MS": 50}
    go = threading.Event()

    class Slow:
        def encode_texts(self, texts):
            go.wait(5)

    monkeypatch.setattr("search.encoders.queries.encoders_for", lambda artifact: Slow())
    try:
        queries._embed.cache_clear()
        answer = search("red")
    finally:
        go.set()
    assert (skus(answer), answer.degraded) == (["word"], answers.SLOW_ENCODER)
    assert "longer than 50 ms" in caplog.text


def test_a_slow_search_by_embeddings_leaves_keyword_results(version, monkeypatch, search_settings, caplog):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}

    def sleep(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("search.engine.ranking.image_leg", sleep)
    answer = search("red")
    assert (skus(answer), answer.degraded) == (["word"], answers.NO_EMBEDDINGS_SEARCH)
    assert "statement timeout" in caplog.text


@pytest.mark.parametrize("text", ["red", ""])
def test_a_search_that_takes_too_long_even_so_is_given_up(
    version, monkeypatch, search_settings, caplog, text
):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}

    def sleep(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("search.engine.service.list_results", sleep)
    monkeypatch.setattr("search.engine.browse.Listing.window", sleep)
    answer = search(text)
    assert (answer.results, answer.complete, answer.degraded) == ([], False, answers.TOO_SLOW)
    assert "was given up" in caplog.text


def test_queries_to_try_that_take_too_long_to_look_up_leave_the_categories(
    version, monkeypatch, search_settings, caplog
):
    add(version, "word", "Red shirt", facets={"category": ["Shirts"]})
    build_lexicon(version)
    forget_words()
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}
    PopularQuery.objects.create(query="red shirt", text="red shirt", searches=9, clicked=9)

    def sleep(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("search.engine.findable.read_words", sleep)
    answer = search("zzqq")
    assert (answer.total, answer.degraded, answer.instead) == (0, "", ("Shirts",))
    assert "queries to try" in caplog.text


def test_spelling_that_cannot_be_looked_at_leaves_the_query_as_it_is(version, monkeypatch, caplog):
    add(version, "word", "Red shirt")

    def fail(*args):
        with search_session(), connection.cursor() as cursor:
            cursor.execute("SELECT nothing")

    monkeypatch.setattr("search.engine.service.correct", fail)
    answer = search("red")

    assert (skus(answer), answer.degraded, answer.is_corrected) == (["word"], "", False)
    assert "could not be looked at" in caplog.text


def test_similar_products_that_cannot_be_found_are_none_and_it_is_logged(version, monkeypatch, caplog):
    product = add(version, "a", "A", pictures=[unit(1)])

    def fail(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT '[1]'::halfvec(2)")

    monkeypatch.setattr("search.engine.similar.image_leg", fail)
    answer = find_similar(str(product.pk))

    assert (answer.results, answer.degraded) == ([], answers.NO_SIMILAR)
    assert "expected 2 dimensions, not 1" in caplog.text


def left_out(answer):
    return answer.degraded, answer.left_out


def too_slow(*args, **kwargs):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


@pytest.fixture
def shelf(version):
    """Thirty red and thirty blue shirts, whose words are not counted."""
    for number in range(60):
        facets = {"colour": ["Red" if number % 2 else "Blue"], "brand": ["Acme" if number % 3 else "Bolt"]}
        add(
            version,
            f"s{number:02}",
            "Linen shirt",
            price=100 + number,
            facets=facets,
            pictures=[unit(1, number)],
        )
    return version


RED = Filters(facets={"colour": ("Red",)}, price_min=Decimal(110))


@pytest.mark.parametrize("text", ["", "linen shirt"])
def test_counts_that_take_too_long_leave_the_list_whole(shelf, monkeypatch, search_settings, text):
    whole = search(text, filters=RED)
    assert (whole.total, [one.count for one in whole.facets["colour"]]) == (25, [25, 25])
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}
    for module in ("counts", "results"):
        monkeypatch.setattr(f"search.engine.{module}.count_facets", too_slow)
    answer = search(text, filters=RED)
    assert (skus(answer), answer.total, answer.complete) == (skus(whole), 25, True)
    assert (answer.degraded, answer.token) == (answers.NO_COUNTS, "")
    assert [name for name in answer.left_out if name != "lexicon"] == ["counts", "token"]
    # What is counted all the same is right: of what was chosen, what is shown.
    counts = {name: [(one.value, one.count) for one in of] for name, of in answer.facets.items() if of}
    assert counts == ({"brand": [("Acme", 17), ("Bolt", 8)], "colour": [("Red", 25)]} if text else {})
    assert answer.price_ranges == []


def test_filters_and_what_rules_hide_hold_where_the_search_by_embeddings_is_too_slow(
    shelf, monkeypatch, search_settings
):
    key = IndexEntry.objects.get(sku="s59").product_key
    rule = {"action": "hide", "place": "query", "phrase": "linen"}
    MerchandisingRule.objects.create(**rule, sku="s59", product_key=key)
    MerchandisingRule.objects.create(**rule, facet="brand", value="Bolt")
    whole = search("linen", filters=RED)
    assert whole.total == 25 - 1 - 8
    score = ranking.score_entries

    def measured(query, *args):
        if query.embedding is not None:
            too_slow()
        return score(query, *args)

    monkeypatch.setattr(ranking, "score_entries", measured)
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}
    answer = search("linen", filters=RED)
    assert (sorted(skus(answer)), answer.total) == (sorted(skus(whole)), 16)
    assert (answer.degraded, answer.left_out[1:]) == (answers.NO_EMBEDDINGS_SEARCH, ("embeddings",))


def broken(*args, **kwargs):
    with connection.cursor() as cursor:
        cursor.execute("SELECT '[1]'::halfvec(2)")


def test_a_list_that_lacks_something_is_not_kept_for_later_pages(shelf, monkeypatch, redis_server):
    cache.clear()
    results.breaker.close()
    first = search("linen shirt", page_size=10)
    assert (first.token != "", first.degraded, first.left_out) == (True, "", ("lexicon",))

    def fail(*args):
        raise ArtifactError("gone")

    monkeypatch.setattr("search.engine.ranking.embed_query", fail)
    later = search("linen shirt", page=2, page_size=10, token=first.token)
    assert (left_out(later), later.restarted) == (("", ("lexicon",)), False)  # of the list that was whole
    fresh = search("linen shirt", page_size=10)
    assert (fresh.token, *left_out(fresh)) == ("", answers.NO_ENCODER, ("lexicon", "embeddings", "token"))


def test_a_photo_needs_no_embedding_of_the_words_beside_it(shelf, monkeypatch):
    token = signing.dumps(
        [shelf.fingerprint[:16], base64.b85encode(np.eye(1, 32, dtype="<f2").tobytes()).decode()], salt=SALT
    )
    whole = search("linen", photo=token)

    def fail(*args):
        raise ArtifactError("gone")

    monkeypatch.setattr("search.engine.ranking.embed_query", fail)
    answer = search("linen", photo=token)
    assert (skus(answer), left_out(answer)) == (skus(whole), ("", ("lexicon",)))
    monkeypatch.setattr("search.engine.ranking.image_leg", broken)
    by_words = search("linen", photo=token)
    assert (by_words.total, by_words.degraded) == (60, answers.NO_EMBEDDINGS_SEARCH)
    assert by_words.left_out == ("lexicon", "look", "embeddings", "token")
    alone = search(photo=token, filters=RED)
    assert (alone.total, alone.complete, alone.is_blind) == (0, False, True)
    assert left_out(alone) == (answers.NO_SIMILAR, ("results", "counts", "look"))


def test_a_look_that_counts_in_part_says_so(shelf):
    assert search(more=["s01"]).left_out == ()
    assert search(more=["s01", "gone"]).left_out == ("look",)
    assert search("linen", less=["gone"]).left_out == ("lexicon", "look")
    assert search(more=["gone"]).left_out == ("look",)
    bare, _ = (add(shelf, sku, "Words only", text=unit(1)) for sku in ("bare", "other"))
    assert left_out(find_similar(str(bare.pk))) == ("", ("look",))
    assert skus(find_similar(str(bare.pk))) == ["other"]


def test_whether_somebody_could_look_is_told_apart_from_what_was_found(version, monkeypatch, search_settings):
    product = add(version, "a", "A", pictures=[unit(1)])
    assert (search("zebra").is_blind, search("zebra").instead, search("zebra").left_out) == (
        False,
        (),
        ("lexicon",),
    )
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 2500}
    monkeypatch.setattr("search.engine.service.list_results", too_slow)
    monkeypatch.setattr("search.engine.similar.image_leg", broken)
    assert (search("zebra").is_blind, search("zebra").left_out) == (True, ("results", "counts"))
    assert search("zebra", with_facets=False).left_out == ("results",)
    assert find_similar(str(product.pk)).left_out == ("results",)


def test_what_is_left_out_is_counted(version, monkeypatch):
    def value(name, **labels):
        return REGISTRY.get_sample_value(f"fashion_search_{name}_total", labels) or 0.0

    before = value("degraded", kind="row"), value("left_out", what="results"), value("left_out", what="look")
    find_similar("no such key")
    count_answer(replace(search("shirt"), left_out=("look",)))
    after = value("degraded", kind="row"), value("left_out", what="results"), value("left_out", what="look")
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def test_an_index_without_its_pictures_says_so(version):
    """Not "nothing found": the products are there, their pictures are not."""
    product = add(version, "s1", "Red shirt", text=unit(1), pictures=[unit(1)])
    add(version, "s2", "Red hat", text=unit(1, 1), pictures=[unit(1, 1)])
    photo = signing.dumps(
        [version.fingerprint[:16], base64.b85encode(np.array(unit(1), "<f2").tobytes()).decode()],
        salt=SALT,
    )
    assert [search("red").degraded, search(photo=photo).degraded] == ["", ""]
    assert find_similar(str(product.pk)).degraded == ""

    EntryImage.objects.update(embedding=None)
    forget_pictures()
    by_words, by_photo, similar = search("red"), search(photo=photo), find_similar(str(product.pk))
    assert (sorted(skus(by_words)), by_words.degraded) == (["s1", "s2"], answers.MOST_PICTURES)
    assert (skus(by_photo), by_photo.degraded) == ([], answers.MOST_PICTURES)
    assert (skus(similar), similar.degraded) == (["s2"], answers.SIMILAR_BY_TEXT)
    assert search("").degraded == ""  # a list of the catalogue needs none

    EntryImage.objects.all().delete()
    forget_pictures()
    assert search("red").degraded == ""  # a shop without pictures lacks none
    assert search(photo=photo).degraded == answers.NO_PICTURE
    assert find_similar(str(product.pk)).degraded == ""
