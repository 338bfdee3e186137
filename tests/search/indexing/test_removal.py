import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from search.evaluation.run import keep
from search.indexing import building, hnsw, removal, versions
from search.indexing.lexicons import refresh_word_list
from search.indexing.removal import DROPPED, Fate, drop_superseded, drop_version, find_left_over
from search.models import (
    Build,
    CatalogueHealth,
    CatalogueMap,
    Evaluation,
    HealthFinding,
    IndexEntry,
    IndexVersion,
    KeptCount,
    KeptCountChange,
    ProductTag,
    VersionLexicon,
    VersionTags,
    WordList,
)
from search.monitoring.verify import verify
from search.quality.health import check_health
from search.quality.jobs import ask, compute
from search.tags.refresh import refresh_tags
from search.tags.suggest import suggest_tags
from shop.models import Product
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def states() -> dict[int, str]:
    return dict(IndexVersion.objects.values_list("pk", "state"))


def make_everything(version: IndexVersion) -> None:
    """Have made for a version all that workers make for one, as the hours after a build do."""
    refresh_word_list()
    refresh_tags()
    suggest_tags(list(IndexEntry.objects.filter(version=version).values_list("product_key", flat=True)))
    keep(version, "queries.jsonl", "digest", {}, [])
    ask(CatalogueHealth, version)
    compute(CatalogueHealth, version.pk, check_health)
    ask(CatalogueMap, version)


def make_suggestible() -> Product:
    """A product that lacks its colour, which others tell."""
    make_product("R1", colour="red")
    make_product("B1", colour="blue")
    bare = make_product("A1", colour="red")
    Product.objects.filter(pk=bare.pk).update(colour="")
    return bare


def rows_of(model: type[models.Model], column: str) -> set[int]:
    """Numbers of the versions that rows point at."""
    return set(model._default_manager.exclude(**{column: None}).values_list(column, flat=True))


