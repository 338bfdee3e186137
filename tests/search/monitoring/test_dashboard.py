from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from search.encoders.artifact import read_manifest
from search.indexing import building, task_runs
from search.indexing.task_runs import recorded_run
from search.insight import log_store
from search.insight.log import push
from search.models import EntryImage, IndexEntry, IndexVersion, StaleProduct, TaskRun
from search.monitoring import services
from search.monitoring.dashboard import Answers, Failed, check_answers, check_build, check_failed, read_failed
from search.monitoring.index_health import check_held, check_index, check_staleness, check_versions
from search.monitoring.services import Check, LogLook, State, check_log, check_tasks, summarise
from search.schedule import PERIODIC
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.search.products import add_picture, build_version, drain, make_product
from tests.tiny_artifact import unloadable_artifact, write_tiny_artifact

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN


def of(checks: list[Check], name: str) -> tuple[State, str]:
    return next((check.state, check.sentence) for check in checks if check.name == name)


class TestSummary:
    @pytest.mark.parametrize(
        ("states", "state", "sentence"),
        [
            ([OK, OK], OK, "Search is healthy."),
            ([ATTENTION, OK], ATTENTION, "Search works; to be looked at: check 0."),
            ([ATTENTION, BROKEN, BROKEN], BROKEN, "Broken: check 1, check 2."),
        ],
    )
    def test_the_worst_counts(self, states, state, sentence):
        checks = [Check(f"check {number}", state, "") for number, state in enumerate(states)]
        assert summarise(checks) == Check("Search", state, sentence)


@pytest.mark.django_db
class TestPostgres:
    def test_it_answers(self):
        check = services.check_postgres()
        assert check.state is OK
        assert check.sentence.startswith(f"Postgres {connection.pg_version // 10_000} with pgvector 0.8.")

    @pytest.mark.parametrize(
        ("installed", "sentence"),
        [
            (None, "pgvector is not installed; releases before 0.8.4 can corrupt HNSW indexes."),
            ((0, 8, 1), "pgvector is 0.8.1; releases before 0.8.4 can corrupt HNSW indexes."),
        ],
    )
    def test_a_release_that_corrupts_indexes(self, monkeypatch, installed, sentence):
        monkeypatch.setattr(services, "installed_version", lambda: installed)
        check = services.check_postgres()
        assert (check.state, check.sentence) == (BROKEN, sentence)

    def test_a_slow_one(self, monkeypatch):
        monkeypatch.setattr(services, "SLOW_MS", 0.0)
        assert services.check_postgres().state is ATTENTION


class TestQueue:
    @pytest.mark.parametrize(
        ("workers", "states", "sentence"),
        [
            (None, [BROKEN, ATTENTION], "The task queue cannot be reached. refused"),
            (0, [OK, BROKEN], "No Celery worker of this shop answered within 0.4 s, so nothing is indexed."),
            (1, [OK, OK], "1 worker answered."),
        ],
    )
    def test_answers(self, workers, states, sentence):
        class Ping:
            error = "refused"
            others = 0

            def count(self):
                return workers

            def idle_queues(self):
                return []

        checks = services.check_queue(Ping())
        assert [check.state for check in checks] == states
        assert sentence in [check.sentence for check in checks]
        assert all(check.remedy for check in checks if check.state is BROKEN)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("index_settings")
