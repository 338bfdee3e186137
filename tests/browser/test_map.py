"""A merchandiser has the map made and walks on it, and looks at what the health check found."""

import re
from math import cos, sin

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import violations

MAP = "/admin/fashion_search/cataloguemap/"
HEALTH = "/admin/fashion_search/cataloguehealth/"
OURS = "#content"  # the frame around it is Django's
PRODUCT = re.compile(r"/admin/shop/product/\d+/change/$")


def made_map(admin: Page) -> Locator:
    """The page with a map, which a worker makes where there is none yet; returns its canvas."""
    admin.goto(MAP)
    again = admin.get_by_role("button", name="Make it again")
    make = admin.get_by_role("button", name="Make the map")
    expect(make.or_(again)).to_be_visible()
    if make.count():
        make.click()
        expect(admin.get_by_text("A worker computes it.")).to_be_visible()
    expect(again).to_be_visible(timeout=90_000)
    expect(admin.get_by_label("Colour by")).to_be_enabled()
    return admin.get_by_role("application", name="Map of the catalogue")


def test_the_map_is_made_by_a_worker_and_walked_on(admin: Page):
    canvas = made_map(admin)
    assert violations(admin, OURS) == []
    card = admin.locator(".product-card")

    canvas.focus()
    canvas.press("ArrowRight")
    expect(card).to_contain_text("Open product")
    first = card.locator("b").inner_text()
    canvas.press("ArrowRight")
    expect(card.locator("b")).not_to_have_text(first)
    canvas.press("Escape")
    expect(card).to_be_hidden()

    admin.get_by_label("Colour by").select_option("colour")
    value = admin.get_by_label("Legend").get_by_role("button").first
    value.click()
    expect(value).to_have_attribute("aria-pressed", "true")
    canvas.press("ArrowRight")
    expect(card).to_contain_text(value.locator("span").nth(1).inner_text())

    canvas.press("Enter")
    expect(admin).to_have_url(PRODUCT)


@pytest.mark.long
def test_a_pointer_shows_the_card_and_opens_the_product(admin: Page):
    canvas = made_map(admin)
    card = admin.locator(".product-card")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # In a spiral from the middle, until there is a product under the pointer.
    for step in range(600):
        admin.mouse.move(x + 0.5 * step * cos(step / 2), y + 0.5 * step * sin(step / 2))
        if canvas.evaluate("element => element.style.cursor") == "pointer":
            break
    expect(card).to_contain_text("Open product")
    admin.mouse.down()
    admin.mouse.up()
    expect(admin).to_have_url(PRODUCT)


def test_the_map_in_words(admin: Page):
    made_map(admin)
    admin.get_by_role("link", name="The map in words").first.click()
    cells = admin.locator("#content").get_by_role("rowheader")
    expect(cells.first).to_contain_text(re.compile(r"row \d+, column \d+"))
    # The longer side fills the square, the shorter one is centred: which of the two is longer is the map's own matter.
    expect(cells.filter(has_text=re.compile(r"row 1,|column 1\b")).first).to_be_visible()
    assert violations(admin, OURS) == []


@pytest.mark.long
def test_the_health_is_checked_after_the_build_and_again_by_hand(admin: Page):
    admin.goto(HEALTH)
    expect(admin.get_by_role("link", name="Picture and text disagree")).to_be_visible()
    assert violations(admin, OURS) == []
    admin.get_by_role("button", name="Check again").click()
    expect(admin.get_by_text("A worker computes it.")).to_be_visible()
    expect(admin.get_by_role("button", name="Check again")).to_be_visible(timeout=60_000)
    expect(admin.get_by_text(re.compile(r"checked \d+ (s|min)"))).to_be_visible()
