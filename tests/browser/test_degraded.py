"""Pages that lack something: they say so at every width, and the next step keeps what was set."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import violations
from tests.running_demo import RunningDemo


@contextmanager
def unreadable(demo: RunningDemo) -> Iterator[None]:
    """Nobody can read the index's entries."""
    environment = json.loads((demo.local / "run" / "environment.json").read_text())
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        connection.execute("LOCK TABLE fashion_search_indexentry IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


@pytest.fixture
def black(page: Page) -> str:
    """Address of a category's black products."""
    page.goto("/")
    return f"{page.locator('.site-nav a').first.get_attribute('href')}?colour=Black"


def looks_right(page: Page, name: str) -> None:
    """Nothing that axe finds, nothing that scrolls sideways; a picture of it where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_category_whose_index_does_not_answer_keeps_its_filters(page: Page, demo: RunningDemo, black: str):
    page.goto(black)
    whole = page.locator("[data-count]").inner_text()
    with unreadable(demo):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(black)
            expect(page.get_by_text("Your filters apply.")).to_be_visible()
            assert page.locator("[data-count]").inner_text() == whole
            looks_right(page, f"category-{width}")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(black)  # axe leaves styles, which an exchange of the results would keep
        page.get_by_label("Sort by").select_option("price")
        page.wait_for_url("**sort=price**")
        expect(page.get_by_role("checkbox", name="Black")).to_be_checked()
        assert page.locator("[data-count]").inner_text() == whole
    page.goto(black)
    expect(page.get_by_text("Your filters apply.")).to_have_count(0)


def test_a_search_for_which_nobody_could_look_keeps_what_was_set(page: Page, demo: RunningDemo):
    with unreadable(demo):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto("/search/?colour=Black&price_max=5000")
            assert answer is not None
            assert answer.status == 503
            expect(page.get_by_text("The search did not finish.")).to_be_visible()
            looks_right(page, f"search-{width}")
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("[data-count]")).to_be_visible()
    assert page.url.endswith("?colour=Black&price_max=5000")
