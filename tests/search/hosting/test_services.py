import pytest
from celery import current_app
from django.core.management import call_command
from django.db import OperationalError, connection, connections

from search.hosting import services
from search.hosting.services import look_around
from search.monitoring.probes import State
from tests.search.products import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No worker runs here that could be waited for."""
    monkeypatch.setattr("search.hosting.services.PATIENCE", 0.5)


def found() -> dict[str, tuple[State, str, str]]:
    return {one.name: (one.state, one.sentence, one.remedy) for one in look_around()}


def test_a_shop_without_a_worker_and_an_index_is_told_what_to_start(index_settings):
    told = found()
    assert [name for name, (state, *_) in told.items() if state is State.OK] == [
        "Postgres", "pgvector", "Tables", "Task queue", "Cache", "Model",
    ]  # fmt: skip
    assert "celery -A shop worker" in told["Workers"][2]
    assert "celery -A shop beat" in told["Beat"][2]
    assert told["Index"][2] == "manage.py search_index rebuild --wait"


def test_an_active_version_is_told(version):
    version.state = version.State.ACTIVE
    version.save()
    assert found()["Index"] == (State.OK, f"shop.Product is registered; version {version.pk} is active.", "")


@pytest.mark.django_db(transaction=True)
def test_missing_tables_are_told():
    call_command("migrate", "fashion_search", "0035", verbosity=0)  # the one before the last
    try:
        told = found()
    finally:
        call_command("migrate", "fashion_search", verbosity=0)
    assert told["Tables"] == (
        State.BROKEN,
        "1 migration of fashion_search is not applied.",
        "manage.py migrate",
    )
    assert told["Index"][2] == "manage.py migrate"


class TestExtension:
    """What a role may do about pgvector, in a database without it."""

    @pytest.fixture
    def bare(self, transactional_db):
        """An empty database beside this one, which the connection leads to, and a role without rights there."""
        settings = connection.settings_dict
        name, before = "hosting_bare", settings["NAME"]
        with connections["default"].cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
            cursor.execute("DROP ROLE IF EXISTS hosting_shop")
            cursor.execute("CREATE ROLE hosting_shop")
        connection.close()
        settings["NAME"] = name
        yield
        connection.close()
        settings["NAME"] = before
        with connections["default"].cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            cursor.execute("DROP ROLE hosting_shop")

    def test_a_superuser_creates_it_by_migrating(self, bare):
        state, sentence, remedy = found()["pgvector"]
        assert state is State.ATTENTION
        assert "can be created by the role" in sentence
        assert remedy == "manage.py migrate creates it."

    def test_another_role_is_told_what_a_superuser_has_to_do(self, bare):
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE hosting_shop")
        state, sentence, remedy = found()["pgvector"]
        assert state is State.BROKEN
        assert "the role 'hosting_shop' may not create it" in sentence
        assert remedy == "As a superuser, before migrate: psql -d hosting_bare -c 'CREATE EXTENSION vector'"


def test_a_server_that_does_not_answer_is_told_and_the_rest_is_looked_at(monkeypatch):
    def refuse():
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
    told = found()
    assert told["Postgres"] == (
        State.BROKEN,
        "It does not answer: connection refused",
        "Start it, or correct DATABASES['default'].",
    )
    assert {"Task queue", "Cache"} <= set(told)
    assert not {"pgvector", "Tables", "Index"} & set(told)


def test_a_queue_and_a_cache_that_are_away_are_told(monkeypatch, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:9/0",
        }
    }
    for name in ("broker_write_url", "broker_url"):  # the first is read from the second where it is not set
        monkeypatch.setattr(current_app.conf, name, "redis://127.0.0.1:9/0")
    told = found()
    assert told["Task queue"][0] is State.BROKEN
    assert told["Cache"][0] is State.BROKEN
    assert "correct CACHES['default']" in told["Cache"][2]


def test_a_cache_that_keeps_nothing_is_told(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert found()["Cache"][:2] == (State.ATTENTION, "The cache keeps nothing.")


def test_nothing_registered_is_told(monkeypatch):
    make_product("A1")
    monkeypatch.setattr("search.registry._registered", [])
    assert services.look_around()[-1].sentence == "Nothing is registered yet."
