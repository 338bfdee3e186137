"""Signs of shops in one Redis, and what is told of them; another shop's signs are written as its worker writes them."""

import json
from dataclasses import asdict, replace

import pytest
from celery import current_app
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from prometheus_client.parser import text_string_to_metric_families

from search import checks
from search.conf import namespace, shop_key
from search.identity import read_identity
from search.insight import log_store
from search.merchandising.hits import Hit
from search.monitoring import neighbours

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server", "search_settings"),
]


@pytest.fixture(autouse=True)
def redis():
    with log_store.connect() as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def put(redis, settings):
    """Put a sign of a shop where its worker would, so many seconds ago."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    places = {"log": neighbours.SIGNS_OF_LOG, "queue": f"{prefix}{neighbours.SIGNS_OF_QUEUE}"}

    def put(*, first: int, last: int, where: tuple[str, ...] = ("log", "queue"), **other: str) -> None:
        now = redis.time()[0]
        sign = replace(neighbours._sign(read_identity()), **other, first=now - first, last=now - last)
        for place in where:
            redis.hset(places[place], sign.field, json.dumps(asdict(sign)))

    return put


SHOES = {"namespace": "shoes", "database": "1/2", "called": "database 'shoes' at db2", "host": "web2"}
TWIN = {"database": "1/2", "called": "database 'shop' at db2", "host": "web2"}


def told() -> list[str]:
    found = [*checks.check_cache(), *checks.check_neighbours(["default"])]
    return [message.id.removeprefix("fashion_search.") for message in found]


def board() -> dict[str, str]:
    return {check.name: str(check.state) for check in neighbours.probe_neighbours()}


def test_a_shop_alone_whose_worker_sweeps():
    assert board() == {
        "Other shops": "ok",
        "Shared cache and keys": "attention",
    }  # no worker has told anything
    neighbours.leave_sign()
    assert told() == []
    assert board() == {"Other shops": "ok", "Shared cache and keys": "ok"}


class QuickCache(LocMemCache):
    """A host's own."""


class TestOtherShops:
    def test_another_shop_with_the_same_queue(self, put):
        neighbours.leave_sign()
        put(**SHOES, first=100, last=-60)
        (message,) = checks.check_neighbours(["default"])
        assert message.id == "fashion_search.W016"
        assert message.msg.startswith(
            "The shop 'shoes' uses the same task queue, with a worker on web2: workers of each"
        )
        assert "global_keyprefix" in message.hint
        assert board()["Other shops"] == "attention"

    def test_another_shop_with_a_queue_of_its_own_is_nobodys_concern(self, put):
        neighbours.leave_sign()
        put(**SHOES, first=100, last=-60, where=("log",))
        assert told() == []

    def test_probes_say_so(self, put, client, settings):
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"METRICS_TOKEN": "a-token-for-the-tests"}
        neighbours.leave_sign()
        assert _probes(client) == (True, {"collision": 0.0, "queue": 0.0, "apart": 0.0})
        put(**SHOES, first=100, last=-60)
        assert _probes(client) == (True, {"collision": 0.0, "queue": 1.0, "apart": 0.0})
        put(**TWIN, first=100, last=-60)
        assert _probes(client) == (False, {"collision": 1.0, "queue": 1.0, "apart": 0.0})
        settings.SECRET_KEY = "another"
        assert _probes(client) == (False, {"collision": 1.0, "queue": 1.0, "apart": 1.0})

    @pytest.mark.parametrize("where", ["log", "queue"])
    def test_another_shop_with_the_same_name(self, put, where):
        neighbours.leave_sign()
        put(**TWIN, first=100, last=-60, where=(where,))
        (message,) = checks.check_neighbours(["default"])
        assert message.id == "fashion_search.E013"
        assert (
            f"the namespace {namespace()!r}, too: database 'shop' at db2, with a worker on web2"
            in message.msg
        )
        assert "NAMESPACE" in message.hint
        assert board()["Other shops"] == "broken"

    def test_it_is_seen_before_this_shop_has_a_worker(self, put):
        put(**TWIN, first=100, last=1)
        assert told() == ["E013"]

    def test_a_shop_whose_database_was_restored_was_the_other_one(self, put):
        put(**TWIN, first=100, last=15)
        neighbours.leave_sign()
        assert told() == []

    def test_a_shop_that_is_gone(self, put):
        put(**TWIN, first=1000, last=91)
        put(**SHOES, first=1000, last=91)
        assert told() == []

    def test_a_copy_of_the_disk(self, put):
        """Everything in it is the same, but for the moment at which its server was started."""
        neighbours.leave_sign()
        put(started="2020-01-01", first=100, last=-60)
        assert told() == ["E013"]

    def test_a_postgres_that_was_restarted(self, put):
        put(started="2020-01-01", first=100, last=5)
        neighbours.leave_sign()
        assert told() == []

    def test_shops_that_share_a_cache_alone(self, settings):
        cache.set(shop_key("shared"), "1/2 abc")
        neighbours.leave_sign()
        (message,) = checks.check_neighbours(["default"])
        assert (message.id, "one whose database is 1/2" in message.msg) == ("fashion_search.E013", True)
        neighbours.leave_sign()  # the other one has not come back
        assert told() == []

    def test_a_redis_that_is_away_is_no_fault_of_the_settings(self, monkeypatch):
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, "redis://127.0.0.1:1/0")
        neighbours.leave_sign()
        assert told() == []
        assert board() == {"Other shops": "attention", "Shared cache and keys": "attention"}

    def test_a_broker_that_is_no_redis_leaves_the_log(self, put, monkeypatch, settings):
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT_REDIS_URL": log_store.address()}
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, "memory://")
        neighbours.leave_sign()
        put(**TWIN, first=100, last=-60)
        assert told() == ["E013"]

    def test_nothing_is_asked_where_no_database_is_checked(self, put):
        put(**TWIN, first=100, last=1)
        assert checks.check_neighbours(None) == []


