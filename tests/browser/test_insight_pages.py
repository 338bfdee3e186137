"""Pages of analytics in a browser: what a shopper does shows there; WCAG 2.2 AA by axe; sorting and files without a script."""

import csv
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCHEMES, USER_AGENT, violations

QUERIES = "/admin/fashion_search/queryday/"
PAGES = (QUERIES, *(f"{QUERIES}{name}/" for name in ("changes", "places", "devices", "weekly")))
OURS = ".insight-page"  # what is the plugin's on an admin page; the rest is Django's
SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def searched(browser: Browser, demo) -> None:
    """A shopper searches and opens a result."""
    context = browser.new_context(base_url=demo.address, user_agent=USER_AGENT)
    page = context.new_page()
    page.goto("/search/?q=shirt")
    page.locator("[data-position='2'] a").first.click()
    page.wait_for_load_state()
    page.goto("/search/?q=shirts+for+men")
    context.close()


def counted(admin: Page) -> None:
    """Wait until the roll-up has counted the click."""
    until = time.monotonic() + SECONDS
    while True:
        admin.goto(f"{QUERIES}?q=shirt&sort=query&days=7")
        row = admin.locator("tr", has=admin.get_by_role("link", name="shirt", exact=True))
        if row.count() and re.search(r"[1-9]", row.locator("[data-label='Clicks']").inner_text()):
            return
        assert time.monotonic() < until, "the click was not counted"
        time.sleep(1)


def test_what_a_shopper_does_shows_by_query_place_and_device(admin: Page, tmp_path: Path):
    counted(admin)
    admin.get_by_role("link", name="Searches", exact=True).click()
    expect(admin.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    expect(admin.get_by_role("searchbox", name="Containing")).to_have_value("shirt")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Download as CSV").click()
    download.value.save_as(tmp_path / "queries.csv")
    with (tmp_path / "queries.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"shirt", "shirts for men"} <= {row["Query"] for row in rows}
    assert int(next(row for row in rows if row["Query"] == "shirt")["Clicks"]) >= 1

    admin.goto(f"{QUERIES}places/?days=7")
    second = admin.get_by_role("region", name="By place").locator("tbody tr").nth(1)
    expect(second.locator("td").nth(1)).to_have_text(re.compile("[1-9]"))
    admin.goto(f"{QUERIES}devices/?days=7")
    expect(admin.get_by_role("region", name="By device").get_by_role("rowheader")).to_contain_text(
        ["desktop"]
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(admin: Page, address, scheme):
    counted(admin)
    admin.emulate_media(color_scheme=scheme)
    for width in (1440, 768, 390):
        admin.set_viewport_size({"width": width, "height": 900})
        admin.goto(address)
        assert violations(admin, OURS) == [], f"{address}, {scheme}, {width} pixels"
        wide = admin.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{address} scrolls sideways by {wide} pixels at {width}"
