"""A shopper looks at a product and goes on from it."""

import json
import time

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import SCHEMES, violations
from tests.running_demo import RunningDemo

WIDTHS = (390, 768, 1440)


def open_first(page: Page, query: str) -> str:
    """Go to the first result of a query that can be bought; its name."""
    for _ in range(10):  # a search that did not finish on a busy machine says so, and is asked again
        page.goto(f"/search/?q={query}&in_stock=on")
        if page.locator("[data-sku] a").count():
            break
    page.locator("[data-sku] a").first.click()
    page.wait_for_url("**/products/**")
    return page.get_by_role("heading", level=1).inner_text()


def choose_and_add(page: Page) -> None:
    page.locator(".size:not(.size-out)").first.click()
    page.get_by_role("button", name="Add to bag").click()
    page.wait_for_url("**/bag/")


def carts(demo: RunningDemo) -> int:
    """How many additions to a bag the search log has counted."""
    environment = json.loads((demo.local / "run" / "environment.json").read_text())
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT sum(carts) FROM fashion_search_searchday WHERE mode = ''"
        ).fetchone()
    return int(rows[0] or 0) if rows else 0


def test_a_size_is_chosen_and_put_into_the_bag_and_counted_for_its_search(page: Page, demo: RunningDemo):
    before = carts(demo)
    name = open_first(page, "shirt")
    page.get_by_role("button", name="Add to bag").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a size.")
    choose_and_add(page)
    expect(page.locator("[data-happened]")).to_contain_text(f"“{name}”")
    link = page.get_by_role("banner").get_by_role("link", name="Bag 1")
    expect(link).to_be_visible()
    page.goto("/")
    expect(link).to_be_visible()
    link.click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Your bag is empty.")).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("link", name="Bag", exact=True)).to_be_visible()
    deadline = time.monotonic() + 60
    while carts(demo) == before and time.monotonic() < deadline:
        time.sleep(1)  # the log goes through Redis and is counted by beat
    assert carts(demo) == before + 1


def test_the_bag_needs_no_scripts(browser, demo: RunningDemo):
    context = browser.new_context(base_url=demo.address, java_script_enabled=False)
    page = context.new_page()
    open_first(page, "shirt")
    choose_and_add(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your bag")
    expect(page.locator(".bag-line")).to_have_count(1)
    expect(page.locator("#recent")).to_be_hidden()
    context.close()


def test_what_was_viewed_is_shown_until_it_is_cleared(page: Page):
    names = [open_first(page, query) for query in ("shirt", "dress")]
    row = page.get_by_role("region", name="Recently viewed")
    expect(row.get_by_role("link")).to_have_text([names[0]])
    page.goto("/")
    expect(row.get_by_role("link")).to_have_text(names[::-1])
    row.get_by_role("button", name="Clear").click()
    expect(row).to_be_hidden()
    page.reload()
    expect(page.locator("#recent")).to_be_hidden()


def test_a_broken_storage_shows_nothing(page: Page):
    page.goto("/")
    for kept in ("{", '{"a": 1}', '[null, {"address": "javascript:alert(1)", "picture": "/x", "name": "X"}]'):
        page.evaluate("kept => localStorage.setItem('shop:recent', kept)", kept)
        page.reload()
        expect(page.locator("#recent")).to_be_hidden()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_on_the_product_and_the_bag(context: BrowserContext, scheme):
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    open_first(page, "shirt")
    product = page.url
    choose_and_add(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for address in (product, "/bag/", "/"):
            page.goto(address)
            assert violations(page) == [], f"{address}, {scheme}, {width} pixels"
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_similar_products_and_tags_lead_on(page: Page):
    page.goto("/search/?q=shirt")
    page.locator("[data-sku] a").first.click()
    page.wait_for_url("**/products/**")
    row = page.get_by_role("region", name="Similar products")
    expect(row.get_by_role("listitem")).to_have_count(6)
    first = row.get_by_role("listitem").first.locator(".card-name").inner_text()
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    tags = page.get_by_role("region", name="More of").get_by_role("link")
    assert tags.count() >= 3
    tags.first.click()
    page.wait_for_url("**/search/?category=**")
    assert page.locator("[data-sku]").count() > 0
