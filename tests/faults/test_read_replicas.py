"""Searches that a real streaming standby answers, and what becomes of them when it stops, stands still or changes over."""

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from search import replicas
from search.engine import browse_products, find_other_colours, find_product, find_similar, search
from search.engine.suggestions import suggest
from search.indexing.lexicons import refresh_word_list
from search.models import IndexEntry, IndexVersion
from search.monitoring.dashboard import read_board
from search.monitoring.index_metrics import _replicas
from search.prometheus import REPLICA_FALLBACKS, REPLICA_READS
from search.registry import get_index
from search.replicas import Use
from search.session import pinned
from shop.models import Product
from tests.processes import ROOT, wait_until
from tests.search.products import build_version, make_product
from tests.search.replica import alias_added

ALIAS = "standby"
PATIENCE = 60.0  # seconds for what takes one on an idle machine
LAG = 3.0

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def standby(postgres_server, django_db_setup):
    """A server that follows the tests' own, made by pg_basebackup."""
    if postgres_server is None:
        pytest.skip("makes a standby: unset DATABASE_URL, so that the tests have a Postgres of their own")
    # Not below pytest's own folder: each pytest that starts closes that to other accounts, of which Postgres is one.
    folder = Path(tempfile.mkdtemp(prefix="fashion-standby-"))
    standby = postgres_server.make_standby(folder / "data", log=folder / "standby.log")
    standby.start()
    yield standby
    standby.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(transactional_db, standby, settings, tiny_artifact, monkeypatch):
    """Three indexed products on both servers, and searches that may be read from the standby."""
    if not standby.process.running:
        standby.start()
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tiny_artifact),
        "READ_REPLICAS": [ALIAS],
        "REPLICA_LAG_SECONDS": LAG,
    }
    forbidden = BaseDatabaseWrapper.ensure_connection

    def ensure_connection(self: BaseDatabaseWrapper) -> None:
        """Let tests connect to the standby, which Django's own guard forbids: it could not be emptied."""
        if self.alias != ALIAS:
            forbidden(self)
        elif self.connection is None:
            with self.wrap_database_errors:
                self.connect()

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure_connection)
    with alias_added(ALIAS):
        connections.databases[ALIAS] |= {"HOST": str(standby.sockets), "PORT": "", "USER": "postgres"}
        monkeypatch.setattr(replicas, "AWAY_SECONDS", 0.5)
        cache.clear()
        for number, colour in enumerate(("red", "blue", "green")):
            make_product(f"S-{number}", name="shirt", colour=colour)
        version = build_version()
        refresh_word_list()
        replicas.forget()
        wait_until(lambda: _looks(standby) and replicas.state_of(ALIAS).use is Use.FRESH, seconds=PATIENCE)
        yield version
        replicas.forget()


def _ask(standby, statement: str):
    with psycopg.connect(standby.url(connection.settings_dict["NAME"]), autocommit=True) as one:
        return one.execute(statement).fetchone()


def _looks(standby) -> bool:
    """Whether the standby has all that the primary has written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()::text")
        (place,) = cursor.fetchone()
    return _ask(standby, f"SELECT pg_last_wal_replay_lsn() >= '{place}'")[0]


def _count(metric, *labels: str) -> float:
    return metric.labels(*labels)._value.get()


def _reads() -> float:
    return _count(REPLICA_READS, ALIAS)


def _skus(answer) -> list[str]:
    return sorted(result.card.sku for result in answer.results)


def _rows_read(standby) -> int:
    """Rows of the index that the standby's sessions have fetched, as its own statistics say."""
    return _ask(
        standby,
        "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int FROM pg_stat_user_tables"
        " WHERE relname = 'fashion_search_indexentry'",
    )[0]


def _statements(alias: str) -> list[str]:
    """A list that fills with what this thread sends to a server."""
    sent: list[str] = []

    def note(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    connections[alias].execute_wrappers.append(note)
    return sent


def test_searches_read_from_the_standby_and_write_elsewhere(shop, standby, monkeypatch):
    before, rows = _reads(), _rows_read(standby)
    here, there = _statements("default"), _statements(ALIAS)
    key = str(Product.objects.get(sku="S-0").pk)
    here.clear()
    ways = [
        lambda: search("shirt", page_size=2),
        lambda: search(),
        lambda: find_similar(key),
        lambda: find_other_colours(key),
        lambda: browse_products(),
        lambda: find_product("S-0"),
        lambda: suggest("shi"),
    ]
    first, *_ = [way() for way in ways]
    assert (len(first.results), first.total, first.degraded, first.left_out) == (2, 3, "", ())
    assert first.token, "the list was not frozen"
    assert _reads() == before + len(ways)
    assert there
    # What the process learns about the primary, and the word lists that it keeps, are read there; searches are not.
    assert [sql for sql in here if "indexentry" in sql or "shop_product" in sql] == []
    connections[ALIAS].close()  # a session tells its statistics at its end, if not before
    wait_until(lambda: _rows_read(standby) > rows, seconds=PATIENCE)
    assert first.results[0].product._state.db == "default"
    first.results[0].product.save()


def test_a_card_may_write(shop, settings, monkeypatch):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"CARDS": "live"}
    usual = get_index().card

    def card(product):
        Product.objects.filter(pk=product.pk).update(description="shown")
        return usual(product)

    monkeypatch.setattr(get_index(), "card", card)
    before = _reads()
    assert len(search("shirt").results) == 3
    assert _reads() == before + 1
    assert set(Product.objects.values_list("description", flat=True)) == {"shown"}


