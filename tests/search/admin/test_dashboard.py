"""The dashboard: who sees which part of it, what it says of health, and that it answers whatever is down."""

import socket
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from search.insight.rollup import roll_up
from search.monitoring.probes import Finding, State
from shop.models import Product
from tests.outbox import stale_products
from tests.pace import slowness
from tests.search.admin.test_insight import client_with, text_of
from tests.search.insight.conftest import log  # noqa: F401 - a fixture
from tests.search.products import begin_version, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

DASHBOARD = "/admin/fashion_search/dashboard/"


@pytest.fixture
def quick_ping(monkeypatch):
    """Workers of which two answer at once."""

    class Answering:
        error = ""
        others = 0

        def count(self) -> int:
            return 2

        def idle_queues(self) -> list[str]:
            return []

    monkeypatch.setattr("search.monitoring.dashboard.Ping", Answering)


class TestPermission:
    def test_nobody_in_particular_is_asked_to_log_in(self, client):
        assert client.get(DASHBOARD)["Location"].startswith("/admin/login/")

    def test_staff_without_the_permission(self):
        assert (
            client_with("view_staleproduct", "view_searchday", "view_queryday").get(DASHBOARD).status_code
            == 403
        )

    def test_who_may_view_index_versions_sees_their_part(self, quick_ping):
        make_product("A1")
        begin_version()
        page = text_of(client_with("view_indexversion").get(DASHBOARD))
        assert "What is being indexed" in page
        for part in (
            "What failed",
            "How fast searches are answered",
            "Rebuild Reindex",
            "Cancel the rebuild",
        ):
            assert part not in page

    @pytest.mark.parametrize(
        ("permission", "part"),
        [
            ("change_indexversion", "Rebuild Reindex"),
            ("change_indexversion", "Cancel the rebuild"),
            ("view_staleproduct", "What failed"),
            ("view_searchday", "Half within"),
        ],
    )
    def test_each_permission_adds_its_part(self, quick_ping, permission, part):
        make_product("A1")
        begin_version()
        assert part in text_of(client_with("view_indexversion", permission).get(DASHBOARD))

    def test_the_index_of_the_admin_and_the_other_pages_lead_there(self, staff, quick_ping):
        for page in ("/admin/", "/admin/fashion_search/searchday/", "/admin/fashion_search/indexversion/",
                     "/admin/fashion_search/build/"):  # fmt: skip
            assert f'href="{DASHBOARD}"' in staff.get(page).content.decode(), page

    def test_links_lead_only_where_one_may_go(self, quick_ping):
        page = client_with("view_searchday").get("/admin/fashion_search/searchday/").content.decode()
        assert DASHBOARD not in page

    def test_it_only_reads(self, staff):
        for path in ("add/", "1/change/", "1/delete/"):
            assert staff.get(DASHBOARD + path).status_code == 404


class TestParts:
    def test_health_in_a_word_a_sentence_and_a_remedy(self, staff, quick_ping):
        response = staff.get(DASHBOARD)
        assert response.context["board"].summary == Finding("Search", State.BROKEN, "Broken: Active version.")
        page = text_of(response)
        assert (
            "Active version broken No version is active; shoppers search by keyword at best. What to do: Start a rebuild."
            in page
        )
        assert "Workers ok 2 workers answered." in page

    def test_failed_products_lead_to_the_hosts_form(self, staff, quick_ping):
        product = make_product("A1")
        stale_products().update(parked=True, last_error="<b>broken</b> picture", attempts=3)
        response = staff.get(DASHBOARD)
        page = response.content.decode()
        assert f'<a href="/admin/shop/product/{product.pk}/change/">A1: red Shirt</a>' in page
        assert "&lt;b&gt;broken&lt;/b&gt; picture" in page
        assert "1 parked, 0 to be tried again, 0 in the index without a picture or another part." in text_of(
            response
        )

    def test_who_may_not_see_products_is_led_to_the_list(self, quick_ping):
        product = make_product("A1")
        stale_products().update(parked=True, last_error="bad")
        page = client_with("view_indexversion", "view_staleproduct").get(DASHBOARD).content.decode()
        assert f'/admin/fashion_search/staleproduct/?q={product.pk}"' in page
        assert "/admin/shop/product/" not in page

    def test_how_fast_searches_are_answered(self, staff, quick_ping, log):  # noqa: F811
        now = timezone.now()
        for _ in range(3):
            log("red shirt", at=now, clicks={"A-1": 1})
        log("jumper", at=now - timedelta(days=1), total=0)
        roll_up(now)
        page = text_of(staff.get(DASHBOARD))
        assert (
            "Today 3 0\u202f% 20\u202fms 20\u202fms Yesterday 1 100\u202f% 20\u202fms 20\u202fms Last 7 days 4 25\u202f%"
            in page
        )

    def test_no_inline_script_or_style(self, staff, quick_ping):
        make_product("A1")
        begin_version()
        content = staff.get(DASHBOARD).content.decode()
        content = content[content.index('class="insight-page dashboard"') : content.index('id="footer"')]
        for sign in ("<script", "style=", "onclick"):
            assert sign not in content

    def test_the_number_of_queries_does_not_grow(self, staff, quick_ping, django_assert_max_num_queries):
        def queries() -> None:
            with django_assert_max_num_queries(52):
                assert staff.get(DASHBOARD).status_code == 200

        make_product("A0")
        begin_version()
        queries()
        for number in range(1, 12):
            make_product(f"A{number}")
        stale_products().update(parked=True, last_error="bad")
        assert Product.objects.count() == 12
        queries()


@pytest.mark.parametrize("frozen", [False, True])
def test_it_answers_while_redis_is_down(staff, monkeypatch, frozen):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        for name in ("broker_write_url", "broker_url"):
            monkeypatch.setattr(current_app.conf, name, f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        if frozen:
            server.listen()
        staff.get("/admin/")  # templates are loaded once
        start = time.monotonic()
        response = staff.get(DASHBOARD)
        assert time.monotonic() - start < 1.0 * slowness()
    states = {check.name: check.state for check in response.context["board"].checks}
    assert states["Task queue"] is State.BROKEN
    assert states["Workers"] is State.ATTENTION
    assert "The task queue cannot be reached." in text_of(response)
