"""A merchandiser rebuilds the index and watches it, and turns a query that finds nothing into a synonym in few steps; menu and targets."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCHEMES, violations
from tests.browser.test_quality import HEAVIEST, SHIFT, weigh

BUILDS = "/admin/fashion_search/build/"
OURS = ".insight-page"  # what is the plugin's on an admin page; the rest is Django's


def test_a_rebuild_is_watched_until_it_is_active(admin: Page):
    admin.goto(BUILDS)
    before = admin.locator("[data-build]").get_attribute("data-build")
    admin.get_by_role("button", name="Rebuild").click()
    build = admin.locator("[data-build]")
    expect(build).not_to_have_attribute("data-build", before or "")
    expect(admin.get_by_role("progressbar")).to_be_visible()
    admin.evaluate("window.sameDocument = true")
    expect(build.locator("[data-show=figures]")).to_have_text(re.compile(r"\d"), timeout=60_000)
    expect(build).to_have_attribute("data-running", "false", timeout=90_000)
    expect(build).to_contain_text("done")
    admin.goto("/search/?q=shirt")
    assert admin.locator("[data-sku]").count() > 0


@pytest.mark.long
def test_a_rebuild_can_be_cancelled_and_the_shop_goes_on(admin: Page):
    admin.goto(BUILDS)
    admin.get_by_role("button", name="Rebuild").click()
    admin.get_by_role("link", name="Cancel the rebuild").click()
    admin.get_by_role("button", name="Yes, cancel the rebuild").click()
    expect(admin.locator("[data-build] .state")).to_have_text("cancelled")
    admin.goto("/search/?q=shirt")
    assert admin.locator("[data-sku]").count() > 0


@pytest.mark.long
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_on_any_page_of_the_menu(admin: Page, scheme):
    admin.emulate_media(color_scheme=scheme)
    found = {}
    for page in pages_of_the_menu(admin):
        for width in (1440, 768, 390):
            admin.set_viewport_size({"width": width, "height": 900})
            admin.goto(page)
            if wrong := violations(admin, OURS if admin.locator(OURS).count() else ".fs-menu"):
                found[f"{page}, {width} pixels"] = wrong
    assert found == {}


@pytest.mark.long
def test_nothing_jumps_on_any_page_of_the_menu_and_little_is_loaded(admin: Page):
    found = {}
    for page in pages_of_the_menu(admin):
        sizes: dict[str, int] = {}
        tab = admin.context.new_page()
        weigh(tab, sizes)
        tab.add_init_script(WITHOUT_SIDEBAR)
        tab.goto(page)
        tab.wait_for_load_state("networkidle")
        own = sum(size for address, size in sizes.items() if "/fashion_search/" in address)
        shift = tab.evaluate(SHIFT)
        if own > HEAVIEST or shift >= 0.01:
            found[page] = (own, shift)
        tab.close()
    assert found == {}


@pytest.mark.long
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "address",
    [
        "/admin/fashion_search/dashboard/",
        BUILDS,
        "/admin/fashion_search/searchday/",
        "/admin/fashion_search/queryday/",
        "/admin/fashion_search/queryday/workbench/",
        "/admin/fashion_search/queryday/workbench/?q=shirt",
    ],
)
def test_axe_finds_nothing_in_our_part_of_the_admin(admin: Page, address, scheme):
    admin.emulate_media(color_scheme=scheme)
    for width in (1440, 768, 390):
        admin.set_viewport_size({"width": width, "height": 900})
        admin.goto(address)
        assert violations(admin, OURS) == [], f"{address}, {scheme}, {width} pixels"


def test_a_query_that_finds_nothing_becomes_a_synonym_in_four_steps(admin: Page):
    admin.goto("/search/?q=zorblax")
    expect(admin.get_by_role("heading", name="No results for “zorblax”")).to_be_visible()
    for _ in range(60):  # the log goes through Redis and is counted by beat
        admin.goto("/admin/fashion_search/queryday/workbench/")
        if admin.get_by_role("link", name="zorblax", exact=True).count():
            break
        admin.wait_for_timeout(500)
    admin.goto("/admin/")
    steps = [
        lambda: admin.locator("#content").get_by_role("link", name="Overview").click(),
        lambda: admin.get_by_role("link", name="Synonym… for “zorblax”").click(),
        lambda: admin.get_by_label("Means:").fill("shirt"),
        lambda: admin.get_by_role("button", name="Save", exact=True).click(),
    ]
    for step in steps:
        step()
    assert len(steps) <= 4
    expect(admin.locator(".success")).to_contain_text("zorblax")
    for _ in range(10):  # processes look every two seconds whether the table has changed
        admin.goto("/search/?q=zorblax")
        if admin.locator("[data-sku]").count():
            break
        admin.wait_for_timeout(500)
    assert admin.locator("[data-sku]").count() > 0


# Django's own sidebar moves the page aside once its script runs.
WITHOUT_SIDEBAR = "localStorage.setItem('django.admin.navSidebarIsOpen', 'false')"
SMALL = """() => [...document.querySelectorAll(
    "#content a, #content button, #content input:not([type=hidden]), #content select, #content summary")]
    .filter(one => {
        const box = one.getBoundingClientRect();
        const inSentence = one.matches("p a:not([class])");
        return box.width && box.height && !inSentence && (box.width < 23.5 || box.height < 23.5);
    })
    .map(one => one.outerHTML.slice(0, 120))"""


def pages_of_the_menu(admin: Page) -> list[str]:
    """The addresses of all pages that the menu leads to."""
    admin.goto("/admin/fashion_search/dashboard/")
    sections = admin.locator(".fs-sections a").evaluate_all("links => links.map(link => link.href)")
    pages = set()
    for section in sections:
        admin.goto(section)
        pages |= {
            section,
            *admin.locator(".fs-within a").evaluate_all("links => links.map(link => link.href)"),
        }
    assert len(pages) >= 20
    return sorted(pages)


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_has_the_menu_and_targets_that_fingers_hit(admin: Page, width):
    admin.set_viewport_size({"width": width, "height": 900})
    for page in pages_of_the_menu(admin):
        admin.goto(page)
        assert admin.locator(".fs-sections a[aria-current]").count() == 1, page
        assert admin.locator("#content").evaluate("one => one.scrollWidth <= innerWidth"), page
        assert admin.evaluate(SMALL) == [], page
        if width == 390:
            assert violations(admin, ".fs-menu") == [], page