def test_who_has_just_written_asks_the_primary(shop, standby):
    _ask(standby, "SELECT pg_wal_replay_pause()")
    try:
        before = _reads()
        Product.objects.filter(sku="S-0").delete()
        assert _skus(search("shirt")) == ["S-0", "S-1", "S-2"]  # the standby does not know yet
        assert _reads() == before + 1
        with pinned():
            assert _skus(search("shirt")) == ["S-1", "S-2"]
        with transaction.atomic():
            assert _skus(search("shirt")) == ["S-1", "S-2"]
        assert _reads() == before + 1
    finally:
        _ask(standby, "SELECT pg_wal_replay_resume()")


def test_a_standby_that_stands_still_is_left_and_comes_back(shop, standby, caplog):
    time.sleep(LAG + 2)
    before = _reads()
    search("shirt")
    assert _reads() == before + 1, "an idle primary is no lag"
    _ask(standby, "SELECT pg_wal_replay_pause()")
    try:
        Product.objects.filter(sku="S-0").update(name="Red jacket")
        with caplog.at_level(logging.WARNING, "search.replicas"):
            wait_until(lambda: search("shirt") and _state().use is Use.BEHIND, seconds=PATIENCE)
        assert _state().lag_seconds > LAG
        reads, fallbacks = _reads(), _count(REPLICA_FALLBACKS, ALIAS, "behind")
        assert {result.product.name for result in search("shirt").results} >= {"Red jacket"}
        assert (_reads(), _count(REPLICA_FALLBACKS, ALIAS, "behind")) == (reads, fallbacks + 1)
        assert "instead of the replica standby" in caplog.text
        board = read_board()
        (check,) = (check for check in board.checks if check.name == "Replicas")
        assert (check.state, [one.use for one in board.replicas]) == ("attention", [Use.BEHIND])
        lag, fresh = ({one.labels["replica"]: one.value for one in metric.samples} for metric in _metrics())
        assert lag[ALIAS] > LAG
        assert fresh == {ALIAS: 0}
    finally:
        _ask(standby, "SELECT pg_wal_replay_resume()")
    before = _reads()
    wait_until(lambda: search("shirt") and _reads() > before, seconds=PATIENCE)
    assert {one.value for one in _metrics()[1].samples} == {1}


def _state():
    return replicas.state_of(ALIAS)


def _metrics():
    return list(_replicas())


def test_a_standby_that_is_stopped_is_left_and_comes_back(shop, standby):
    before = _reads()
    assert len(search("shirt").results) == 3
    assert _reads() == before + 1
    standby.process.stop()
    for _ in range(5):  # the first one in the middle of its session, the others before theirs
        answer = search("shirt")
        assert (_skus(answer), answer.degraded, answer.left_out) == (["S-0", "S-1", "S-2"], "", ())
    assert _reads() == before + 1
    assert _count(REPLICA_FALLBACKS, ALIAS, "failed") + _count(REPLICA_FALLBACKS, ALIAS, "away") >= 5
    assert read_board().replicas[0].use is Use.AWAY
    standby.start()
    wait_until(lambda: search("shirt") and _reads() > before + 1, seconds=PATIENCE)


def test_a_version_that_is_switched_meanwhile_is_never_seen_half(shop, standby):
    """One version has a product less, so that an answer made of both would show."""
    former, other = shop, build_version(force=True)
    IndexEntry.objects.filter(version=other, sku="s-0").delete()
    wait_until(
        lambda: _looks(standby), seconds=PATIENCE
    )  # a deletion within a page is not what is tried here
    over, seen, wrong = threading.Event(), set(), []
    before = _reads()

    def ask() -> int:
        asked = 0
        try:
            while not over.is_set():
                answer, page = search("shirt"), browse_products()
                asked += 2
                counted = sum(one.count for one in answer.facets["category"])
                if answer.degraded or answer.left_out or not answer.total == len(answer.results) == counted:
                    wrong.append(answer)
                if page.degraded or page.total != len(page.results):
                    wrong.append(page)
                seen.update((answer.total, page.total))
        finally:
            connections.close_all()
        return asked

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for _ in range(10):
                for version, older in ((former, other), (other, former)):
                    with transaction.atomic():
                        IndexVersion.objects.filter(pk=older.pk).update(state="retired")
                        IndexVersion.objects.filter(pk=version.pk).update(state="active")
                    time.sleep(0.1)
        finally:
            over.set()
        asked = sum(one.result() for one in asking)
    assert wrong == []
    assert seen == {2, 3}
    assert asked > 20
    assert _reads() > before + asked / 2, "most were read from the primary"


def test_the_shop_reads_their_addresses(shop, standby):
    name = connection.settings_dict["NAME"]
    own = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"

    def check(*urls: str) -> str:
        given = {**os.environ, "DATABASE_URL": own, "REPLICA_URLS": ", ".join(urls)}
        given["FASHION_SEARCH"] = json.dumps({"NAMESPACE": f"test_{name}"})
        command = [sys.executable, "manage.py", "check", "--database", "default"]
        result = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        return result.stderr

    said = check(standby.url(name), own)
    assert "names 'replica2', which leads to the primary itself" in said
    assert "(fashion_search.W031)" in said
    assert "replica1" not in said