class TestApart:
    @pytest.mark.parametrize(
        ("backend", "sentence"),
        [
            (
                "django.core.cache.backends.locmem.LocMemCache",
                "LocMemCache, which is one for each process: pages after the",
            ),
            (
                "django.core.cache.backends.dummy.DummyCache",
                "DummyCache, which keeps nothing: pages after the first begin",
            ),
            (f"{__name__}.QuickCache", "QuickCache, which is one for each process"),
        ],
    )
    def test_a_cache_of_one_process(self, settings, backend, sentence):
        settings.CACHES = {"default": {"BACKEND": backend}}
        neighbours.leave_sign()
        assert told() == ["W017"]
        assert checks.check_cache()[0].msg.startswith(f"CACHES['default'] is {sentence}")
        assert board() == {"Other shops": "ok", "Shared cache and keys": "attention"}

    def test_a_cache_on_the_disk_of_another_host(self, settings, tmp_path):
        files = "django.core.cache.backends.filebased.FileBasedCache"
        settings.CACHES = {"default": {"BACKEND": files, "LOCATION": str(tmp_path / "a")}}
        neighbours.leave_sign()
        assert told() == []
        settings.CACHES = {"default": {"BACKEND": files, "LOCATION": str(tmp_path / "b")}}
        (message,) = checks.check_neighbours(["default"])
        assert message.id == "fashion_search.W017"
        assert "keeps in the cache is not found by this process" in message.msg

    @pytest.mark.parametrize(("name", "value"), [("key_prefix", "b"), ("version", 2)])
    def test_a_cache_with_other_keys(self, monkeypatch, name, value):
        neighbours.leave_sign()
        monkeypatch.setattr(caches["default"], name, value)
        assert told() == ["W017"]

    def test_a_cache_that_is_away_for_the_worker(self, put):
        put(cache="", first=10, last=1)
        (message,) = checks.check_neighbours(["default"])
        assert "does not answer: pages after the first begin again from a fresh list" in message.msg

    def test_a_cache_that_is_away(self, monkeypatch):
        neighbours.leave_sign()

        def fail(*_arguments, **_options):
            raise ValueError("no answer")

        monkeypatch.setattr(caches["default"], "get", fail)
        (message,) = checks.check_neighbours(["default"])
        assert message.msg.startswith("The cache does not answer: no answer; pages")

    def test_a_cache_that_was_emptied_is_marked_by_the_next_sweep(self):
        neighbours.leave_sign()
        cache.delete(shop_key("shared"))
        assert told() == ["W017"]
        neighbours.leave_sign()
        assert told() == []

    def test_another_secret_key(self, settings):
        neighbours.leave_sign()
        settings.SECRET_KEY, old = "another", settings.SECRET_KEY
        (message,) = checks.check_neighbours(["default"])
        assert (message.id, "another SECRET_KEY" in message.msg) == ("fashion_search.W017", True)
        settings.SECRET_KEY_FALLBACKS = [old]
        assert told() == []

    def test_another_namespace(self, settings):
        neighbours.leave_sign()
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"NAMESPACE": "other"}
        (message,) = checks.check_neighbours(["default"])
        assert message.id == "fashion_search.W017"
        assert f"calls this shop {namespace()!r}" not in message.msg
        assert "this process calls it 'other'" in message.msg


