"""A merchandiser arranges results by eye: by mouse, by keyboard, and without scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SCHEMES, USER_AGENT, violations
from tests.running_demo import RunningDemo

PAGE = "/admin/fashion_search/arrangement/"
OURS = ".fs-arrange"


@pytest.fixture(autouse=True)
def tidy(admin: Page) -> Iterator[None]:
    """No draft and nothing published is left for the next test."""
    yield
    for query in ("shirt", "dress"):
        admin.goto(f"{PAGE}?q={query}")
        for name in ("Discard draft", "Undo last publishing"):
            if admin.get_by_role("button", name=name).count():
                admin.get_by_role("button", name=name).click()
                expect(admin.get_by_role("button", name=name)).to_have_count(0)


def names(page: Page) -> list[str]:
    return page.locator("[data-board] .fs-name").all_text_contents()


def tile(page: Page, place: int) -> Locator:
    return page.locator(f"[data-board] [data-place='{place}']")


def test_five_steps_from_the_start_page_pin_a_product_to_the_first_place(admin: Page):
    steps = 0
    admin.goto("/admin/")
    admin.get_by_role("link", name="Merchandising", exact=True).first.click()
    steps += 1
    expect(admin.locator("#fs-q")).to_be_focused()
    admin.keyboard.type("shirt")
    steps += 1
    admin.keyboard.press("Enter")
    steps += 1
    wanted = tile(admin, 6).locator(".fs-name").text_content() or ""
    key = tile(admin, 6).get_attribute("data-key")
    tile(admin, 6).get_by_role("button", name="Pin first").click()
    steps += 1
    expect(tile(admin, 1)).to_have_attribute("data-key", key or "")
    admin.get_by_role("button", name="Publish").click()
    steps += 1
    expect(admin.locator(".messagelist")).to_contain_text("1 rule published.")
    assert steps <= 5
    for _ in range(10):  # processes look every two seconds whether the rules have changed
        admin.goto("/search/?q=shirt")
        if wanted in (admin.locator("[data-sku]").first.text_content() or ""):
            break
        admin.wait_for_timeout(500)
    assert wanted in (admin.locator("[data-sku]").first.text_content() or "")


def test_a_product_is_dragged_to_its_place(admin: Page):
    admin.goto(f"{PAGE}?q=shirt")
    before = names(admin)
    key = tile(admin, 5).get_attribute("data-key") or ""
    tile(admin, 5).locator("img").drag_to(tile(admin, 2))
    expect(tile(admin, 2)).to_have_attribute("data-key", key)
    expect(tile(admin, 2)).to_contain_text("Pinned to 2")
    assert names(admin)[:5] == [before[0], before[4], *before[1:4]]
    expect(admin.get_by_role("heading", name="Without it")).to_be_visible()
    admin.reload()
    expect(tile(admin, 2)).to_have_attribute("data-key", key)


def test_two_clicks_in_the_same_instant_are_two_decisions(admin: Page):
    admin.goto(f"{PAGE}?q=shirt")
    first, second = (tile(admin, place).get_attribute("data-key") for place in (4, 6))
    admin.evaluate(
        """keys => { for (const key of keys)
            document.querySelector(`[data-board] [data-key="${key}"] [data-act="hide"]`).click() }""",
        [first, second],
    )
    expect(admin.get_by_text("2 changes in your draft")).to_be_visible()


def test_the_keyboard_moves_hides_and_keeps_its_place(admin: Page):
    admin.goto(f"{PAGE}?q=shirt")
    key = tile(admin, 3).get_attribute("data-key") or ""
    tile(admin, 3).get_by_role("button", name="One place earlier").focus()
    admin.keyboard.press("Enter")
    expect(tile(admin, 2)).to_have_attribute("data-key", key)
    expect(tile(admin, 2).get_by_role("button", name="One place earlier")).to_be_focused()
    expect(admin.locator("[data-said]")).to_contain_text("place 2")
    admin.keyboard.press("Space")
    expect(tile(admin, 1)).to_have_attribute("data-key", key)
    hidden = tile(admin, 2).locator(".fs-name").text_content() or ""
    tile(admin, 2).get_by_role("button", name="Hide").focus()
    admin.keyboard.press("Enter")
    expect(admin.locator(".fs-tile", has_text="Hidden")).to_contain_text(hidden)
    expect(tile(admin, 2).get_by_role("button", name="Hide")).to_be_focused()


def test_it_works_without_scripts(browser: Browser, demo: RunningDemo, login: list):
    context = browser.new_context(base_url=demo.address, java_script_enabled=False, user_agent=USER_AGENT)
    context.add_cookies(login)
    page = context.new_page()
    page.goto(f"{PAGE}?q=dress")
    key = tile(page, 4).get_attribute("data-key") or ""
    tile(page, 4).get_by_role("button", name="Pin first").click()
    expect(tile(page, 1)).to_have_attribute("data-key", key)
    tile(page, 2).get_by_role("button", name="Boost").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".messagelist")).to_contain_text("2 rules published.")
    page.get_by_role("button", name="Undo last publishing").click()
    expect(page.locator(".messagelist")).to_contain_text("2 rules are as they were before.")
    context.close()


def test_a_rule_names_its_product_by_picking_it(admin: Page):
    admin.goto("/admin/fashion_search/merchandisingrule/add/")
    admin.get_by_label("Action:").select_option("hide")
    expect(admin.get_by_label("Position:")).to_be_hidden()
    expect(admin.get_by_label("Strength:")).to_be_hidden()
    admin.get_by_label("Action:").select_option("pin")
    expect(admin.get_by_label("Position:")).to_be_visible()
    field = admin.get_by_role("combobox", name="Product (SKU)")
    field.press_sequentially("shirt")
    first = admin.locator(".field-sku .fs-options li").first
    expect(first).to_be_visible()
    name = first.locator("span").text_content() or ""
    field.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(first).to_be_hidden()
    expect(admin.locator(".field-sku .fs-picked")).to_contain_text(name)
    assert field.input_value() != "shirt"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(admin: Page, scheme):
    admin.emulate_media(color_scheme=scheme)
    for width in (1440, 768, 390):
        admin.set_viewport_size({"width": width, "height": 900})
        admin.goto(PAGE)
        assert violations(admin, OURS) == [], f"{width} pixels"
        admin.goto(f"{PAGE}?q=shirt&find=dress")
        if admin.get_by_text("Draft", exact=True).count() == 0:
            tile(admin, 3).get_by_role("button", name="Pin first").click()
            expect(tile(admin, 1)).to_contain_text("Pinned to 1")
            tile(admin, 3).get_by_role("button", name="Hide").click()
            expect(admin.locator(".fs-tile", has_text="Hidden")).to_be_visible()
        assert violations(admin, OURS) == [], f"{width} pixels, a draft"
        assert admin.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{width} pixels"
