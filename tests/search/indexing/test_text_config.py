"""Versions of two text search configurations side by side: "shirts" is "shirt" in English, and "shirts" as it stands."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from search.engine import search
from search.exceptions import TextConfigError
from search.indexing import building, versions
from search.indexing.databases import try_text_config
from search.indexing.reconcile import reconcile
from search.models import Build, IndexEntry, IndexVersion
from search.monitoring.index_probes import probe_index
from search.monitoring.probes import State
from search.monitoring.readiness import readiness
from search.monitoring.verify import verify
from search.query.lexicon import forget_words, words_of
from tests.outbox import stale_products
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def lexemes(version: IndexVersion) -> dict[str, list[str]]:
    """SKU -> what the entry is found by, of words that begin with "sh"."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sku, ARRAY(SELECT word FROM unnest(tsvector_to_array(document)) AS word WHERE word LIKE 'sh%%')"
            " FROM fashion_search_indexentry WHERE version_id = %s ORDER BY sku",
            [version.pk],
        )
        return dict(cursor.fetchall())


def use(settings, name: str) -> None:
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"TEXT_CONFIG": name}
    forget_words()


def found(query: str) -> tuple[int, tuple[str, ...]]:
    """How many products have all of the query, and which words of it are not known."""
    forget_words()
    answer = search(query)
    return answer.matching, answer.unknown


def test_the_active_version_goes_on_with_its_own_and_the_next_has_the_new_one(index_settings):
    make_product("A1", name="shirts")
    first = build_version()
    assert (first.text_config, lexemes(first)) == ("english", {"a1": ["shirt"]})

    use(index_settings, "simple")
    make_product("A2", name="shirts")
    drain()
    assert lexemes(first) == {"a1": ["shirt"], "a2": ["shirt"]}
    assert words_of(first, ()).lexicon.language == "english"
    assert reconcile() == 0

    answer = versions.request_rebuild()
    assert answer.begun
    assert answer.version.text_config == "simple"
    make_product("A3", name="shirts")
    drain()
    assert lexemes(first) == {key: ["shirt"] for key in ("a1", "a2", "a3")}
    assert lexemes(answer.version) == {key: ["shirts"] for key in ("a1", "a2", "a3")}
    assert reconcile() == 0
    building.advance_builds()
    second = IndexVersion.objects.active()
    assert second == answer.version
    assert words_of(second, ()).lexicon.language == "simple"
    assert not versions.request_rebuild().begun

    assert versions.roll_back() == first
    assert stale_products().count() == 0
    assert words_of(IndexVersion.objects.active(), ()).lexicon.language == "english"


def test_searches_read_queries_as_the_active_version_was_written(index_settings):
    make_product("A1", name="shirts")
    build_version()
    assert found("shirting") == (1, ())
    use(index_settings, "simple")
    assert found("shirting") == (1, ())


def test_a_build_with_the_former_configuration_is_not_waited_for(index_settings):
    make_product("A1")
    former = versions.request_rebuild().version
    use(index_settings, "simple")
    answer = versions.request_rebuild()
    assert (answer.begun, answer.version.text_config) == (True, "simple")
    assert not IndexVersion.objects.filter(pk=former.pk).exists()


def test_versions_of_the_release_before_are_noted_by_the_next_round(index_settings):
    make_product("A1")
    version = build_version()
    IndexVersion.objects.update(text_config="")
    assert IndexVersion.objects.get().config == "english"
    building.advance_builds()
    assert IndexVersion.objects.get().text_config == "english"
    assert reconcile() == 0

    # Upgrade and another setting in one go: the note is wrong, and a reconcile makes it right.
    IndexVersion.objects.update(text_config="")
    use(index_settings, "simple")
    building.advance_builds()
    assert reconcile() == 1
    drain()
    assert lexemes(version) == {"a1": ["shirt", "shirts"]}
    assert (IndexVersion.objects.get().text_config, reconcile()) == ("simple", 0)


def test_one_that_postgres_does_not_know_begins_no_build(index_settings):
    make_product("A1")
    version = build_version()
    use(index_settings, "klingon")
    sentence = (
        "Postgres cannot use 'klingon' as text search configuration:"
        ' text search configuration "klingon" does not exist.'
    )
    with pytest.raises(TextConfigError) as caught:
        try_text_config("klingon")
    assert str(caught.value) == sentence
    with pytest.raises(CommandError, match="Postgres cannot use 'klingon'"):
        call_command("search_index", "rebuild")
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    build.refresh_from_db()
    assert (build.state, build.reason) == (Build.State.FAILED, sentence)
    make_product("A2")
    drain()
    assert IndexEntry.objects.filter(version=version).count() == 2
    (check,) = [check for check in probe_index() if check.name == "Text search configuration"]
    assert (check.state, check.sentence) == (State.ATTENTION, f"FASHION_SEARCH['TEXT_CONFIG']: {sentence}")


def test_another_one_in_the_settings_is_told_of(index_settings):
    make_product("A1")
    version = build_version()

    def told() -> tuple[State, str, bool]:
        (check,) = [check for check in probe_index() if check.name == "Text search configuration"]
        verified = next(each for each in verify().checks if each.name == "text search configuration")
        return check.state, check.sentence, verified.passed

    assert told() == (State.OK, "english, as in the active version.", True)
    use(index_settings, "german")
    assert told() == (
        State.ATTENTION,
        f"The active version {version.pk} was built with the text search configuration english, not with the one in the settings,"
        " german; it is still searched and written with its own.",
        True,
    )
    IndexVersion.objects.update(text_config="gone")
    state, sentence, passed = told()
    assert (state, passed) == (State.BROKEN, False)
    assert sentence.startswith(
        f"The active version {version.pk} cannot be searched: Postgres cannot use 'gone'"
    )
    assert [finding.passed for finding in readiness().findings if finding.name == "version"] == [False]