class TestIndex:
    @pytest.fixture
    def active(self) -> IndexVersion:
        for number in range(2):
            make_product(f"A{number}")
        return build_version()

    def test_a_whole_one(self, active):
        checks = check_index()
        assert {check.state for check in checks} == {OK}
        assert [check.name for check in checks] == [
            "Active version", "Artifact", "Text search configuration", "HNSW indexes", "ANN recall",
            "Picture embeddings", "Entries", "Documents", "Cards",
        ]  # fmt: skip
        assert of(checks, "Artifact") == (OK, "tiny matches the active version.")
        assert of(checks, "Entries") == (OK, "2 products, 2 of them in the index.")
        assert of(checks, "ANN recall")[1].startswith("1.000 of the exact scan's nearest 24")

    def test_none(self):
        (check,) = check_index()
        assert (check.state, check.remedy) == (BROKEN, "Start a rebuild.")
        building.request_build("rebuild", by="anna")
        (check,) = check_index()
        assert (check.state, check.remedy) == (BROKEN, "Wait for the build that runs.")

    def test_documents_that_were_changed_and_cards_that_fail(self, active, monkeypatch):
        first, second = Product.objects.order_by("pk")
        real = ShopProductIndex.document
        odd = {"brand": ("", "Acme")}
        monkeypatch.setattr(
            ShopProductIndex,
            "document",
            lambda self, one: replace(real(self, one), facets=odd) if one.pk == first.pk else real(self, one),
        )
        card = ShopProductIndex.card
        monkeypatch.setattr(
            ShopProductIndex, "card", lambda self, one: [][0] if one.pk == second.pk else card(self, one)
        )
        for product in (first, second):
            product.save()
        drain()
        checks = check_index()
        blank = f'product {first.pk}: facet "brand": a blank value was left out'
        assert of(checks, "Documents") == (
            ATTENTION,
            f"Of 1 product something was left out or changed. The first, {blank}",
        )
        failed = f"product {second.pk}: card() failed: IndexError: list index out of range"
        assert of(checks, "Cards") == (BROKEN, f"Lists leave 1 product out. The first, {failed}")

    def test_another_artifact_in_the_settings(self, active, index_settings, tmp_path):
        write_tiny_artifact(tmp_path / "other", name="other", seed=8)
        index_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "other")}
        assert of(check_index(), "Artifact") == (
            ATTENTION,
            f"The settings name other, version {active.pk} was built with tiny.",
        )

    def test_an_artifact_that_was_overwritten_or_is_gone(self, active, tmp_path):
        write_tiny_artifact(tmp_path / "other", name="other", seed=8)
        IndexVersion.objects.update(fingerprint="0" * 64, artifact_path=str(tmp_path / "other"))
        state, sentence = of(check_index(), "Artifact")
        assert state is BROKEN
        assert f"{tmp_path / 'other'} holds the artifact 'other', not the one of this version." in sentence
        IndexVersion.objects.update(artifact_path=str(tmp_path / "none"))
        state, sentence = of(check_index(), "Artifact")
        assert state is BROKEN
        assert sentence.startswith(
            "Queries are answered by keyword only: The artifact tiny (00000000) is in "
        )
        assert f"The artifact {tmp_path / 'none'} cannot be read" in sentence

    def test_an_artifact_that_cannot_be_loaded(self, active, index_settings, tmp_path):
        folder = unloadable_artifact(tmp_path / "a")
        index_settings.FASHION_SEARCH = {"ARTIFACT": str(folder)}
        IndexVersion.objects.update(fingerprint=read_manifest(folder).fingerprint)
        state, sentence = of(check_index(), "Artifact")
        assert state is BROKEN
        assert f"{folder / 'text.onnx'} cannot be loaded: " in sentence

    def test_an_artifact_that_a_worker_lacks(self, active):
        said = "Host b: The artifact tiny (00000000) is in none of the known folders."
        IndexVersion.objects.update(lacking=said, lacking_at=timezone.now())
        assert of(check_index(), "Artifact") == (
            BROKEN,
            f"A worker lacks it and embeds nothing. {said}",
        )

    def test_a_former_version_without_its_artifact(self, active):
        lost = IndexVersion.objects.create(
            artifact_path="/gone", artifact_name="old", fingerprint="0" * 64, dimension=32, state="retired"
        )
        state, sentence = of(check_index(), "Artifact")
        assert state is ATTENTION
        assert sentence.startswith(f"Nobody could go back to version {lost.pk}: The artifact old (00000000)")

    def test_a_broken_index(self, active):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {active.text_index}")
        state, sentence = of(check_index(), "HNSW indexes")
        assert state is BROKEN
        assert sentence.startswith(f"Missing or invalid: {active.text_index};")

    def test_versions_that_should_be_gone(self, active):
        assert check_versions() == Check("Versions", OK, "1 version kept, nothing left of others.")
        failed = IndexVersion.objects.create(
            artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="failed"
        )
        long_ago = timezone.now() - timedelta(minutes=12)
        IndexVersion.objects.filter(pk=failed.pk).update(failed_at=long_ago)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE INDEX fashion_search_text_v999999_hnsw ON fashion_search_indexentry (product_key)"
            )
        check = check_versions()
        assert (check.state, check.sentence) == (
            ATTENTION,
            f"version {failed.pk} (failed) should have been dropped 12 minutes ago, and 1 more.",
        )
        building.advance_builds()
        assert check_versions().state is OK

    def test_low_recall(self, active):
        IndexVersion.objects.update(ann_recall=0.9)
        assert of(check_index(), "ANN recall")[0] is ATTENTION

    def test_an_index_without_embeddings(self, active):
        IndexVersion.objects.update(ann_recall=None)
        assert of(check_index(), "ANN recall")[0] is BROKEN
        IndexEntry.objects.all().delete()
        assert of(check_index(), "ANN recall") == (OK, "Nothing to measure: no product is in the version.")

    @pytest.mark.parametrize(
        ("without", "state", "sentence"),
        [
            (0, OK, "2 of 2 pictures have an embedding."),
            (
                1,
                ATTENTION,
                "1 of 2 pictures have an embedding. The others are not found by what they look like.",
            ),
            (
                2,
                BROKEN,
                "0 of 2 pictures have an embedding. The others are not found by what they look like.",
            ),
        ],
    )
    def test_pictures_without_an_embedding(self, active, without, state, sentence):
        lacking = EntryImage.objects.order_by("pk").values_list("pk", flat=True)[:without]
        EntryImage.objects.filter(pk__in=list(lacking)).update(embedding=None)
        assert of(check_index(), "Picture embeddings") == (state, sentence)

    def test_a_shop_without_pictures(self, active):
        EntryImage.objects.all().delete()
        assert of(check_index(), "Picture embeddings") == (OK, "No product has a picture.")

    def test_a_shop_without_products(self, active):
        Product.objects.all().delete()
        sentence = "The registered queryset finds no product, so no search can find anything."
        assert of(check_index(), "Entries") == (BROKEN, sentence)

    def test_a_version_that_is_held_back(self, active):
        assert check_held() == Check("New version", OK, "None is held back.")
        IndexVersion.objects.create(
            pk=99, artifact_path="x", fingerprint="x", dimension=32, state="ready", held="It is worse."
        )
        check = check_held()
        assert (check.state, check.sentence) == (ATTENTION, "Version 99 is not activated: It is worse.")
        assert check.remedy.startswith("Mend the cause and start a reindex")

    def test_products_that_nobody_told_of(self, active):
        Product.objects.bulk_create(
            [Product(sku="A9", slug="a9", name="Hat", category=Product.objects.first().category)]
        )
        sentence = "3 products, but 2 entries in the index, and nothing waits for it."
        assert of(check_index(), "Entries") == (ATTENTION, sentence)
        StaleProduct.objects.create(product_key="9", marked_at=timezone.now())
        assert of(check_index(), "Entries")[0] is OK


