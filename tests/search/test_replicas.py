"""How far a standby is behind, as the places of the primary's log tell; and where searches go without one."""

import pytest
from django.db import connection, connections

from search import replicas
from search.conf import get_settings
from search.engine import search
from search.indexing.databases import find_pointless_replicas
from search.prometheus import REPLICA_FALLBACKS
from search.replicas import PrimaryLog, Use
from search.session import led_to, on_primary, pinned
from tests.search.products import build_version, make_product
from tests.search.replica import alias_added


@pytest.fixture(autouse=True)
def _forgotten():
    replicas.forget()
    yield
    replicas.forget()


def _log(*places: tuple[float, int]) -> PrimaryLog:
    log = PrimaryLog()
    log._places.extend(places)
    return log


def test_a_standby_is_as_old_as_the_newest_place_that_it_has_passed():
    log = _log((10.0, 100), (11.0, 200), (12.0, 300))
    assert log.behind(300, 12.0) == 0
    assert log.behind(299, 12.0) == 1
    assert log.behind(100, 12.5) == 2.5
    assert log.behind(99, 12.0) is None


def test_an_idle_primary_is_no_lag():
    assert _log(*((float(second), 100) for second in range(50))).behind(100, 49.0) == 0


def test_another_primary_has_another_log(db):
    log = _log((1.0, 10**15))
    identity, until = log.look()
    assert identity
    assert until is not None
    assert log.behind(10**14, until) == 0, "the places of the former primary were not forgotten"


@pytest.fixture
def built(search_settings, transactional_db, settings):
    make_product("S-1", name="shirt")
    version = build_version()
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "READ_REPLICAS": ["default"]}
    return version


def _fallbacks() -> float:
    return REPLICA_FALLBACKS.labels("default", "none")._value.get()


def test_what_is_no_standby_is_not_read_from(built):
    before = _fallbacks()
    assert len(search("shirt").results) == 1
    assert _fallbacks() == before + 1
    assert replicas.states()[0].use is Use.NO_STANDBY
    with pinned():
        search("shirt")
    assert _fallbacks() == before + 1, "a search that asked for the primary looked for a replica"


def test_an_alias_that_is_not_there(built, settings):
    settings.FASHION_SEARCH = {**settings.FASHION_SEARCH, "READ_REPLICAS": ["nowhere"]}
    assert len(search("shirt").results) == 1
    assert replicas.states()[0].use is Use.AWAY


def test_the_alias_leads_elsewhere_and_back(db):
    with alias_added("other"):
        primary = connections["default"]
        with led_to("other"):
            assert connection.alias == "other"
            with on_primary(), on_primary():
                assert connections["default"] is primary
            assert connection.alias == "other"
        assert connections["default"] is primary
    with on_primary():
        assert connections["default"] is primary


@pytest.mark.parametrize("given", ["replica", [1], [""]])
def test_aliases_are_a_list_of_texts(settings, given):
    from django.core.exceptions import ImproperlyConfigured

    settings.FASHION_SEARCH = {"READ_REPLICAS": given}
    with pytest.raises(ImproperlyConfigured, match=r"READ_REPLICAS.*list of aliases"):
        get_settings()


@pytest.mark.django_db
def test_a_transaction_around_each_request_is_said_to_keep_searches_on_the_primary(
    search_settings, monkeypatch
):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"READ_REPLICAS": ["default"]}
    assert not any("ATOMIC_REQUESTS" in sentence for sentence in find_pointless_replicas())
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    (atomic, _) = find_pointless_replicas()
    assert "searches in them go to the primary" in atomic
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"READ_REPLICAS": []}
    assert find_pointless_replicas() == []