@contextmanager
def undroppable(version: IndexVersion) -> Iterator[None]:
    """Have Postgres refuse to delete a version, as a row that points at it does."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE points_at (version_id bigint REFERENCES fashion_search_indexversion)")
        cursor.execute("INSERT INTO points_at VALUES (%s)", [version.pk])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE points_at")


def passed(name: str = "versions in order") -> tuple[bool, str]:
    found = next(check for check in verify().checks if check.name == name)
    return found.passed, found.detail.removesuffix(f" {found.remedy}")


def test_the_list_has_every_model_that_points_at_a_version():
    """A new model with a foreign key to a version, or to a row that goes with one, fails this until the list has it."""
    every = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    found: dict[type[models.Model], set[type[models.Model]]] = {}
    looked_at, to_look_at = set(), [IndexVersion]
    while to_look_at:
        target = to_look_at.pop()
        looked_at.add(target)
        for model in every:
            for field in model._meta.fields:
                if field.is_relation and field.related_model._meta.concrete_model is target:
                    found.setdefault(model, set()).add(target)
                    if not field.null and model not in looked_at:
                        to_look_at.append(model)
    assert {model for model, *_ in DROPPED} == found.keys()
    for place, (model, column, fate) in enumerate(DROPPED):
        field = next(field for field in model._meta.fields if field.column == column)
        target = field.related_model._meta.concrete_model
        assert target is IndexVersion or target._meta.pk.related_model is IndexVersion
        assert fate is (Fate.KEPT if field.null else Fate.DELETED)
        assert found[model].isdisjoint(later for later, *_ in DROPPED[place + 1 :])


@pytest.mark.long
def test_ten_rebuilds_leave_the_active_version_the_kept_one_and_nothing_else(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"KEEP_RETIRED": 2}
    make_suggestible()
    make_product("A2", pictures=0)  # a finding
    for _ in range(10):
        version = build_version(force=True)
        make_everything(version)
    built = range(version.pk - 9, version.pk + 1)
    kept = set(built[-3:])
    assert states() == {built[-3]: "retired", built[-2]: "retired", built[-1]: "active"}
    indexes = {name for each in IndexVersion.objects.all() for name in (each.image_index, each.text_index)}
    assert hnsw.index_validity() == dict.fromkeys(indexes, True)
    counts = (KeptCount, KeptCountChange)  # what is not folded yet is in the second
    for model, column, _ in DROPPED:
        if model not in counts:
            expected = {version.pk} if model is ProductTag else kept
            assert rows_of(model, column) == expected, model
    assert set.union(*(rows_of(model, "version_id") for model in counts)) == kept
    assert Evaluation.objects.count() == 10
    assert HealthFinding.objects.filter(kind="no-picture").count() == 3
    assert find_left_over() == []
    assert passed() == (True, "3 versions kept, nothing left of others.")


def test_what_a_release_with_the_fault_has_left_goes_with_the_next_round():
    make_product("A1")
    leaked, _, _ = [build_version(force=True) for _ in range(3)]
    IndexVersion.objects.create(
        pk=leaked.pk, artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="failed"
    )
    IndexVersion.objects.filter(pk=leaked.pk).update(created_at=timezone.now() - timedelta(hours=1))
    CatalogueHealth.objects.create(version=leaked, seen_at=timezone.now())
    HealthFinding.objects.create(health_id=leaked.pk, kind="no-price", rank=0, product_key="1")
    CatalogueMap.objects.create(version=leaked, seen_at=timezone.now())
    with connection.cursor() as cursor:
        for number in (leaked.pk, leaked.pk + 1000):  # of a version that failed, and of one that is gone
            cursor.execute(
                f"CREATE INDEX fashion_search_image_v{number}_hnsw ON fashion_search_entryimage"
                f" USING hnsw ((embedding::halfvec(32)) halfvec_ip_ops) WHERE version_id = {number}"
            )
    assert passed() == (
        False,
        f"version {leaked.pk} (failed) should have been dropped 60 minutes ago."
        f" the index fashion_search_image_v{leaked.pk + 1000}_hnsw belongs to no version.",
    )
    building.advance_builds()
    assert states() == {leaked.pk + 1: "retired", leaked.pk + 2: "active"}
    assert len(hnsw.index_validity()) == 4
    assert passed() == (True, "2 versions kept, nothing left of others.")


def test_a_former_version_too_many_is_told_of_once_it_should_be_gone():
    make_product("A1")
    first, second, third = (build_version(force=True) for _ in range(3))
    IndexVersion.objects.create(
        pk=first.pk, artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="retired"
    )
    assert find_left_over() == []
    IndexVersion.objects.filter(pk=third.pk).update(activated_at=timezone.now() - timedelta(minutes=11))
    assert find_left_over() == [f"version {second.pk} (retired) should have been dropped 11 minutes ago"]


class TestOneThingThatFailsStopsNoOther:
    def test_a_version_that_cannot_be_dropped(self, caplog):
        make_product("A1")
        stuck = build_version()
        build_version(force=True)
        with undroppable(stuck):
            versions.request_rebuild(force=True)
            drain()
            with pytest.raises(IntegrityError, match="points_at"):
                building.advance_builds()
            IndexVersion.objects.get(pk=stuck.pk + 2, state="active")
            assert f"version {stuck.pk} failed" in caplog.text
            ok, detail = passed()
            assert not ok
            assert detail.startswith(
                f"version {stuck.pk} (failed): IntegrityError: update or delete on table"
            )
            # Later ones are dropped, and a build whose message was lost begins.
            build, _ = building.request_build("rebuild", by="anna")
            with pytest.raises(IntegrityError, match="points_at"):
                building.advance_builds()
            build.refresh_from_db()
            assert (build.state, build.step) == ("running", "encoding")
            drain()
            with pytest.raises(IntegrityError, match="points_at"):
                building.advance_builds()
            assert states() == {
                stuck.pk: "failed",
                stuck.pk + 2: "retired",
                stuck.pk + 3: "active",
            }
        building.advance_builds()
        assert stuck.pk not in states()
        assert passed() == (True, "2 versions kept, nothing left of others.")

    def test_a_version_that_cannot_be_dropped_is_in_no_newer_builds_way(self):
        make_product("A1")
        stuck = versions.request_rebuild().version
        with undroppable(stuck):
            newer = versions.request_rebuild(force=True).version
            assert states() == {stuck.pk: "failed", newer.pk: "building"}
            assert "points_at" in IndexVersion.objects.get(pk=stuck.pk).trouble

    def test_what_a_cancelled_build_left(self):
        make_product("A1")
        build_version()
        build, _ = building.request_build("rebuild", by="anna")
        building.begin_build(build.pk)
        building.cancel_build(build.pk, by="ben")
        stuck = IndexVersion.objects.get(state="failed")
        waiting, _ = building.request_build("reindex", by="anna")
        with undroppable(stuck), pytest.raises(ExceptionGroup) as caught:
            building.advance_builds()
        assert [type(error) for error in caught.value.exceptions] == [
            IntegrityError
        ] * 2  # cleared, then dropped
        waiting.refresh_from_db()
        assert waiting.step == "encoding"
        building.advance_builds()
        assert Build.objects.to_clear().count() == 0

    def test_a_build_that_cannot_be_finished_an_index_that_cannot_be_mended_and_one_that_cannot_begin(
        self, monkeypatch
    ):
        make_product("A1")
        stuck, _ = [build_version(force=True) for _ in range(2)]
        IndexVersion.objects.filter(pk=stuck.pk).update(state="failed")
        second = IndexVersion.objects.active()
        third = versions.request_rebuild(force=True).version
        drain()
        real = building.build_indexes

        def fail(version):
            raise OSError(f"disk full at {version.pk}")

        monkeypatch.setattr(building, "build_indexes", fail)
        with pytest.raises(ExceptionGroup) as caught:
            building.advance_builds()
        assert [str(error) for error in caught.value.exceptions] == [
            f"disk full at {third.pk}",
            f"disk full at {second.pk}",
        ]
        assert stuck.pk not in states()
        assert passed() == (
            False,
            f"version {second.pk} (active): OSError: disk full at {second.pk}."
            f" version {third.pk} (building): OSError: disk full at {third.pk}.",
        )
        assert Build.objects.get(version=third.pk).reason == f"OSError: disk full at {third.pk}"
        monkeypatch.setattr(building, "build_indexes", real)
        building.advance_builds()
        assert states() == {second.pk: "retired", third.pk: "active"}
        assert passed() == (True, "2 versions kept, nothing left of others.")

    def test_a_version_that_cannot_be_activated(self, monkeypatch):
        make_product("A1")
        versions.request_rebuild()
        drain()

        def fail(version_id):
            raise OSError("no")

        with monkeypatch.context() as patch:
            patch.setattr(versions, "activate", fail)
            with pytest.raises(OSError, match="no"):
                building.advance_builds()
        version = IndexVersion.objects.get()
        assert (version.state, version.trouble) == ("ready", "OSError: no")
        assert Build.objects.number_for(version.pk)
        assert Build.objects.get().reason == "OSError: no"
        building.advance_builds()
        version.refresh_from_db()
        assert (version.state, version.trouble, version.trouble_at) == ("active", "", None)


def test_a_lost_connection_ends_the_round_at_once(monkeypatch):
    make_product("A1")
    build_version()
    IndexVersion.objects.create(
        artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="failed"
    )
    tried = []

    def lose(version):
        tried.append(version.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(removal, "drop_version", lose)
    with pytest.raises(Exception, match="terminating connection"):
        drop_superseded()
    connection.close()
    assert len(tried) == 1


def test_the_words_of_a_dropped_version_go_with_it():
    make_product("A1")
    first = build_version()
    assert refresh_word_list()
    build_version(force=True)
    build_version(force=True)
    assert first.pk not in states()
    assert not WordList.objects.exists()


def test_tags_outlive_their_version_and_its_vocabulary_does_not():
    product = make_suggestible()
    first = build_version()
    assert refresh_tags()
    suggest_tags([str(product.pk)])
    waiting = ProductTag.objects.values_list("word", flat=True)
    assert waiting
    words = list(waiting)
    assert set(ProductTag.objects.values_list("version_id", "artifact_name")) == {(first.pk, "tiny")}
    build_version(force=True)
    build_version(force=True)
    assert first.pk not in states()
    assert (list(waiting), VersionTags.objects.count()) == (words, 0)
    assert set(ProductTag.objects.values_list("version_id", "artifact_name")) == {(None, "tiny")}


def test_evaluations_outlive_their_version():
    make_product("A1")
    first = build_version()
    for version in (first, build_version(force=True)):
        keep(version, "queries.jsonl", "digest", {}, [])
    build_version(force=True)
    kept = list(Evaluation.objects.order_by("pk").values_list("version_id", "measured"))
    name = f"({first.artifact_name}, {first.fingerprint[:8]})"
    assert kept == [(None, f"version {first.pk} {name}"), (first.pk + 1, f"version {first.pk + 1} {name}")]


def test_a_version_is_dropped_while_its_words_are_being_counted():
    """The count is committed at the worst moment: after the drop has looked for words, before it has ended."""
    version = IndexVersion.objects.create(artifact_path="x", artifact_name="x", fingerprint="x", dimension=32)
    counted, may_end, ended, told = (threading.Event() for _ in range(4))

    def count() -> None:
        words = VersionLexicon(
            version=version, total=0, facets={}, paths=[], lexemes={}, built_at=timezone.now()
        )
        try:
            with transaction.atomic():
                words.save(force_insert=True)
                counted.set()
                may_end.wait(10)
        except IntegrityError:  # the version is gone: whoever counts its words is told
            told.set()
        connection.close()
        ended.set()

    def after_the_words(execute, sql, *arguments):
        if "fashion_search_wordlist" in sql:
            may_end.set()
            ended.wait(1)
        return execute(sql, *arguments)

    worker = threading.Thread(target=count)
    worker.start()
    counted.wait(10)
    with connection.execute_wrapper(after_the_words):
        drop_version(version)
    worker.join()

    assert told.is_set()
    assert not IndexVersion.objects.filter(pk=version.pk).exists()
    assert not VersionLexicon.objects.filter(version_id=version.pk).exists()
