import shutil
import threading

import pytest
from django.db import connection

from search.models import IndexVersion
from search.retrieval import encoding
from search.searching import find_similar, reasons, search
from tests.search.indexed import add, make_version, unit
from tests.tiny_artifact import write_tiny_artifact


def skus(answer):
    return [result.card.sku for result in answer.results]


def test_without_a_version_the_answer_is_empty_and_says_what_to_do(db, search_settings):
    for text in ("", "shirt"):
        answer = search(text)
        assert (answer.total, answer.results, answer.degraded) == (0, [], reasons.NO_VERSION)
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
    assert find_similar("1").degraded == reasons.NO_VERSION
    assert reasons.NO_VERSION == "There is no search index yet; run: manage.py search_index rebuild"


def test_the_first_build_is_searched_by_keyword(db, tiny_artifact, search_settings):
    version = make_version(tiny_artifact, state="building")
    add(version, "word", "Red shirt")
    add(version, "picture", "Thing", pictures=[unit(1)], text=unit(1))

    answer = search("red")

    assert (skus(answer), answer.degraded) == (["word"], reasons.BUILDING)
    assert search("").degraded == reasons.BUILDING


def test_a_missing_artifact_leaves_keyword_results(db, tmp_path, search_settings, caplog):
    write_tiny_artifact(tmp_path / "a", seed=9)
    version = make_version(tmp_path / "a")
    shutil.rmtree(tmp_path / "a")
    IndexVersion.objects.filter(pk=version.pk).update(artifact_path=str(tmp_path / "gone"))
    add(version, "word", "Red shirt")

    answer = search("red")

    assert (skus(answer), answer.total, answer.degraded) == (["word"], 1, reasons.NO_ENCODER)
    assert "could not be encoded" in caplog.text
    assert "ArtifactError" in caplog.text


def test_another_artifact_in_the_folder_is_never_used(db, tmp_path, search_settings):
    write_tiny_artifact(tmp_path / "a", seed=9)
    version = make_version(tmp_path / "a")
    write_tiny_artifact(tmp_path / "a", seed=8)
    add(version, "word", "Red shirt")

    assert search("red").degraded == reasons.NO_ENCODER


@pytest.mark.parametrize("failing", ["image_leg", "text_leg"])
def test_a_failing_semantic_leg_leaves_keyword_results(version, monkeypatch, caplog, failing):
    add(version, "word", "Red shirt", facets={"brand": ["Acme"]})

    def fail(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT '[1]'::halfvec(2)")

    monkeypatch.setattr(f"search.searching.ranking.{failing}", fail)
    answer = search("red")

    assert (skus(answer), answer.degraded) == (["word"], reasons.NO_EMBEDDINGS_SEARCH)
    assert [(count.value, count.count) for count in answer.facets["brand"]] == [("Acme", 1)]
    assert "expected 2 dimensions, not 1" in caplog.text


def test_a_slow_encoder_leaves_keyword_results(version, monkeypatch, search_settings, caplog):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH |= {"ENCODE_TIMEOUT_MS": 50}
    go = threading.Event()

    class Slow:
        def encode_texts(self, texts):
            go.wait(5)

    monkeypatch.setattr("search.retrieval.encoding.encoders_for", lambda artifact: Slow())
    try:
        encoding._embed.cache_clear()
        answer = search("red")
    finally:
        go.set()
    assert (skus(answer), answer.degraded) == (["word"], reasons.SLOW_ENCODER)
    assert "longer than 50 ms" in caplog.text


def test_a_slow_search_by_embeddings_leaves_keyword_results(version, monkeypatch, search_settings, caplog):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH |= {"SEARCH_TIMEOUT_MS": 400}

    def sleep(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr("search.searching.ranking.image_leg", sleep)
    answer = search("red")
    assert (skus(answer), answer.degraded) == (["word"], reasons.NO_EMBEDDINGS_SEARCH)
    assert "statement timeout" in caplog.text


@pytest.mark.parametrize("text", ["red", ""])
def test_a_search_that_takes_too_long_even_so_is_given_up(
    version, monkeypatch, search_settings, caplog, text
):
    add(version, "word", "Red shirt")
    search_settings.FASHION_SEARCH |= {"SEARCH_TIMEOUT_MS": 200}

    def sleep(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr("search.searching.words.whole_list", sleep)
    monkeypatch.setattr("search.searching.listing.Listing.window", sleep)
    answer = search(text)
    assert (answer.results, answer.complete, answer.degraded) == ([], False, reasons.TOO_SLOW)
    assert "was given up" in caplog.text


def test_spelling_that_cannot_be_looked_at_leaves_the_query_as_it_is(version, monkeypatch, caplog):
    add(version, "word", "Red shirt")

    def fail(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing")

    monkeypatch.setattr("search.searching.words.correct", fail)
    answer = search("red")

    assert (skus(answer), answer.degraded, answer.is_corrected) == (["word"], "", False)
    assert "could not be looked at" in caplog.text


def test_similar_products_that_cannot_be_found_are_none_and_it_is_logged(version, monkeypatch, caplog):
    product = add(version, "a", "A", pictures=[unit(1)])

    def fail(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT '[1]'::halfvec(2)")

    monkeypatch.setattr("search.searching.similar.image_leg", fail)
    answer = find_similar(str(product.pk))

    assert (answer.results, answer.degraded) == ([], reasons.NO_SIMILAR)
    assert "expected 2 dimensions, not 1" in caplog.text
