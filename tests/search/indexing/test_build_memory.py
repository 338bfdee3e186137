"""HNSW indexes are built in the memory that the settings name; where it is far too little, a rebuild is refused before it writes."""

import logging

import pytest

from search.exceptions import TooLittleMemory
from search.indexing import building, hnsw, versions
from search.indexing.connections import maintenance_cursor
from search.models import Build, IndexVersion
from tests.outbox import stale_products
from tests.search.products import build_version, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def one_megabyte(index_settings, settings):
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"BUILD_MEMORY_MB": 1}


def test_a_graph_takes_what_was_measured():
    assert hnsw.graph_bytes(256) == 1227


@pytest.mark.usefixtures("one_megabyte")
def test_too_little_memory_is_said_and_far_too_little_refused(caplog):
    with caplog.at_level(logging.WARNING, logger="search.indexing.hnsw"):
        hnsw.check_memory(800, 256)
        assert caplog.messages == []
        hnsw.check_memory(2000, 256)
    assert "takes 2 MB" in caplog.text
    assert "may use 1 MB" in caplog.text
    with pytest.raises(TooLittleMemory, match=r"1,000,000 embeddings takes 1,227 MB .* = 1300"):
        hnsw.check_memory(1_000_000, 256)


def test_without_the_setting_the_servers_memory_counts():
    with maintenance_cursor() as cursor:
        cursor.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem'))")
        (given,) = cursor.fetchone()
    fits = given // hnsw.graph_bytes(256)
    hnsw.check_memory(fits, 256)
    with pytest.raises(TooLittleMemory):
        hnsw.check_memory(5 * fits, 256)


@pytest.mark.usefixtures("one_megabyte")
def test_the_session_that_builds_has_it(monkeypatch):
    make_product("A1")
    seen = []
    execute = hnsw.maintenance_cursor

    def watched(**settings):
        seen.append(settings)
        return execute(**settings)

    monkeypatch.setattr(hnsw, "maintenance_cursor", watched)
    version = build_version()
    assert {"maintenance_work_mem": "1MB"} in seen
    assert hnsw.broken_indexes(version) == []


@pytest.mark.usefixtures("one_megabyte")
def test_a_rebuild_is_refused_before_anything_is_written(monkeypatch):
    make_product("A1")
    active = build_version()
    monkeypatch.setattr(versions, "_embeddings_expected", lambda: 1_000_000)
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    build.refresh_from_db()
    assert build.state == Build.State.FAILED
    assert "BUILD_MEMORY_MB'] = 800" in build.reason
    assert list(IndexVersion.objects.all()) == [active]
    assert not stale_products().exists()


@pytest.mark.usefixtures("one_megabyte")
def test_a_rebuild_that_is_not_needed_needs_no_memory_either(monkeypatch):
    make_product("A1")
    active = build_version()
    monkeypatch.setattr(versions, "_embeddings_expected", lambda: 1_000_000)
    rebuild = versions.request_rebuild()
    assert (rebuild.version, rebuild.begun) == (active, False)


def test_the_pictures_of_the_active_version_are_expected_again():
    make_product("A1")
    build_version()
    make_product("A2")
    assert versions._embeddings_expected() == 2
