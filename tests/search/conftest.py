"""Settings that the plugin's tests share."""

import socket
from pathlib import Path

import pytest
from celery import current_app
from django.contrib.auth import get_user_model
from django.test import Client

from search.encoders.cache import forget_artifacts
from search.engine import results
from search.engine.candidates import forget_pictures
from search.engine.findable import forget_findable
from search.indexing import marks
from search.indexing.storage_probe import forget_storage
from search.merchandising.snapshots import forget_snapshot
from search.models import IndexVersion
from search.prometheus import forget_answers
from search.query.lexicon import forget_words
from search.tags.suggest import forget_taggers
from tests.search.indexed import make_version

# A machine that has other work answers whole, too: a search that degrades because it took long is what some tests ask for, each by itself.
PATIENT = {"SEARCH_TIMEOUT_MS": 30_000, "ENCODE_TIMEOUT_MS": 30_000}


@pytest.fixture(autouse=True)
def _fresh_words():
    """What is kept for seconds: a test that is rolled back leaves none of it, and one whose cache fails would cost the next its pages."""
    forget_words()
    forget_snapshot()
    forget_taggers()
    forget_answers()
    forget_artifacts()
    forget_storage()
    forget_pictures()
    forget_findable()
    results.breaker.close()


@pytest.fixture
def search_settings(settings, tiny_artifact: Path):
    """The settings with the tiny artifact; a test may set other keys with `settings.FASHION_SEARCH = settings.FASHION_SEARCH | {...}`."""
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tiny_artifact),
        "MIN_SIMILARITY": 0.2,  # those of the tiny artifact's space are lower than those the default floor is made for
        **PATIENT,
    }
    return settings


@pytest.fixture
def published(monkeypatch) -> list[tuple]:
    """The tasks that would have been sent to the broker."""
    sent: list[tuple] = []

    def publish(task: str, *args, times: int = 1, expires: float | None = None) -> bool:
        sent.extend([(task, *args)] * times)
        return True

    monkeypatch.setattr(marks, "publish", publish)
    return sent


@pytest.fixture
def index_settings(search_settings, published):
    """The tiny artifact, and no broker."""
    return search_settings


@pytest.fixture
def version(tiny_artifact, search_settings, db) -> IndexVersion:
    """An active version of the tiny artifact without entries."""
    return make_version(tiny_artifact)


@pytest.fixture
def staff(db) -> Client:
    """A client of somebody who may do everything."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin", "admin@example.com", "x"))
    return client


@pytest.fixture
def broker(monkeypatch):
    """A socket in place of Redis: refused until it listens, frozen from then on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        # In this order, because the first is read from the second one where it is not set, and put back as it was read.
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, f"redis://127.0.0.1:{port}/0")
        yield server
