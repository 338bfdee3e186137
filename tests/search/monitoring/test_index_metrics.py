"""Figures for Prometheus: who gets them, and that they say what is so."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import sleep, time
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from search.indexing.failures import KINDS, OTHER
from search.indexing.hnsw import drop_orphaned_indexes
from search.insight import log_store
from search.insight.log import push
from search.models import EntryImage, IndexEntry, IndexVersion, StaleProduct, TaskRun
from tests.search.indexed import make_version

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a-token-for-the-tests"


@pytest.fixture
def scrape(settings, client):
    """Return the figures: (name, labels) -> value."""
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}

    def read():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return read


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"bearer{TOKEN}", "Bearer \u00e9"])
def test_there_is_nothing_for_others(db, client, settings, header):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}
    headers = {"Authorization": header} if header else {}
    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_there_is_nothing_for_anybody(db, client):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_what_waits_and_what_failed(transactional_db, scrape):
    from django.utils import timezone

    now = timezone.now()
    reasons = {
        "1": "Indexing this product ended its worker 3 times.",
        "2": "p.jpg: The file cannot be read: FileNotFoundError: gone",
        "3": "The encoder failed: shape",
        "4": "OperationalError: the connection is closed",
        "5": "p.jpg: The picture is damaged.",
        "6": "",
        "7": "document() failed: KeyError: 'size'",
        "8": "Postgres refused the entry: numeric field overflow",
        "10": "The storage does not answer: no answer within 10 s",
        "9": "The artifact /nowhere cannot be read: No such file or directory: /nowhere/manifest.json.",
    }
    StaleProduct.objects.bulk_create(
        StaleProduct(product_key=key, marked_at=now, last_error=reason, parked=key == "1")
        for key, reason in reasons.items()
    )

    figures = scrape()

    assert figures["fashion_search_database_up",] == 1
    assert figures["fashion_search_pending",] == len(reasons) - 1
    assert figures["fashion_search_parked",] == 1
    assert 0 <= figures["fashion_search_pending_oldest_seconds",] < 60
    for kind in (*(kind for kind, _ in KINDS), OTHER):
        assert figures["fashion_search_failures", kind] == 1


def test_the_active_version(transactional_db, searchable, scrape, tiny_artifact):
    figures = scrape()

    assert figures["fashion_search_active_version", str(searchable.pk), searchable.artifact_name] == 1
    assert figures["fashion_search_entries",] > 0
    pictures = figures["fashion_search_pictures",]
    assert pictures > 0
    assert figures["fashion_search_pictures_without_embedding",] == 0
    assert figures["fashion_search_versions_held",] == 0
    EntryImage.objects.update(embedding=None)
    make_version(tiny_artifact, "ready")
    IndexVersion.objects.filter(state="ready").update(held="It is worse.")
    figures = scrape()
    assert figures["fashion_search_pictures_without_embedding",] == pictures
    assert figures["fashion_search_versions_held",] == 1


def test_versions_that_should_be_gone(transactional_db, searchable, scrape):
    drop_orphaned_indexes()  # those of earlier tests, whose versions went with their rows
    assert scrape()["fashion_search_left_over",] == 0
    failed = IndexVersion.objects.create(
        artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="failed"
    )
    IndexVersion.objects.filter(pk=failed.pk).update(failed_at=Now() - timedelta(minutes=11))
    IndexVersion.objects.filter(state="active").update(trouble="OSError: disk full")
    assert scrape()["fashion_search_left_over",] == 2


def test_periodic_tasks(transactional_db, scrape):
    from search.indexing.task_runs import recorded_run
    from search.schedule import PERIODIC

    began = time()
    with recorded_run("reconcile"):
        pass
    with pytest.raises(OSError, match="full"), recorded_run("drain_log"):
        raise OSError("disk full")
    figures = scrape()
    assert abs(figures["fashion_search_task_last_success_timestamp_seconds", "reconcile"] - began) < 60
    assert figures["fashion_search_task_last_success_timestamp_seconds", "sweep"] == 0
    for name, value in (("failing", {"drain_log": 1}), ("late", {})):
        found = {task.name: figures[f"fashion_search_task_{name}", task.name] for task in PERIODIC}
        assert found == {task.name: value.get(task.name, 0) for task in PERIODIC}
    with recorded_run("drain_log"):
        pass
    TaskRun.objects.filter(task="reconcile").update(succeeded_at=Now() - timedelta(hours=4))
    figures = scrape()
    assert figures["fashion_search_task_failing", "drain_log"] == 0
    assert figures["fashion_search_task_late", "reconcile"] == 1


def test_the_log_that_waits_in_redis(transactional_db, scrape, redis_server, settings):
    log_store.connect().delete(log_store.list_name())
    assert (scrape()["fashion_search_log_up",], scrape()["fashion_search_log_waiting",]) == (1, 0)
    noted = timezone.now() - timedelta(hours=1)
    push([{"kind": "search", "at": noted}, {"kind": "search", "at": timezone.now()}])
    figures = scrape()
    assert figures["fashion_search_log_waiting",] == 2
    assert 3600 <= figures["fashion_search_log_oldest_seconds",] < 3660
    assert log_store.drop(log_store.oldest(2))
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT_REDIS_URL": "redis://127.0.0.1:1/0"}
    figures = scrape()
    assert figures["fashion_search_log_up",] == 0
    assert ("fashion_search_log_waiting",) not in figures


def test_documents_that_were_changed_and_cards_that_fail(transactional_db, searchable, scrape):
    figures = scrape()
    assert (figures["fashion_search_noted", "document"], figures["fashion_search_noted", "card"]) == (0, 0)
    entries = IndexEntry.objects.filter(version=searchable)
    entries.update(notes='facet "brand": a blank value was left out')
    figures = scrape()
    number = entries.count()
    assert (figures["fashion_search_noted", "document"], figures["fashion_search_noted", "card"]) == (
        number,
        0,
    )
    entries.update(notes="card() failed: IndexError\nname: it is blank")
    figures = scrape()
    assert (figures["fashion_search_noted", "document"], figures["fashion_search_noted", "card"]) == (
        number,
        number,
    )


def test_searches_are_counted_with_their_stages(transactional_db, searchable, client, scrape):
    before = scrape()
    client.get(f"/search/?q=red+{uuid4().hex}")  # never encoded before
    after = scrape()

    def grown(*key):
        return after[key] - before.get(key, 0)

    assert grown("fashion_search_seconds_count", "text") == 1
    assert grown("fashion_search_stage_seconds_count", "rank") == 1
    assert grown("fashion_search_encode_seconds_count", "search", "text") == 1


def test_a_database_that_is_away_is_a_figure_and_no_failure(scrape, monkeypatch):
    from search.monitoring import index_metrics

    def away():
        raise OSError("no route")

    monkeypatch.setattr(index_metrics._INDEX, "_act", away)
    figures = scrape()

    assert figures["fashion_search_database_up",] == 0
    assert figures["fashion_search_broker_up",] == 1
    assert ("fashion_search_pending",) not in figures


def test_a_broker_that_is_away_is_a_figure(transactional_db, scrape, monkeypatch):
    from celery import current_app

    monkeypatch.setattr(current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    figures = scrape()

    assert figures["fashion_search_broker_up",] == 0
    assert figures["fashion_search_database_up",] == 1


def test_scrapers_at_the_same_moment_get_the_same_figures(transactional_db, monkeypatch):
    from search.monitoring import index_metrics

    begun, go_on = Event(), Event()

    def read_slowly():
        begun.set()
        assert go_on.wait(10)
        return []

    monkeypatch.setattr(index_metrics._INDEX, "_act", read_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_is_up)
        assert begun.wait(10)
        second = pool.submit(_is_up)
        sleep(0.1)  # for it to join
        go_on.set()
        assert (first.result(), second.result()) == (1, 1)


def _is_up():
    from search.monitoring.index_metrics import IndexCollector

    (up,) = (family for family in IndexCollector().collect() if family.name == "fashion_search_database_up")
    return up.samples[0].value


def _there(client) -> set[str]:
    """Names of all figures; one with labels has no sample before something was counted."""
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    there = set(re.findall(r"^# TYPE (\w+) (?:gauge|counter)$", text, re.MULTILINE))
    for name in re.findall(r"^# TYPE (\w+) histogram$", text, re.MULTILINE):
        there |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return there


def test_the_guide_names_every_figure_and_its_alerts_ask_for_some_that_there_are(
    transactional_db, searchable, client, scrape
):
    scrape()
    there = _there(client)
    guide = (ROOT / "docs" / "monitoring.md").read_text()
    figures, alerts = guide.partition("## Alerts")[0], guide.partition("## Alerts")[2].partition("\n## ")[0]
    parts = ("_bucket", "_count", "_sum", "_created")
    own = {
        name for name in there if name.startswith(("fashion_search_", "shop_")) and not name.endswith(parts)
    }
    assert own - set(re.findall(r"`(\w+)`", figures)) == set()
    asked = set(re.findall(r"\b(?:fashion_search|shop)_\w+", alerts))
    assert {"fashion_search_task_late", "fashion_search_task_failing"} <= asked
    assert asked - there - {"fashion_search_seconds"} == set()


def test_the_dashboard_asks_for_figures_that_there_are(transactional_db, searchable, client, scrape):
    scrape()
    there = _there(client)
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        for name in re.findall(r"\b(?:fashion_search|shop)_\w+", target["expr"])
    }

    assert len(asked) >= 8
    assert asked - there == set()
