"""Live touches nothing; ready looks at what searches need, and takes seconds at most."""

import logging
from dataclasses import replace
from datetime import timedelta

from django.core.files.storage import FileSystemStorage
from django.db.models.functions import Now
from django.test import Client

from search.engine import count_answer, search
from search.indexing.storage_probe import forget_storage
from search.models import EntryImage, IndexVersion, TaskRun
from search.monitoring import readiness
from search.monitoring.index_metrics import IndexCollector
from search.prometheus import forget_answers
from tests.search.indexed import make_version
from tests.search.products import drain, make_product
from tests.tiny_artifact import write_tiny_artifact

TOKEN = "a-token-for-the-tests"


def _checks(answer):
    return {check["name"]: check["passed"] for check in answer.json()["checks"]}


def test_live_asks_the_database_nothing(client):  # which tests may not use without saying so
    answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"live": True})
    assert "no-store" in answer["Cache-Control"]


def test_ready_with_database_version_artifact_and_broker(transactional_db, client, searchable):
    answer = client.get("/health/ready")

    assert answer.status_code == 200, answer.json()
    assert answer.json()["ready"] is True
    assert answer.json()["degraded"] is False
    names = ("database", "version", "artifact", "artifact_folder", "pictures")
    others = ("writable", "tasks", "storage", "broker", "answers", "neighbours")
    assert _checks(answer) == dict.fromkeys((*names, *others), True)


def test_without_a_version_it_is_not_ready(transactional_db, client):
    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    away = dict.fromkeys(("version", "artifact", "artifact_folder", "pictures"), False)
    there = dict.fromkeys(
        ("database", "writable", "tasks", "storage", "broker", "answers", "neighbours"), True
    )
    assert _checks(answer) == {**away, **there}


def test_details_are_for_the_log_and_for_whoever_has_the_token(
    transactional_db, client, settings, tiny_artifact, monkeypatch, caplog
):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}
    monkeypatch.setattr(readiness, "_passed", {})
    detail = "No version is active; shoppers search by keyword at best."
    with caplog.at_level(logging.INFO, "search.monitoring"):
        for _ in range(2):
            strangers = client.get("/health/ready")
        friends = client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"})
        make_version(tiny_artifact)
        client.get("/health/ready")

    assert strangers.json()["checks"][1] == {"name": "version", "passed": False}
    assert {frozenset(check) for check in strangers.json()["checks"]} == {frozenset(("name", "passed"))}
    assert friends.json()["checks"][1]["detail"] == detail
    lines = [message for message in caplog.messages if ": version: " in message]
    assert lines[0] == f"Not as it should be: version: {detail}"
    assert lines[1].startswith("As it should be again: version: Version ")
    assert len(lines) == 2


def test_with_another_artifact_it_is_not_ready(transactional_db, client, searchable):
    IndexVersion.objects.update(fingerprint="0" * 64)

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert _checks(answer)["artifact"] is False


def test_an_artifact_that_is_in_memory_and_in_no_folder_degrades(
    transactional_db, client, settings, tmp_path
):
    write_tiny_artifact(tmp_path / "a", seed=9)
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"ARTIFACT": str(tmp_path / "a")}
    make_version(tmp_path / "a")
    assert client.get("/health/ready").json()["degraded"] is False

    (tmp_path / "a").rename(tmp_path.with_name("elsewhere"))

    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["degraded"]) == (200, True)
    assert (_checks(answer)["artifact"], _checks(answer)["artifact_folder"]) == (True, False)


def test_a_storage_that_hands_out_nothing_degrades(transactional_db, client, searchable, monkeypatch):
    def refuse(*_given):
        raise ConnectionRefusedError("nobody listens")

    make_product("A1")
    drain()
    monkeypatch.setattr(FileSystemStorage, "_open", refuse)
    forget_storage()

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()["degraded"], _checks(answer)["storage"]) == (200, True, False)
    (figure,) = [one for one in IndexCollector().collect() if one.name == "fashion_search_storage_up"]
    assert figure.samples[0].value == 0


def test_pictures_that_are_not_in_the_index_degrade(transactional_db, client, searchable, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}
    EntryImage.objects.update(embedding=None)

    answer = client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert (answer.json()["ready"], answer.json()["degraded"]) == (True, True)
    (found,) = (check for check in answer.json()["checks"] if check["name"] == "pictures")
    assert found["detail"] == (
        "0 of 1 picture have an embedding. The others are not found by what they look like."
    )


def test_a_broker_that_is_away_degrades(transactional_db, client, searchable, settings):
    from celery import current_app

    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    try:
        answer = client.get("/health/ready")
    finally:
        current_app.conf.broker_write_url = before

    assert answer.status_code == 200
    assert (answer.json()["ready"], answer.json()["degraded"]) == (True, True)
    assert _checks(answer)["broker"] is False


def test_a_periodic_task_that_failed_or_stopped_degrades(transactional_db, client, searchable, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}
    assert client.get("/health/ready").json()["degraded"] is False  # and watched from now on
    TaskRun.objects.filter(task="drain_log").update(failures=2, failed_at=Now(), error="OSError: no route")
    TaskRun.objects.filter(task="reconcile").update(succeeded_at=Now() - timedelta(hours=4))

    answer = client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert (answer.json()["ready"], answer.json()["degraded"]) == (True, True)
    finding = next(check for check in answer.json()["checks"] if check["name"] == "tasks")
    assert (finding["passed"], finding["needed"]) == (False, False)
    assert finding["detail"] == (
        "reconcile has not run for 4:00:00; it should every 1:00:00."
        " Meanwhile products that were changed without signals stay as they were in the index."
        " drain_log failed 2 times in a row, the last time 0:00:00 ago: OSError: no route."
        " Meanwhile the search log stays in Redis until that is full."
    )
    TaskRun.objects.update(failures=0, succeeded_at=Now())
    assert client.get("/health/ready").json()["degraded"] is False


def test_posting_is_refused(client: Client):
    assert client.post("/health/live").status_code == 405


def test_probes_are_not_sent_to_https(db, settings):
    settings.SECURE_SSL_REDIRECT = True
    probe = Client()

    assert probe.get("/health/live").status_code == 200
    assert probe.get("/").status_code == 301


def test_probes_may_ask_by_address(transactional_db, searchable, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]
    probe = Client(SERVER_NAME="10.1.2.3")

    assert probe.get("/health/live").json() == {"live": True}
    assert probe.get("/health/ready").status_code == 200
    assert probe.get("/").status_code == 400


def test_answers_that_are_degraded_degrade(transactional_db, client, searchable, settings):
    forget_answers()
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": TOKEN}
    answers = [search("shirt"), replace(search("shirt"), degraded="Too slow.", left_out=("counts", "token"))]
    for answer, times in zip(answers, (56, 2), strict=True):
        for _ in range(times):
            count_answer(answer)
    assert _checks(client.get("/health/ready"))["answers"] is True
    count_answer(answers[1])
    page = client.get("/health/ready", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert (page["ready"], page["degraded"]) == (True, True)
    assert page["checks"][-1]["detail"].startswith(
        "3 of this process's 59 answers of the last 60 s were degraded, and left out: counts (3), token (3)."
    )
    forget_answers()
    assert _checks(client.get("/health/ready"))["answers"] is True
