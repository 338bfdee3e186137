"""Tags from the product list to the shop: suggested, decided on by keyboard or by forms, found by shoppers."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCHEMES, violations
from tests.running_demo import RunningDemo

PRODUCTS = 4
pytestmark = [pytest.mark.long]


@pytest.fixture
def review(admin: Page) -> Page:
    """The review, with tags of a few products that wait for a decision."""
    for _ in range(60):  # until a worker has made the vocabulary
        admin.goto("/admin/shop/product/")
        for box in admin.locator(".action-select").all()[:PRODUCTS]:
            box.check()
        admin.locator("select[name=action]").select_option(label="Suggest tags")
        admin.locator(".actions button[type=submit]").click()
        if admin.get_by_text("is not made yet").count() == 0:
            break
        admin.wait_for_timeout(1000)
    admin.get_by_role("link", name="the review").click()
    expect(admin.get_by_role("heading", name="Review tags")).to_be_visible()
    return admin


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.dataset.word")


def test_tags_are_decided_on_by_keyboard_and_found_in_the_shop(review: Page):
    tags = review.locator("[data-tag]")
    assert tags.count() > 2
    words = [tag.get_attribute("data-word") for tag in tags.all()]
    assert focused(review) == words[0]
    review.keyboard.press("j")
    assert focused(review) == words[1]
    review.keyboard.press("ArrowLeft")
    review.keyboard.press("a")
    expect(review.locator("[data-said]")).to_have_text(f"Accepted {words[0]}. Press u to undo.")
    expect(tags.nth(0)).to_have_attribute("data-state", "accepted")
    assert focused(review) == words[1]
    review.keyboard.press("r")
    expect(tags.nth(1)).to_have_attribute("data-state", "rejected")
    review.keyboard.press("u")
    expect(tags.nth(1)).to_have_attribute("data-state", "suggested")
    expect(review.locator("[data-said]")).to_have_text(f"Taken back: {words[1]}.")
    review.reload()
    expect(review.get_by_role("link", name=re.compile("Accepted"))).to_contain_text("1")
    review.goto("/admin/fashion_search/producttag/review/?state=accepted")
    expect(review.locator("[data-tag]")).to_have_count(1)
    name = review.locator("[data-product] h2").inner_text()
    found = f"/search/?tags={quote(words[0])}"
    for _ in range(60):  # until a worker has indexed the product again
        review.goto(found)
        if review.get_by_text(name).count():
            break
        review.wait_for_timeout(500)
    expect(review.get_by_text(name).first).to_be_visible()
    review.goto("/admin/fashion_search/producttag/review/?state=accepted")
    review.keyboard.press("u")
    expect(review.locator("[data-said]")).to_have_text("There is nothing to undo.")
    review.keyboard.press("r")
    expect(review.locator("[data-said]")).to_contain_text("Rejected")


def test_all_of_a_product_at_once_and_what_was_not_saved_is_told(review: Page):
    product = review.locator("[data-product]").filter(has=review.get_by_text("Accept all")).first
    key = product.locator("[data-tag]").first
    product.get_by_role("button", name="Accept all").click()
    expect(product).to_have_attribute("data-done", "")
    review.keyboard.press("u")
    expect(key).to_have_attribute("data-state", "suggested")
    review.route("**/decide/", lambda route: route.abort())
    review.keyboard.press("a")
    expect(review.locator("[data-said]")).to_contain_text("That was not saved")
    expect(key).to_have_attribute("data-state", "suggested")


def test_without_scripts_forms_do_it(review: Page, browser: Browser, demo: RunningDemo):
    cookies = review.context.cookies()
    plain = browser.new_context(base_url=demo.address, java_script_enabled=False)
    plain.add_cookies(cookies)
    page = plain.new_page()
    page.goto("/admin/fashion_search/producttag/review/")
    before = page.locator("[data-tag]").count()
    word = page.locator("[data-tag]").first.get_attribute("data-word")
    page.get_by_role("button", name=f"Reject {word}").first.click()
    expect(page.get_by_text(f"Rejected “{word}”.")).to_be_visible()
    expect(page.locator("[data-tag]")).to_have_count(before - 1)
    page.get_by_role("button", name="Undo the last decision").click()
    expect(page.locator("[data-tag]")).to_have_count(before)
    plain.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_it_is_accessible_and_fits(review: Page, width: int, scheme: str):
    review.emulate_media(color_scheme=scheme)
    review.set_viewport_size({"width": width, "height": 900})
    review.goto("/admin/fashion_search/producttag/review/")
    # The part that is this page's own; the rest is Django's.
    assert violations(review, "#content-main") == []
    assert review.evaluate("document.documentElement.scrollWidth") <= width