@pytest.mark.django_db
@pytest.mark.usefixtures("index_settings")
class TestStaleness:
    @pytest.mark.parametrize(
        ("seconds", "state", "age"),
        [(30, OK, "30 s"), (90, ATTENTION, "1 min 30 s"), (1000, BROKEN, "16 min")],
    )
    def test_by_the_oldest_change(self, seconds, state, age):
        for later in (0, 5):
            moment = timezone.now() - timedelta(seconds=seconds - later)
            StaleProduct.objects.create(product_key=str(later), marked_at=moment)
        check = check_staleness()
        assert (check.state, check.sentence) == (
            state,
            f"2 changed products not indexed yet, the oldest for {age}.",
        )

    def test_nothing_waits(self):
        old = timezone.now() - timedelta(days=1)
        StaleProduct.objects.create(product_key="1", marked_at=old, parked=True)
        assert check_staleness() == Check("Up to date", OK, "No changed product waits.")

    def test_planned_attempts_and_what_a_build_marked_wait_their_turn(self):
        old, ahead = timezone.now() - timedelta(days=1), timezone.now() + timedelta(seconds=30)
        StaleProduct.objects.create(product_key="1", marked_at=old, attempts=1, next_attempt_at=ahead)
        assert check_staleness().sentence == "1 changed product failed and will be tried again."
        StaleProduct.objects.create(product_key="2", marked_at=old, backfill=True)
        assert check_staleness().state is BROKEN
        building.request_build("rebuild", by="anna")
        assert check_staleness().state is OK


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("index_settings")
class TestFailed:
    def test_what_failed(self):
        bad = make_product("A1", pictures=0)
        picture = add_picture(bad, b"no picture")
        StaleProduct.objects.create(
            product_key="999", marked_at=timezone.now(), parked=True, last_error="gone"
        )
        building.begin_build(building.request_build("rebuild", by="anna")[0].pk)
        drain()
        failed = read_failed()
        reason = f"{picture.image.name}: The file is not a JPEG, PNG, WebP or GIF picture."
        assert [(row.name, row.reason, row.parked) for row in failed.first] == [
            ("product 999", "gone", True),
            ("A1: red Shirt", reason, False),
        ]
        assert (failed.parked, failed.retrying, failed.incomplete) == (1, 1, 1)
        assert IndexEntry.objects.count() == 1

    @pytest.mark.parametrize(
        ("parked", "retrying", "state", "sentence"),
        [
            (0, 0, OK, "None."),
            (0, 1, OK, "1 product will be tried again."),
            (2, 1, ATTENTION, "2 products parked after their last attempt."),
        ],
    )
    def test_check(self, parked, retrying, state, sentence):
        check = check_failed(Failed((), parked, retrying, 0))
        assert (check.state, check.sentence) == (state, sentence)

    @pytest.mark.parametrize(("incomplete", "state"), [(5, OK), (6, ATTENTION)])
    def test_a_share_of_them(self, incomplete, state):
        check = check_failed(Failed((), 0, 1, incomplete, entries=100))
        assert check.state is state
        if state is ATTENTION:
            assert check.sentence == "6 of 100 products are not wholly in the index."


