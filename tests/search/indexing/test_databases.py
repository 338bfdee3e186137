"""What is wrong with routers, poolers and standbys is named, by check, verify, dashboard and readiness."""

import os
import shutil
from pathlib import Path

import pytest
from django.db import connection, router

from lab.pgbouncer import MISSING, PgBouncer, program
from lab.processes import wait_until
from search import checks
from search.exceptions import UnsafeConnection
from search.indexing import versions
from search.indexing.connections import Pooling, find_pooling, is_pooled, maintenance_cursor, own_connection
from search.indexing.databases import find_misrouted, find_unsafe, find_unusable, is_read_only
from search.models import ApiKey, IndexVersion
from search.models.api_keys import digest_of
from search.monitoring.probes import State
from search.monitoring.readiness import readiness
from search.monitoring.service_probes import probe_connections
from search.monitoring.verify import verify
from search.session import WriterRouter
from shop.models import Product
from tests.search.indexed import make_version
from tests.search.products import build_version, make_product
from tests.search.replica import ALIAS, ReplicaRouter, alias_added, led_through


@pytest.fixture(scope="module")
def poolers(django_db_setup, tmp_path_factory):
    """A pooler for each mode, started when it is asked for."""
    if not program():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    folder = Path("/tmp") / f"pgbouncer-{tmp_path_factory.getbasetemp().name}"
    started = {}
    options = connection.get_connection_params()
    server = f"postgresql://{options.get('user', 'postgres')}:{options.get('password', '')}@:{options.get('port', 5432)}/"

    def start(mode: str) -> str:
        if mode not in started:
            host = options.get("host", "127.0.0.1")
            started[mode] = PgBouncer(folder / mode, postgres=f"{server}?host={host}", mode=mode, size=3)
            started[mode].start()
        return started[mode].url("")

    yield start
    for pooler in started.values():
        pooler.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _messages() -> list[tuple[str, str]]:
    return [(str(message.id), message.msg) for message in checks.check_connections(["default"])]


def _verified() -> bool:
    (passed,) = [check.passed for check in verify().checks if check.name == "connections"]
    return passed


@pytest.mark.django_db(transaction=True)
class TestPoolers:
    def test_none(self):
        assert find_pooling() is Pooling.NONE
        assert (_messages(), probe_connections().state, _verified()) == ([], State.OK, True)

    @pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
    def test_each_mode_is_told(self, poolers, mode):
        with alias_added("pooled", poolers(mode)):
            assert find_pooling("pooled") is Pooling(mode)
            with own_connection("pooled") as own:
                assert is_pooled(own)

    def test_one_that_cannot_serve_all_at_once_is_taken_for_the_worse(self, poolers):
        url = poolers("session")
        with alias_added("pooled", url), own_connection("pooled") as one, one.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert find_pooling("pooled") is Pooling.TRANSACTION

    def test_transaction_mode_alone_is_no_fault(self, poolers):
        with led_through(poolers("transaction")):
            assert (_messages(), probe_connections().state, _verified()) == ([], State.OK, True)

    def test_limits_without_a_way_past_the_pooler(self, poolers, limited, settings):
        with led_through(poolers("transaction")):
            # On a busy machine the pooler may be too late for the first look, which then says so.
            wait_until(lambda: _messages()[0][0] == "fashion_search.W018", seconds=120, what=str(_messages()))
            ((_, sentence),) = _messages()
            assert sentence.startswith(
                "The database 'default' is reached through a pooler in transaction mode, where its settings"
                " (statement_timeout = 20s) cannot be changed for building an index."
            )
            assert probe_connections().state is State.ATTENTION
            assert not _verified()
            with pytest.raises(UnsafeConnection, match="MAINTENANCE_DATABASE"), maintenance_cursor():
                pytest.fail("the limit would be lifted for others")
        with alias_added("past"), led_through(poolers("transaction")):
            settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "MAINTENANCE_DATABASE": "past"}
            with maintenance_cursor() as cursor:
                cursor.execute("SHOW statement_timeout")
                assert cursor.fetchone() == ("0",)

    def test_prepared_statements_and_roles(self, poolers):
        for option, value in (("prepare_threshold", 5), ("assume_role", "postgres")):
            with led_through(poolers("transaction"), **{option: value}):
                (sentence,) = find_unsafe()
                assert f"its OPTIONS have {option}" in sentence

    def test_statement_mode(self, poolers):
        with led_through(poolers("statement")):
            ((identity, sentence),) = _messages()
            assert (identity, "in statement mode" in sentence) == ("fashion_search.E016", True)
            assert probe_connections().state is State.BROKEN

    def test_an_alias_for_maintenance_that_is_not_there_or_leads_elsewhere(self, settings):
        settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "MAINTENANCE_DATABASE": "past"}
        assert _messages() == [
            (
                "fashion_search.E016",
                "FASHION_SEARCH['MAINTENANCE_DATABASE'] names 'past', which DATABASES does not have.",
            )
        ]
        with alias_added("past", name="postgres"):
            assert "leads to another database than 'default'" in find_unusable()[0]
            assert probe_connections().state is State.BROKEN
            assert not _verified()


