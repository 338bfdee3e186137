"""How gunicorn serves the shop: `gunicorn --config deploy/gunicorn.conf.py shop.wsgi`."""

import gc
import logging
import os
import re

bind = os.environ.get("WEB_BIND") or "127.0.0.1:8000"  # a socket that systemd hands over takes its place
workers = int(os.environ.get("WEB_PROCESSES") or 2)  # as many as processor cores; each takes 250 MB at most
worker_class = "gthread"
# WEB_CONCURRENT (4) of them handle requests, WEB_WAITING (12) let requests wait for WEB_WAIT seconds,
# twice WEB_THUMBNAILS (2) make thumbnails or wait to, the rest turn requests away at once.
threads = 28
timeout = 60  # seconds without a sign of life, after which a process is killed; no request takes so long
graceful_timeout = 30  # seconds that requests have to end after SIGTERM
keepalive = (
    75  # seconds; longer than nginx keeps its side open, so that it is never nginx who finds it closed
)
max_requests = 20_000  # so that a leak in a library never grows for long
max_requests_jitter = 4_000  # so that processes do not end at the same moment
# Each process loads the code itself: encoders start at first use and threads after the fork, so sharing would be
# safe, but it would save little, and reloading (SIGHUP) would not see new code.
preload_app = False
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - signs of life never wait for a disk
control_socket_disable = True
accesslog = None  # nginx keeps one, without what was searched for


WARM, AGAIN = 200, 2_000  # requests after which what a process has loaded is set apart


def post_request(worker, _request, _environ, _response):
    """Set the objects of a warm process apart from those that garbage collection looks at.

    Words, templates and classes are nearly all objects of a process, and stay. A full collection would look at each of them, in the
    middle of somebody's search. Here the answer has been sent.
    """
    if worker.nr >= getattr(worker, "set_apart_at", WARM):
        worker.set_apart_at = worker.nr + AGAIN
        gc.collect()
        gc.freeze()


class CutQueries(logging.Filter):
    """Cuts a line from its first question mark on: "Error handling request" and "Invalid request" name the whole address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut it; the line is kept."""
        record.msg, record.args = re.sub(r"\?.*", "?", record.getMessage(), flags=re.DOTALL), ()
        return True


# gunicorn's own lines in the shape of the shop's (LOGGING in shop/settings.py), which are set up later, in each process.
logconfig_dict = {
    "filters": {"queries": {"()": CutQueries}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(process)d - %(name)s: %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(process)d %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "static_fields": {"request_id": "-"},
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if os.environ.get("LOG_FORMAT") == "json" else "line",
            "filters": ["queries"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
