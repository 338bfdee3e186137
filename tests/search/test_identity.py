import os

import psycopg
import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from search.conf import get_settings, namespace, shop_key
from search.engine.counts import Counts
from search.engine.results import ResultList, freeze
from search.engine.scored import NO_ENTRIES
from search.identity import database_identity, read_identity
from search.insight import log_store
from search.insight.log import push
from search.merchandising.hits import Hit, count_hits
from tests.search.products import make_product


@pytest.fixture
def copied(transactional_db):
    """The address of a database that is a copy of the test database, as staging is of a shop."""
    address, question, options = os.environ["DATABASE_URL"].partition("?")
    server, own = address.rpartition("/")[0], connection.settings_dict["NAME"]
    connection.close()
    with psycopg.connect(f"{server}/postgres{question}{options}", autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [own]
        )
        administrator.execute(f"CREATE DATABASE copied TEMPLATE {own}")
        yield f"{server}/copied{question}{options}"
        administrator.execute("DROP DATABASE copied WITH (FORCE)")


class TestNamespace:
    def test_the_database_names_the_shop(self, settings):
        settings.FASHION_SEARCH = {}
        assert namespace() == connection.settings_dict["NAME"]
        assert shop_key("log") == f"fashion_search:{namespace()}:log"

    def test_the_setting_names_it_otherwise(self, settings):
        settings.FASHION_SEARCH = {"NAMESPACE": "shoes-2"}
        assert shop_key("log") == "fashion_search:shoes-2:log"

    @pytest.mark.parametrize(
        ("named", "expected"),
        [("my shop:x", "my%20shop%3Ax"), ("größe", "gr%C3%B6%C3%9Fe"), (None, "default"), ("", "default")],
    )
    def test_any_name_of_a_database_makes_a_key(self, settings, monkeypatch, named, expected):
        settings.FASHION_SEARCH = {}
        monkeypatch.setitem(connection.settings_dict, "NAME", named)
        assert namespace() == expected

    def test_a_service_names_it_where_the_settings_do_not(self, settings, monkeypatch):
        settings.FASHION_SEARCH = {}
        monkeypatch.setitem(connection.settings_dict, "NAME", "")
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"service": "shoes"})
        assert namespace() == "shoes"

    @pytest.mark.parametrize("given", ["a b", "a:b", "ä", "a" * 64, "a\n"])
    def test_what_makes_no_key_is_refused(self, settings, given):
        settings.FASHION_SEARCH = {"NAMESPACE": given}
        with pytest.raises(ImproperlyConfigured, match="at most 63 letters, digits"):
            get_settings()


class TestIdentity:
    def test_every_connection_sees_the_same(self, transactional_db):
        seen = read_identity()
        connection.close()
        assert read_identity() == seen
        assert database_identity(afresh=True) == seen.database

    def test_a_copy_is_another_database(self, copied, monkeypatch):
        own = read_identity()
        connection.close()
        with monkeypatch.context() as elsewhere:
            elsewhere.setitem(connection.settings_dict, "NAME", "copied")
            other = read_identity()
            assert database_identity() == other.database != own.database
            connection.close()

    def test_a_server_that_keeps_its_number_to_itself(self, db):
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE plain; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public")
            cursor.execute("SET LOCAL ROLE plain")
            with transaction.atomic():
                seen = read_identity()
            cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
            assert seen.database.endswith(f"/{cursor.fetchone()[0]}")
            cursor.execute("RESET ROLE")

    def test_a_database_that_does_not_say_ends_no_transaction(self, db, monkeypatch):
        for statement in ("_ASK", "_ASK_LESS"):
            monkeypatch.setattr(f"search.identity.{statement}", "SELECT 1 / 0, 1, now()")
        with transaction.atomic(), connection.cursor() as cursor:
            assert database_identity(afresh=True) == ""
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


@pytest.mark.usefixtures("search_settings")
def test_everything_that_is_kept_beside_other_shops_is_named_after_this_one(
    transactional_db, redis_server, client
):
    """All that the plugin and the shop write to Redis: log, visits, rates, lists, hits, attempts, messages."""
    with log_store.connect() as redis:
        redis.flushdb()
        make_product("A1")  # a hint
        client.get("/api/v1/products/")
        client.get("/search/?q=shirt")
        push([{"kind": "search", "text": "shirt", "visitor": "v"}])
        freeze(ResultList(NO_ENTRIES, True, Counts()), "fingerprint")
        count_hits([Hit("rule", 1)])
        client.post("/admin/login/", {"username": "a", "password": "b"})
        cache.set("x", 1)
        names = {name.decode() for name in redis.scan_iter()}
    assert len(names) >= 8
    assert [name for name in names if namespace() not in name] == []
