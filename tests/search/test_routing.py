"""With reads sent to a replica that refuses every connection, searches, workers, commands and pages read where they write."""

import pytest
from django.core.management import call_command
from django.db import router
from django.db.models.signals import post_save
from django.test.testcases import DatabaseOperationForbidden

from search.engine import find_product, find_similar, search
from search.indexing import building, failures
from search.indexing.databases import find_misrouted
from search.models import IndexEntry, IndexVersion, StaleMark, StaleProduct
from search.monitoring.dashboard import read_board
from search.monitoring.readiness import readiness
from search.monitoring.verify import verify
from search.registry import get_index
from search.session import WriterRouter, host_routers, pinned
from search.tasks import index_stale, reconcile
from shop.models import Category, Product
from tests.search.products import build_version, drain, make_product
from tests.search.replica import ALIAS, ReplicaRouter, alias_added

ROUTER = f"{ReplicaRouter.__module__}.{ReplicaRouter.__name__}"


@pytest.fixture
def built(search_settings, transactional_db):
    """Two indexed products with a picture."""
    for number in (1, 2):
        make_product(f"S-{number}", name="shirt")
    return build_version()


@pytest.fixture
def replica(built, settings):
    """From here on, all reads go to a database that no test may connect to, unless somebody holds them back."""
    with alias_added(ALIAS):
        settings.DATABASE_ROUTERS = [ROUTER]
        yield
        settings.DATABASE_ROUTERS = []


def test_reads_wander_where_nobody_holds_them_back(replica):
    with pytest.raises(DatabaseOperationForbidden, match=f"connections to '{ALIAS}' are not allowed"):
        Product.objects.count()
    with pinned():
        assert Product.objects.count() == 2


def test_the_plugins_own_tables_are_always_read_where_they_are_written(replica):
    assert IndexVersion.objects.count() == 1
    assert IndexEntry.objects.first().version.state == "active"


def test_it_stands_first_and_once(replica):
    with pinned(), pinned():
        pass
    assert [type(one) for one in router.routers] == [WriterRouter, ReplicaRouter]
    assert [type(one) for one in host_routers()] == [ReplicaRouter]


def test_what_the_host_keeps_elsewhere_stays_there(replica, monkeypatch):
    elsewhere = ReplicaRouter()
    elsewhere.db_for_write = lambda model, **hints: "reviews" if model is Category else "default"
    with monkeypatch.context() as patched, pinned():
        patched.setattr(router, "routers", [WriterRouter(), elsewhere])
        assert (router.db_for_read(Category), router.db_for_read(Product)) == ("reviews", "default")


def test_without_routers_of_the_host_nothing_changes(built):
    with pinned():
        assert router.db_for_read(Product, instance=Product(pk=1)) == "default"
        with alias_added(ALIAS):
            product = Product(pk=1)
            product._state.db = ALIAS
            assert router.db_for_read(Category, instance=product) == ALIAS


def test_searches(replica):
    answer = search("red shirt")
    assert ([result.card.sku for result in answer.results], answer.degraded) == (["S-1", "S-2"], "")
    key = answer.results[0].product.pk
    assert [result.card.sku for result in find_similar(str(key)).results] == ["S-2"]
    assert find_product("S-2").product.sku == "S-2"


def test_a_worker(replica):
    with pinned():
        product = Product.objects.get(sku="S-1")
    product.name = "Blue shirt"
    product.save()
    assert StaleMark.objects.exists()
    index_stale()
    assert not StaleProduct.objects.exists()
    with pinned():
        Product.objects.filter(sku="S-2").update(name="Green shirt")
    reconcile()
    index_stale()
    assert sorted(IndexEntry.objects.values_list("name", flat=True)) == ["Blue shirt", "Green shirt"]
    assert all(entry.images.get().embedding is not None for entry in IndexEntry.objects.all())


def test_a_deleted_product(replica):
    with pinned():
        Product.objects.get(sku="S-1").delete()
    index_stale()
    assert [entry.sku for entry in IndexEntry.objects.all()] == ["s-2"]


def test_commands_and_the_dashboard(replica):
    call_command("search_index", "rebuild", "--force", "--noinput")
    drain()
    building.advance_builds()
    call_command("search_index", "verify")
    assert failures.list_failures() == []
    assert verify().passed
    states = {check.name: check.state for check in read_board().checks}
    assert (states["Entries"], states["Connections"]) == ("ok", "ok")
    assert {finding.name: finding.passed for finding in readiness().findings}["version"]


def test_a_host_that_asks_for_the_replica_by_using(replica, built, monkeypatch):
    usual = get_index().get_queryset
    monkeypatch.setattr(get_index(), "get_queryset", lambda: usual().using(ALIAS))
    assert [result.card.sku for result in search("red shirt").results] == ["S-1", "S-2"]
    assert find_misrouted() == [
        f"get_queryset() of shop.Product asks for the database {ALIAS!r} by using(); the index reads 'default', where the"
        " products are written."
    ]


def test_receivers_of_related_rows_read_where_they_are_written(replica):
    with pinned():
        category = Product.objects.get(sku="S-1").category
    StaleMark.objects.all().delete()
    post_save.send(Category, instance=category, created=False)
    assert StaleMark.objects.count() == 2
