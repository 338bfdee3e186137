"""The request log: one line for each request, and the request's id in every line, in the response and in the tasks that it queues."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
QUIET = ("/health/", "/metrics", "/static/")  # requested every few seconds, or by every page
NONE = "-"
_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_TASK_HEADER = "request_id"
_current: ContextVar[str] = ContextVar("request_id", default=NONE)
log = logging.getLogger("shop.requests")


class RequestIds:
    """Middleware that takes the id a proxy sends, or makes one, and logs each request without its query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle the request under its id."""
        given = request.headers.get(HEADER, "")
        number = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        _current.set(
            number
        )  # and left so: Django writes its line on an error answer after the last middleware
        began = perf_counter()
        response = self._get_response(request)
        response[HEADER] = number
        if not request.path_info.startswith(QUIET):
            said = {
                "method": request.method,
                "path": _printable(request.path_info),
                "status": response.status_code,
                "ms": round((perf_counter() - began) * 1000, 1),
            }
            log.info("%(method)s %(path)s %(status)d in %(ms)s ms", said, extra=said)
        return response


def _printable(path: str) -> str:
    """The path, cut, in one line whatever it holds."""
    return "".join(letter if letter.isprintable() else "?" for letter in path[:200])


class AddRequestId(logging.Filter):
    """Adds to every line the id of the request, or of the request that queued the task."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it."""
        record.request_id = _current.get()
        return True


@before_task_publish.connect
def _send_id(headers: dict[str, Any] | None = None, **_others: Any) -> None:
    if headers is not None and _current.get() != NONE:
        headers.setdefault(_TASK_HEADER, _current.get())


@task_prerun.connect
def _take_id(task: Any = None, **_others: Any) -> None:
    _current.set(str(getattr(task.request, _TASK_HEADER, None) or NONE))


@task_postrun.connect
def _drop_id(**_others: Any) -> None:
    _current.set(NONE)


_PATHS = ("/health/", "/metrics")
_EXPECTED = (404, 405, 503)  # to a stranger, to a wrong method, while something is away


class SkipProbes(logging.Filter):
    """Drops Django's line about an error that a probe is meant to get; lines about failures stay.

    What is wrong is logged once, by its own line.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is kept."""
        if record.name != "django.request" or getattr(record, "status_code", None) not in _EXPECTED:
            return True
        path = getattr(getattr(record, "request", None), "path_info", "")
        return not str(path).startswith(_PATHS)