class TestBuild:
    BUILD = {
        "kind": "rebuild", "state": "running", "running": True, "stalled": False, "trouble": "", "advice": "Start one.",
        "sentence": "Verifying.",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("given", "state", "sentence", "remedy"),
        [
            ({}, OK, "A rebuild runs. Verifying.", ""),
            ({"stalled": True}, ATTENTION, "The rebuild does not move.", "Start one."),
            ({"trouble": "disk full"}, ATTENTION, "The rebuild runs into: disk full",
             "Correct what the reason names; the step is tried again by itself."),
            ({"state": "failed", "running": False, "sentence": "Disk full."}, ATTENTION,
             "The last rebuild failed. Disk full.", "Correct what the reason names, then begin again."),
            ({"state": "cancelled", "running": False}, OK, "The last rebuild is cancelled.", ""),
        ],
    )  # fmt: skip
    def test_states(self, given, state, sentence, remedy):
        assert check_build(self.BUILD | given) == Check("Builds", state, sentence, remedy)

    def test_before_the_first(self):
        assert check_build(None) == Check("Builds", OK, "Nothing has been built yet.")


@pytest.mark.usefixtures("search_settings")
class TestAnswers:
    @pytest.mark.parametrize(
        ("p95", "degraded", "state", "sentence"),
        [
            (80.0, 0.0, OK, "Yesterday, 95 % of searches were answered within 80 ms."),
            (1500.0, 0.0, ATTENTION, "Yesterday, 95 % of searches were answered within 1,500 ms."),
            (80.0, 0.5, ATTENTION, "Yesterday, 95 % of searches were answered within 80 ms. 50 % of pages were degraded, by keyword only."),
        ],
    )  # fmt: skip
    def test_by_the_latest_day_with_searches(self, p95, degraded, state, sentence):
        rows = [
            Answers("Today", 0, None, None, None, None),
            Answers("Yesterday", 9, 0.0, degraded, 20.0, p95),
        ]
        check = check_answers(rows)
        assert (check.state, check.sentence) == (state, sentence)

    def test_without_searches_or_log(self, settings):
        rows = [Answers(label, 0, None, None, None, None) for label in ("Today", "Yesterday", "Last 7 days")]
        check = check_answers(rows)
        assert (check.state, check.sentence) == (
            OK,
            "No search was logged in the last 7 days, so nothing was measured.",
        )
        check = check_answers([*rows[:2], Answers("Last 7 days", 70, 0.0, 0.0, 9.0, 9.0)])
        assert (check.state, check.sentence) == (
            ATTENTION,
            "No search was logged since yesterday, 70 on the days before.",
        )
        settings.FASHION_SEARCH |= {"INSIGHT": False}
        assert check_answers(rows).sentence == "Searches are not being logged: the setting INSIGHT is off."