@pytest.mark.django_db(transaction=True)
def test_cursors_that_are_read_in_parts_are_inside_transactions(search_settings, monkeypatch):
    make_product("S-1")
    make_product("S-2")
    build_version()
    inside = []
    usual = connection.chunked_cursor

    def chunked_cursor():
        inside.append(connection.in_atomic_block)
        return usual()

    monkeypatch.setattr(connection, "chunked_cursor", chunked_cursor)
    Product.objects.filter(sku="S-2").update(published=False)
    versions.request_rebuild(force=True)
    assert inside
    assert all(inside)


@pytest.mark.django_db(transaction=True)
class TestStandby:
    def test_nothing_can_be_written(self, client, search_settings, read_only):
        assert is_read_only()
        assert [identity for identity, _ in _messages()] == ["fashion_search.W019"]
        assert probe_connections().state is State.BROKEN
        assert not _verified()
        ready = readiness()
        assert {one.name: one.passed for one in ready.findings}["writable"] is False
        assert ready.degraded

    def test_a_key_is_good_all_the_same(self, client, search_settings, with_key, read_only):
        answer = client.get("/api/v1/search/?q=red", headers={"Authorization": f"Bearer {with_key}"})
        assert answer.status_code == 200, answer.content


@pytest.mark.django_db
class TestRouters:
    def _found(self, *routers: object) -> list[str]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(router, "routers", list(routers))
            found = find_misrouted()
            assert [message.id for message in checks.check_routers()] == ["fashion_search.E015"] * len(found)
            assert (probe_connections().state is State.OK, _verified()) == (not found, not found)
            return found

    def test_a_replica_for_reads_is_no_fault(self):
        assert self._found(WriterRouter(), ReplicaRouter()) == []

    def test_products_that_are_written_elsewhere(self):
        host = ReplicaRouter()
        host.db_for_write = lambda model, **hints: "shop"
        (sentence,) = self._found(WriterRouter(), host)
        assert sentence.startswith("shop.Product is written to the database 'shop', the index to 'default'")

    def test_tables_that_are_kept_away(self):
        host = ReplicaRouter()
        host.allow_migrate = lambda alias, label, **hints: label != "fashion_search"
        assert self._found(WriterRouter(), host) == [
            "tests.search.replica.ReplicaRouter keeps the tables of fashion_search out of 'default', where they belong."
        ]

    def test_a_router_before_the_plugins(self):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(router, "routers", [ReplicaRouter(), WriterRouter()])
            ((identity, sentence),) = [(message.id, message.msg) for message in checks.check_routers()]
        assert identity == "fashion_search.E015"
        assert sentence.startswith(
            f"tests.search.replica.ReplicaRouter stands before the plugin's router and has the index read from {ALIAS!r}"
        )


@pytest.fixture
def limited(transactional_db):
    """The database's owner lets statements last 20 s."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} SET statement_timeout = '20s'")
        cursor.execute(_END_OTHERS)  # those of the pooler, which were opened before
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} RESET statement_timeout")
        cursor.execute(_END_OTHERS)


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def with_key(transactional_db):
    ApiKey.objects.create(name="app", digest=digest_of("secret"))
    return "secret"


@pytest.fixture
def read_only(transactional_db, search_settings, tiny_artifact):
    """Sessions that begin from here on can write nothing."""
    make_version(tiny_artifact)
    assert IndexVersion.objects.active()
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    connection.close()
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    connection.close()
