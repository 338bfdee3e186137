"""A new version beside the active one, on every screen: what is worse is said in words, and decided on purpose."""

import os

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, expect

from search.models import EntryImage, IndexVersion
from tests.browser.conftest import SCHEMES, violations
from tests.search.indexed import add, make_version, unit

# Playwright keeps a loop in this thread, in which the rows of this test are made as well; nothing else runs in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
OURS = ".insight-page"
FIGURES = {
    "counts": {"entries": 2, "texts": 2, "pictures": 2, "embedded": 2, "pictured": 2, "seen": 2},
    "recalls": {"pictures": 1.0, "texts": 1.0},
    "filled": {"name": 2, "brand": 2, "price": 2, "facet colour": 1},
    "words": 12,
    "judged": {"queries": 40, "precision": 0.912, "ndcg": 0.934},
}


@pytest.fixture
def statics() -> None:
    """The files of pages, where the server of this test looks for them."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture
def held(transactional_db, tiny_artifact) -> IndexVersion:
    """A version without pictures beside one that has them."""
    active = make_version(tiny_artifact)
    new = make_version(tiny_artifact, "ready")
    for version in (active, new):
        for sku in ("A1", "A2"):
            add(version, sku, "Red shirt", text=unit(1), pictures=[unit(1)])
    EntryImage.objects.filter(version=new).update(embedding=None, error="The file cannot be read.")
    new.held = "2 of 2 pictures have no embedding; in the active version 0 of 2."
    new.figures = {
        "new": {"version": new.pk, **FIGURES, "recalls": {"pictures": None, "texts": 1.0}},
        "active": {"version": active.pk, **FIGURES},
        "lost": 2,
        "measured_at": "2026-01-01T00:00:00+00:00",
    }
    new.save()
    return new


@pytest.mark.long
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1440, 390])
def test_a_version_that_is_held_back_beside_the_active_one(
    browser: Browser, statics, live_server, held, scheme, width, request
):
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(f"{live_server.url}/admin/fashion_search/indexversion/{held.pk}/activate/")
        row = page.get_by_role("row", name="Pictures without an embedding")
        expect(row).to_contain_text("2 of 2 (100.0 %)")
        expect(row).to_contain_text("clearly worse")
        expect(page.get_by_role("row", name="Products without name")).to_contain_text("no worse")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page, OURS) == []
        page.get_by_role("button", name=f"Activate version {held.pk}").click()
        expect(page.get_by_role("checkbox")).to_be_focused()  # the browser asks for the box first
        assert IndexVersion.objects.held().get() == held
        if folder := request.config.getoption("--basetemp"):
            page.screenshot(path=f"{folder}-{scheme}-{width}.png", full_page=True)
