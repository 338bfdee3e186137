"""Live touches nothing; ready looks at what searches need, and takes seconds at most."""

import time

import pytest
from django.test import Client

from search.models import IndexVersion
from search.watching.bounded import Look, TooLate


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
    assert _checks(answer) == {"database": True, "version": True, "artifact": True, "broker": True}


def test_without_a_version_it_is_not_ready(transactional_db, client):
    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert _checks(answer) == {"database": True, "version": False, "artifact": False, "broker": True}


def test_with_another_artifact_it_is_not_ready(transactional_db, client, searchable):
    IndexVersion.objects.update(fingerprint="0" * 64)

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert _checks(answer)["artifact"] is False


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


def test_a_look_that_hangs_is_left_after_its_time_and_not_taken_twice():
    def hang():
        time.sleep(1.0)
        return "late"

    look = Look(hang, seconds=0.1)
    with pytest.raises(TooLate, match="No answer within"):
        look.take()
    with pytest.raises(TooLate, match="has not come back"):
        look.take()
    time.sleep(1.2)
    assert Look(lambda: "seen", seconds=1).take() == "seen"


def test_what_a_look_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        Look(lambda: 1 // 0, seconds=1).take()


def test_posting_is_refused(client: Client):
    assert client.post("/health/live").status_code == 405


def test_probes_are_not_sent_to_https(db, settings):
    settings.SECURE_SSL_REDIRECT = True
    probe = Client()

    assert probe.get("/health/live").status_code == 200
    assert probe.get("/").status_code == 301
