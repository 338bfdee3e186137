"""From a request to Postgres, through Redis; and what happens when either is away."""

import json
import time
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.db import OperationalError, connection
from django.utils import timezone
from redis import ConnectionError as RedisAway

from search.insight import log_store
from search.insight.log import buffer, push, record_event, record_search
from search.insight.log_store import drain_log
from search.models import LoggedSearch, SearchEvent
from search.prometheus import LEFT_OUT
from tests.pace import slowness

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log_redis", "search_settings")]

SEARCH = {
    "visitor": "abc",
    "mode": "text",
    "text": "Red  Shirt",
    "corrected": "red shirt",
    "understood": [{"kind": "colour", "value": "Red"}],
    "total": 12,
    "matching": 7,
    "page": 2,
    "filters": {"facets": {"brand": ("Acme",)}, "price_max": Decimal("1500"), "price_min": None},
    "degraded": "The text encoder is not available.",
    "took_ms": 12.5,
    "stages": {"encode": 3.5, "keyword": 4.0},
}


def test_a_search_and_its_click_arrive_whole():
    search = record_search(**SEARCH)
    record_event(search=UUID(search), type="click", sku="A-1", position=26)
    assert buffer.flush(5)
    assert drain_log() == 2

    row = LoggedSearch.objects.get()
    assert str(row.id) == search
    assert timezone.now() - row.at < timedelta(seconds=10)
    assert (row.mode, row.text, row.query, row.corrected) == ("text", "Red  Shirt", "red shirt", "red shirt")
    assert (row.total, row.matching, row.page, row.took_ms) == (12, 7, 2, 12.5)
    assert row.understood == [{"kind": "colour", "value": "Red"}]
    assert row.filters == {"facets": {"brand": ["Acme"]}, "price_max": "1500"}
    assert row.stages == {"encode": 3.5, "keyword": 4.0}
    assert row.degraded == "The text encoder is not available."
    assert len(row.visit) == 16
    event = SearchEvent.objects.get()
    assert (str(event.search), event.type, event.sku, event.position) == (search, "click", "A-1", 26)
    assert drain_log() == 0


def test_no_cookie_and_no_address_of_mail_leaves_the_process():
    typed = {
        "text": "shirt anna@example.com",
        "understood": [{"text": "0170 1234567", "values": ("a@b.de",)}],
    }
    record_search(
        **{**SEARCH, **typed, "visitor": "secret-cookie", "filters": {"facets": {"x": ("a@b.de",)}}}
    )
    assert buffer.flush(5)
    (record,) = log_store.oldest(10)
    assert b"secret-cookie" not in record
    written = json.loads(record)
    assert written["text"] == "shirt [email]"
    assert written["understood"] == [{"text": "[number]", "values": ["[email]"]}]
    assert written["filters"] == {"facets": {"x": ["[email]"]}}
    assert "visitor" not in json.loads(record)


@pytest.mark.parametrize("off", [{"visitor": None}, {}])
def test_what_is_not_to_be_logged_is_not(settings, off):
    if not off:
        settings.FASHION_SEARCH = {"INSIGHT": False}
    assert record_search(**{**SEARCH, **off}) == ""
    if not off:
        record_event(search=uuid4(), type="click", sku="A-1")
    assert buffer.flush(5)
    assert log_store.oldest(10) == []


def test_a_batch_written_twice_stays_one(monkeypatch):
    search = record_search(**SEARCH)
    record_event(search=UUID(search), type="click", sku="A-1", position=1)
    assert buffer.flush(5)

    def killed(count):
        raise RedisAway("killed between commit and drop")

    with monkeypatch.context() as patch:
        patch.setattr(log_store, "drop", killed)
        with pytest.raises(RedisAway):
            drain_log()
    assert drain_log() == 2
    assert (LoggedSearch.objects.count(), SearchEvent.objects.count()) == (1, 1)


def test_one_bad_record_keeps_no_other_back(monkeypatch):
    monkeypatch.setattr(log_store, "BATCH", 4)
    record_search(**SEARCH)
    record_search(**{**SEARCH, "stages": {"encode": "slow"}})  # no number
    record_search(**{**SEARCH, "understood": ["\x00"]})  # which jsonb refuses
    record_search(**{**SEARCH, "text": "half \ud800"})
    record_search(**{**SEARCH, "total": 2**40})  # more than an integer column holds
    assert buffer.flush(5)
    log_store.connect().rpush(log_store.list_name(), b"not json", b"[]", b'{"kind": "other"}')
    assert drain_log() == 8
    assert sorted(LoggedSearch.objects.values_list("text", flat=True)) == ["Red  Shirt", "half ?"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "2026-03-10T12:00:00"},  # without a time zone
        {"total": 1e999},
        {"took_ms": 10**400},
        {"matching": {"a": 1}},
        {"visit": None},
        {"visit": "\ud800"},
        {"visit": "v" * 1000},
        {"filters": {"a": "\x00"}},
        {"page": "9" * 5000},
        {"id": "no id"},
        {"mode": "mind reading"},
    ],
)
def test_a_record_that_a_foreign_hand_wrote_keeps_no_other_back(wrong):
    record_search(**SEARCH)
    assert buffer.flush(5)
    record = json.loads(log_store.oldest(1)[0])
    bad = json.dumps(record | {"id": str(uuid4())} | wrong)
    log_store.connect().lpush(log_store.list_name(), bad, b"[" * 100_000, b"\xff")
    assert drain_log() == 4
    assert list(LoggedSearch.objects.values_list("pk", flat=True)) == [UUID(record["id"])]
    assert drain_log() == 0