@pytest.mark.django_db
@pytest.mark.usefixtures("index_settings")
class TestTasks:
    def test_a_fresh_installation_then_one_that_runs(self):
        sentence = "None has run yet; that is told from three of their periods on."
        assert check_tasks() == Check("Periodic tasks", OK, sentence)
        for task in PERIODIC:
            with recorded_run(task.name):
                pass
        TaskRun.objects.update(succeeded_at=Now() - timedelta(seconds=5))
        assert check_tasks() == Check("Periodic tasks", OK, "All run in time, the latest 5 s ago.")

    def test_one_that_fails_and_one_that_stopped(self):
        check_tasks()
        TaskRun.objects.filter(task="drain_log").update(
            failures=1, failed_at=Now(), error="OSError: no route"
        )
        TaskRun.objects.filter(task="refresh_words").update(succeeded_at=Now() - timedelta(hours=1))
        assert check_tasks() == Check(
            "Periodic tasks",
            ATTENTION,
            "refresh_words has not run for 1:00:00; it should every 0:10:00. Meanwhile searches do not learn new words of the"
            " catalogue. drain_log failed 0:00:00 ago: OSError: no route. Meanwhile the search log stays in Redis until that is full.",
            "Correct what the error names; the worker's log has all of it, and the next run tries again. See that the beat"
            " schedule has refresh_words (manage.py check says whether it does) and that a worker has time for it; where it"
            " shall run less often, say so by LEXICON_SECONDS.",
        )

    def test_none_runs(self):
        check_tasks()
        TaskRun.objects.update(watched_at=Now() - timedelta(days=1))
        check = check_tasks()
        assert check.state is BROKEN
        assert check.sentence.startswith(
            "None runs. sweep has never run since it was looked for, 1 day, 0:00:00;"
        )
        assert check.remedy.startswith("Start Celery beat, one for the whole shop, and a worker.")

    def test_a_long_run_is_named(self, monkeypatch):
        for task in PERIODIC:
            with recorded_run(task.name):
                pass
        TaskRun.objects.filter(task="advance_builds").update(
            succeeded_at=Now() - timedelta(hours=2), started_at=Now() - timedelta(hours=1)
        )
        monkeypatch.setattr(task_runs, "is_held", lambda name: name == "advance")
        check = check_tasks()
        assert check.state is OK
        assert check.sentence.endswith(" ago. advance_builds has been at work for 1 h.")


@pytest.mark.usefixtures("search_settings", "redis_server")
class TestLog:
    @pytest.fixture(autouse=True)
    def _empty(self, search_settings, redis_server):
        log_store.drop(log_store.measure_waiting().number)
        yield
        search_settings.FASHION_SEARCH = {}
        log_store.drop(log_store.measure_waiting().number)

    @pytest.mark.parametrize(
        ("age", "state", "sentence"),
        [
            (60, OK, "1 record in Redis, the oldest for 1 min."),
            (
                900,
                ATTENTION,
                "1 record in Redis, the oldest for 15 min. From 100,000 on newer ones are dropped.",
            ),
        ],
    )
    def test_by_the_oldest_record(self, age, state, sentence):
        assert check_log(LogLook()) == Check("Search log", OK, "No record waits in Redis.")
        push([{"kind": "event", "at": timezone.now() - timedelta(seconds=age)}])
        check = check_log(LogLook())
        assert (check.state, check.sentence, bool(check.remedy)) == (state, sentence, state is ATTENTION)

    def test_by_their_number(self, monkeypatch):
        monkeypatch.setattr(services, "LONGEST", 10)
        push([{"kind": "event", "at": timezone.now()}] * 6)
        check = check_log(LogLook())
        assert (check.state, check.sentence) == (
            ATTENTION, "6 records in Redis, the oldest for 0 s. From 10 on newer ones are dropped."
        )  # fmt: skip

    def test_a_redis_that_is_away_or_not_needed(self, search_settings):
        search_settings.FASHION_SEARCH |= {"INSIGHT_REDIS_URL": "redis://127.0.0.1:1/0"}
        check = check_log(LogLook())
        assert check.state is ATTENTION
        assert check.sentence.startswith("Its Redis does not answer: Error 111 connecting to 127.0.0.1:1.")
        search_settings.FASHION_SEARCH |= {"INSIGHT": False}
        assert check_log(LogLook()) == Check(
            "Search log", OK, "Searches are not being logged: the setting INSIGHT is off."
        )