class TestFormerNames:
    def test_what_all_shops_shared_is_taken_over_by_one_that_is_alone(self, redis, put):
        redis.rpush(log_store.FORMER_LIST, *map(str, range(2500)))
        neighbours.leave_sign()
        assert neighbours.former_lists() == []  # others may not have told yet that they are there
        assert not neighbours.is_alone()
        put(first=60, last=0)
        assert neighbours.former_lists() == [log_store.FORMER_LIST]
        assert neighbours.is_alone()
        redis.rpush(log_store.list_name(), "newer")
        assert log_store.take_over(neighbours.former_lists()) == 2500
        assert redis.llen(log_store.FORMER_LIST) == 0
        assert sorted(redis.lrange(log_store.list_name(), 0, -1)) == sorted(
            [b"newer", *(b"%d" % n for n in range(2500))]
        )

    def test_it_is_nobodys_where_there_are_two(self, redis, put, caplog, monkeypatch):
        monkeypatch.setattr(neighbours, "_told", False)
        put(first=60, last=0)
        put(**SHOES, first=60, last=0, where=("log",))
        assert neighbours.former_lists() == []
        assert caplog.text == ""
        redis.rpush(log_store.FORMER_LIST, "a", "b")
        assert neighbours.former_lists() == neighbours.former_lists() == []
        assert caplog.text.count("2 records of the search log wait in fashion_search:log") == 1
        assert not neighbours.is_alone()

    def test_a_shop_takes_along_what_waits_under_the_name_that_it_had(self, redis, put):
        put(namespace="before", first=1000, last=500)
        put(namespace="of others", database="1/2", first=1000, last=500)
        redis.rpush("fashion_search:before:log", "a")
        redis.rpush("fashion_search:of others:log", "b")
        neighbours.leave_sign()
        assert log_store.take_over(neighbours.former_lists()) == 1
        assert redis.lrange(log_store.list_name(), 0, -1) == [b"a"]

    def test_hits_under_their_former_names(self, put):
        from search.merchandising.hits import flush_hits
        from search.models import Redirect

        row = Redirect.objects.create(phrase="sale", url="/sale/")
        cache.set(Hit("redirect", row.pk).former_key, 3, None)
        cache.set(Hit("redirect", row.pk).key, 2, None)
        assert flush_hits() == 2
        assert flush_hits(former=True) == 3
        row.refresh_from_db()
        assert row.hits == 5


def _probes(client) -> tuple[bool, dict[str, float]]:
    """Return whether /health/ready finds nothing beside this shop, and the figures for Prometheus."""
    token = {"Authorization": "Bearer a-token-for-the-tests"}
    ready = client.get("/health/ready", headers=token).json()
    finding = {check["name"]: check["passed"] for check in ready["checks"]}["neighbours"]
    assert finding or ready["degraded"]
    families = text_string_to_metric_families(client.get("/metrics", headers=token).content.decode())
    (family,) = (family for family in families if family.name == "fashion_search_neighbour_troubles")
    return finding, {sample.labels["kind"]: sample.value for sample in family.samples}