def test_records_older_than_what_is_kept_are_not_written(settings):
    record_search(**SEARCH)
    assert buffer.flush(5)
    record = json.loads(log_store.oldest(1)[0])
    assert log_store.drop(log_store.oldest(1))
    record["at"] = str(timezone.now() - timedelta(days=31))
    log_store.connect().rpush(log_store.list_name(), json.dumps(record))
    assert drain_log() == 1
    assert LoggedSearch.objects.count() == 0


def test_records_are_dropped_once_though_a_late_redis_is_asked_twice():
    record_search(**SEARCH)
    assert buffer.flush(5)
    written = log_store.oldest(10)
    assert log_store.drop(written)
    record_search(**SEARCH)
    assert buffer.flush(5)
    assert not log_store.drop(written)
    assert len(log_store.oldest(10)) == 1


def test_a_list_that_no_worker_drains_stops_growing(monkeypatch):
    monkeypatch.setattr(log_store, "LONGEST", 2)
    for _ in range(3):
        record_search(**SEARCH)
        assert buffer.flush(5)
    assert len(log_store.oldest(10)) == 2


@pytest.mark.parametrize(
    ("broker", "address"),
    [
        ("redis://:x@localhost:1/0", "redis://:x@localhost:1/0"),
        ("redis+socket:///tmp/redis.sock", "unix:///tmp/redis.sock"),
        ("amqp://localhost", ""),
    ],
)
def test_the_address_is_the_brokers(monkeypatch, broker, address):
    for name in ("broker_write_url", "broker_url"):  # the first is read from the second where it is not set
        monkeypatch.setattr(f"celery.current_app.conf.{name}", broker)
    assert log_store.address() == address


class TestNothingWaits:
    """A search takes the same time whatever the log's servers do."""

    def seconds_of_100(self) -> float:
        began = time.perf_counter()
        for _ in range(100):
            assert record_search(**SEARCH)
        return time.perf_counter() - began

    def test_redis_refuses(self, settings):
        settings.FASHION_SEARCH = {"INSIGHT_REDIS_URL": "redis://127.0.0.1:1/0"}
        assert self.seconds_of_100() < 0.1 * slowness()
        settings.FASHION_SEARCH = {}
        assert buffer.flush(5)
        assert len(log_store.oldest(200)) == 100  # nothing is lost when it is back

    def test_redis_is_frozen(self, settings):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
            url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
            settings.FASHION_SEARCH = {"INSIGHT_REDIS_URL": url}
            assert self.seconds_of_100() < 0.1 * slowness()
            settings.FASHION_SEARCH = {}
        assert buffer.flush(5)
        assert len(log_store.oldest(200)) == 100


@pytest.mark.django_db(transaction=True)
def test_a_locked_table_costs_the_drain_a_wait_and_the_search_nothing(monkeypatch):
    """While another session holds the table, searches are noted as fast as ever; the records wait in Redis."""
    monkeypatch.setattr(log_store, "LOCK_TIMEOUT", "100ms")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE fashion_search_loggedsearch IN ACCESS EXCLUSIVE MODE")
        assert TestNothingWaits().seconds_of_100() < 0.1
        assert buffer.flush(5)
        with pytest.raises(OperationalError, match="lock timeout"):
            drain_log()
        assert len(log_store.oldest(200)) == 100
    finally:
        other.close()
    assert drain_log() == 100
    assert LoggedSearch.objects.count() == 100


def test_a_record_that_cannot_be_written_holds_up_no_other(caplog):
    before = LEFT_OUT.labels("log")._value.get()
    loop: list = []
    loop.append(loop)
    push([{"kind": "event", "n": 1}, {"kind": "event", "filters": loop}, {"kind": "event", "n": 2}])
    assert [json.loads(line)["n"] for line in log_store.oldest(10)] == [1, 2]
    assert LEFT_OUT.labels("log")._value.get() == before + 1
    assert "A record of the search log cannot be written and is dropped" in caplog.text


def test_without_a_log_and_without_a_redis_there_is_nothing_to_drain(settings, monkeypatch):
    monkeypatch.setattr(current_app.conf, "broker_write_url", "amqp://nowhere")
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT": False}
    assert drain_log() == 0
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT": True}
    with pytest.raises(ConnectionError, match="set INSIGHT_REDIS_URL"):
        drain_log()
