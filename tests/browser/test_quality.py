"""Every page of the shop for everybody: WCAG 2.2 AA by axe, nothing that jumps, little to load."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SCHEMES, violations

PAGES = {
    "home": "/",
    "search": "/search/?q=red+shirt",
    "nothing": "/search/?q=shirt&price_min=9000000",
    "error": "/search/?price_min=cheap",
    "photo": "/search/photo/",
    "category": "/categories/{category}/",
    "product": "{product}",
    "bag": "/bag/",
    "missing": "/nowhere/",
}
QUICK = ("home", "search", "product")
HEAVIEST = 150_000  # bytes of scripts and styles, unpacked
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture(scope="session")
def addresses(browser, demo) -> dict[str, str]:
    """Where the pages are."""
    page = browser.new_page(base_url=demo.address)
    page.goto("/search/?q=shirt")
    product = page.locator("[data-sku] a").first.get_attribute("href") or ""
    page.goto("/")
    link = page.locator(".site-nav a").first.get_attribute("href") or ""
    page.close()
    category = link.removeprefix("/categories/").strip("/")
    return {name: address.format(product=product, category=category) for name, address in PAGES.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in PAGES]
)
def test_axe_finds_nothing(page: Page, addresses, name, scheme):
    page.emulate_media(color_scheme=scheme)
    for width in (1440, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(addresses[name])
        assert violations(page) == [], f"{name}, {scheme}, {width} pixels"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{name} scrolls sideways by {wide} pixels at {width}"


@pytest.mark.long
def test_axe_finds_nothing_in_an_open_drawer(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/search/?q=shirt&in_stock=on")
    page.locator("#drawer > summary").click()
    assert violations(page) == []


@pytest.mark.long
def test_axe_finds_nothing_in_open_suggestions(page: Page):
    page.goto("/")
    page.get_by_role("combobox", name="Search the shop").press_sequentially("shi")
    page.get_by_role("option").first.wait_for()
    assert violations(page) == []
    page.goto("/search/?q=blue+dress")
    page.goto("/")
    page.get_by_role("combobox", name="Search the shop").click()
    page.get_by_role("group", name="Recent searches").wait_for()
    assert violations(page) == []


def weigh(page: Page, sizes: dict[str, int]) -> None:
    """Collect the sizes of scripts and styles that a page loads."""
    page.on(
        "response",
        lambda response: (
            sizes.setdefault(response.url, len(response.body()))
            if re.search(r"\.(css|js)$", response.url.partition("?")[0])
            else None
        ),
    )


@pytest.mark.parametrize(
    "name",
    [
        "search",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("home", "photo", "category", "product", "bag")
        ),
    ],
)
def test_nothing_jumps_and_little_is_loaded(page: Page, addresses, name):
    sizes: dict[str, int] = {}
    weigh(page, sizes)
    page.goto(addresses[name])
    page.wait_for_load_state("networkidle")
    assert page.evaluate(SHIFT) < 0.01
    assert sizes, "The page loads no styles."
    assert sum(sizes.values()) < HEAVIEST, sizes


def test_thumbnails_stay_in_the_browser_and_styles_are_packed(page: Page):
    answers = {}
    page.on("response", lambda response: answers.setdefault(response.url, response.all_headers()))
    page.goto("/search/?q=shirt")
    page.wait_for_load_state("networkidle")
    thumbnails = [headers for url, headers in answers.items() if "/thumbs/" in url]
    assert thumbnails
    assert all(headers["cache-control"] == "public, max-age=31536000, immutable" for headers in thumbnails)
    packed = [
        headers.get("content-encoding") for url, headers in answers.items() if re.search(r"\.(css|js)$", url)
    ]
    assert packed
    assert set(packed) <= {"gzip", "br"}
