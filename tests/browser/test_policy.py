"""Nothing on the main pages of shop, admin and API is kept from running by the Content-Security-Policy.

Every other browser test holds its pages to the same: the fixture `context` collects what Chromium refuses.
"""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCHEMES, refused
from tests.running_demo import RunningDemo

SHOP = ["/", "/search/?q=red+shirt", "/search/photo/", "/search/?q=zorblax", "/nothing/here/"]


def test_a_violation_is_noticed(browser: Browser, demo: RunningDemo):
    context = browser.new_context(base_url=demo.address)
    page = context.new_page()
    found: list[str] = []
    page.on("console", lambda said: found.extend(refused(said)))
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('script'))")
    page.evaluate("document.body.lastChild.textContent = 'window.ran = true'")
    page.evaluate("document.body.setAttribute('onclick', 'window.ran = true')")
    page.evaluate("document.body.click()")
    assert page.evaluate("window.ran") is None
    context.close()
    assert found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pages_of_the_shop(page: Page, scheme):
    page.emulate_media(color_scheme=scheme)
    for address in SHOP:
        page.goto(address, wait_until="networkidle")
    page.goto("/search/?q=shirt")
    page.locator("[data-sku] a").first.click()
    page.wait_for_url("**/products/**")
    page.wait_for_load_state("networkidle")


@pytest.mark.long
def test_suggestions_and_results_that_are_swapped(page: Page):
    page.goto("/search/?q=shirt", wait_until="networkidle")
    page.locator("#q").press_sequentially(" re", delay=50)
    page.wait_for_load_state("networkidle")
    page.goto("/search/?q=shirt&page=2", wait_until="networkidle")
    page.go_back(wait_until="networkidle")
    assert page.locator("[data-sku]").count() > 0


@pytest.mark.long
def test_every_page_that_the_admin_links(admin: Page):
    """The front page's links, and what each change list links to: one row, "Add" and the pages of the plugin."""
    admin.goto("/admin/")
    lists = admin.locator("#content-main a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert "/admin/shop/product/" in lists
    for address in sorted(set(lists)):
        admin.goto(address)
        row = admin.locator("#result_list th a, #result_list td.field-__str__ a").first
        if row.count():
            admin.goto(row.get_attribute("href") or "")


def test_the_pages_of_the_plugin_in_the_admin(admin: Page):
    for address in (
        "dashboard/", "build/", "searchday/", "queryday/", "queryday/inspector/?q=shirt", "queryday/compare/?q=shirt",
        "queryday/workbench/?q=shirt", "cataloguemap/", "cataloguehealth/", "producttag/review/", "synonym/add/",
    ):  # fmt: skip
        response = admin.goto(f"/admin/fashion_search/{address}", wait_until="networkidle")
        assert response is not None
        assert response.ok, address


@pytest.mark.long
def test_the_description_of_the_api_opens_and_tries(page: Page):
    """Swagger UI needs no policy of its own: it sets styles one by one, which style-src does not concern."""
    page.goto("/api/v1/docs/")
    page.locator(".opblock-summary-control").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".responses-wrapper .live-responses-table").first).to_be_visible()
    page.wait_for_load_state("networkidle")
