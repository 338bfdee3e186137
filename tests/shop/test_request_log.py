"""Each line of the log says to which request it belongs, and none holds what was searched for."""

import io
import json
import logging
import re

import pytest
from django.utils.module_loading import import_string
from pythonjsonlogger.json import JsonFormatter


@pytest.fixture
def lines(settings):
    """What the log holds so far, as objects."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    options = dict(settings.LOGGING["formatters"]["json"])
    del options["()"]
    handler.setFormatter(JsonFormatter(options.pop("format"), **options))
    for name in settings.LOGGING["handlers"]["stderr"]["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_an_id_is_taken_from_the_proxy_and_given_back(db, client, lines):
    answer = client.get("/api/v1/categories/", headers={"X-Request-ID": "abc-123.DEF_456"})

    assert answer["X-Request-ID"] == "abc-123.DEF_456"
    (line,) = [line for line in lines() if line["logger"] == "shop.requests"]
    assert (line["request_id"], line["method"], line["path"]) == (
        "abc-123.DEF_456",
        "GET",
        "/api/v1/categories/",
    )
    assert line["status"] == 200
    assert line["ms"] > 0
    assert line["level"] == "INFO"


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space 123", "line\u2028break12", "<script>alert</script>"]
)
def test_an_id_that_is_none_is_replaced(db, client, given):
    answer = client.get("/health/live", headers={"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])


def test_probes_leave_no_lines(client, lines):
    client.get("/health/live")
    assert [line for line in lines() if line["logger"] == "shop.requests"] == []


def test_probes_that_are_told_no_leave_no_lines_but_failures_do(transactional_db, client, lines, monkeypatch):
    assert client.get("/health/ready").status_code == 503
    assert client.get("/metrics").status_code == 404
    assert [line for line in lines() if line["logger"] == "django.request"] == []

    client.get("/categories/none/")
    monkeypatch.setattr("search.monitoring.views.readiness", lambda: 1 // 0)
    client.raise_request_exception = False
    assert client.get("/health/ready").status_code == 500
    assert [line["status_code"] for line in lines() if line["logger"] == "django.request"] == [404, 500]


def test_a_path_with_line_breaks_is_one_line(db, client, lines):
    client.get("/categories/a%0Ab/")
    assert [line["path"] for line in lines() if line["logger"] == "shop.requests"] == ["/categories/a?b/"]


def test_no_line_holds_a_query_a_key_or_a_photo(transactional_db, client, lines, searchable, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile

    secret = "embarrassing"
    client.raise_request_exception = False
    client.get(f"/search/?q={secret}")
    client.get(f"/api/v1/search/?q={secret}", headers={"Authorization": f"Api-Key {secret}"})
    client.post("/api/v1/search/photo/", {"image": SimpleUploadedFile(f"{secret}.jpg", secret.encode())})
    monkeypatch.setattr("search.api.views.answer_request", lambda *_args, **_kwargs: 1 // 0)
    answer = client.get(f"/api/v1/search/?q={secret}")

    assert answer.status_code == 500
    found = lines()
    assert {line["logger"] for line in found} >= {"shop.requests", "django.request"}
    assert [line for line in found if secret in json.dumps(line)] == []
    named = [line for line in found if line["logger"] in ("shop.requests", "django.request")]
    assert [line for line in named if line["request_id"] == "-"] == []


def test_a_task_carries_the_id_of_the_request_that_asked_for_it():
    from celery.signals import before_task_publish, task_postrun, task_prerun

    from search.tasks import sweep
    from shop import request_log

    token = request_log._current.set("request-of-a-person")
    headers = {}
    try:
        before_task_publish.send(sender="task", headers=headers)
    finally:
        request_log._current.reset(token)
    assert headers["request_id"] == "request-of-a-person"

    sweep.push_request(request_id="request-of-a-person")
    try:
        task_prerun.send(sender=sweep, task=sweep)
        assert request_log._current.get() == "request-of-a-person"
        task_postrun.send(sender=sweep, task=sweep)
        assert request_log._current.get() == request_log.NONE
    finally:
        sweep.pop_request()
