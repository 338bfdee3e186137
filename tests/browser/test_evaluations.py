"""A merchandiser judges queries by keyboard, evaluates them and tries other weights, in few steps."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SCHEMES, violations
from tests.running_demo import RunningDemo

WORKER = 240_000  # milliseconds that a worker with other work may take
MOST_STEPS = 40  # clicks and keys, from the admin's start to the figures of ten judged queries
QUERIES = ("shirt", "red", "blue", "shoes", "bag", "dress", "green", "black", "white", "jeans")
SETS = "/admin/fashion_search/judgedset/"
pytestmark = [pytest.mark.long]


class Steps:
    """A hand that counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page, self.taken = page, 0

    def click(self, role: str, name: str) -> None:
        self.taken += 1
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.taken += 1
            self.page.keyboard.press(key)


@pytest.fixture(scope="module")
def searched(browser: Browser, demo: RunningDemo) -> None:
    """Ten queries in the search log, counted by days."""
    context = browser.new_context(base_url=demo.address, user_agent="Mozilla/5.0 (X11) Chrome/140.0")
    page = context.new_page()
    for query in QUERIES:
        page.goto(f"/search/?q={query}")
    context.close()


@pytest.fixture
def sets(admin: Page, searched: None) -> Page:
    """The page of all sets, once what was searched for is counted."""
    for _ in range(60):
        admin.goto("/admin/fashion_search/queryday/")
        if all(admin.get_by_role("link", name=query, exact=True).count() for query in QUERIES):
            break
        admin.wait_for_timeout(1000)
    admin.goto(SETS)
    return admin


def test_ten_queries_are_judged_and_evaluated_in_forty_steps(sets: Page):
    sets.goto("/admin/")
    steps = Steps(sets)
    steps.click("link", "Judged queries")
    steps.click("button", "Begin judging")
    judged = []
    for number in range(len(QUERIES)):
        query = sets.locator(".asked h2").inner_text().strip("“”")
        first = sets.locator('input[name="right"]').first
        expect(first).to_be_focused()
        if number % 2:
            steps.press("Space")
            expect(first).to_be_checked()
        else:
            steps.press("a")
            expect(sets.locator('input[name="right"]:not(:checked)')).to_have_count(0)
        if number < 5:  # one that is not right, or one more that is
            steps.press("ArrowRight", "Space")
        steps.press("Enter")
        expect(sets.locator(".messagelist")).to_contain_text(f"Kept “{query}” with")
        judged.append(query)
    assert len(set(judged)) == len(QUERIES)
    steps.click("button", "Evaluate")
    expect(sets.locator(".tiles")).to_contain_text("P@10", timeout=WORKER)
    assert steps.taken <= MOST_STEPS
    expect(sets.locator(".tiles")).to_contain_text("10")
    expect(sets.get_by_text("P@10 and nDCG@10 over time")).to_be_visible()


def test_enter_in_the_box_for_other_products_finds_them_and_keeps_the_ticks(sets: Page):
    sets.locator("#begin-name").fill("other products")
    sets.get_by_role("button", name="Begin judging").click()
    expect(sets.locator('input[name="right"]').first).to_be_focused()
    sets.keyboard.press("Space")
    ticked = sets.locator('input[name="right"]').first.get_attribute("value")
    sets.locator("#judge-find").fill("bag")
    sets.keyboard.press("Enter")
    expect(sets.get_by_role("heading", name="Found for “bag”")).to_be_visible()
    expect(sets.locator(f'input[name="right"][value="{ticked}"]')).to_be_checked()
    sets.get_by_role("button", name="Save and next").click()
    expect(sets.locator(".messagelist")).to_contain_text("with 1 right answer")


def test_a_file_is_uploaded_without_scripts_and_other_weights_are_compared(
    sets: Page, browser: Browser, demo: RunningDemo, tmp_path: Path
):
    sets.locator("#begin-name").fill("from a file")
    sets.get_by_role("button", name="Begin judging").click()
    skus = [box.get_attribute("value") for box in sets.locator('input[name="right"]').all()]
    file = tmp_path / "judged.jsonl"
    file.write_text("".join(json.dumps({"query": query, "relevant": skus}) + "\n" for query in QUERIES))
    plain = browser.new_context(base_url=demo.address, java_script_enabled=False)
    plain.add_cookies(sets.context.cookies())
    page = plain.new_page()
    page.goto(sets.url.replace("/judge/", "/upload/"))
    page.get_by_label("File, JSON lines or CSV").set_input_files(file)
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_role("button", name="Store 10 queries").click()
    expect(page.locator(".messagelist")).to_contain_text("Uploaded 10 new and 0 changed queries.")
    plain.close()
    sets.goto(sets.url.replace("/judge/", "/compare/"))
    sets.get_by_label("Picture").fill("3")
    sets.get_by_label("Category").fill("0.5")
    sets.get_by_role("button", name="Compare", exact=True).click()
    expect(sets.get_by_role("heading", name="What came of it")).to_be_visible(timeout=WORKER)
    expect(sets.get_by_text('{"WEIGHTS": {"category": 0.5, "image": 3.0}}')).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_pages_are_accessible_and_fit(sets: Page, width: int, scheme: str):
    sets.emulate_media(color_scheme=scheme)
    sets.set_viewport_size({"width": width, "height": 900})
    one = sets.locator("#content-main table a").first.get_attribute("href")
    assert one is not None
    own = re.sub("change/$", "", one)
    sets.goto(one)
    evaluation = sets.get_by_role("link", name="All figures and queries")
    pages = [SETS, one, f"{own}judge/", f"{own}upload/", f"{own}compare/", f"{own}judge/?q=red"]
    if evaluation.count():
        pages.append(evaluation.get_attribute("href") or "")
    for address in pages:
        sets.goto(address)
        # The part that is these pages' own; the rest is Django's.
        assert violations(sets, "#content-main") == [], address
        assert sets.evaluate("document.documentElement.scrollWidth") <= width, address
