"""The plugin's own search pages, in a host that has nothing but a base template: looks, accessibility, scripts and none."""

import io
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, FilePayload, Page, expect

from shop.local.processes import LocalProcess
from shop.local.servers import free_port
from tests.browser.conftest import SCHEMES, USER_AGENT, refused, violations
from tests.processes import ROOT, wait_until
from tests.running_demo import RunningDemo

WIDTHS = [390, 1440]


@pytest.fixture(scope="session")
def host(demo: RunningDemo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the host, which reads the database of the demo."""
    environment = json.loads((demo.local / "run" / "environment.json").read_text())
    port = free_port()
    process = LocalProcess(
        "host",
        [sys.executable, "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"],
        log=tmp_path_factory.mktemp("host") / "host.log",
        environment={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "tests.host.settings"},
        folder=ROOT,
    )
    process.start()
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            with urlopen(f"{address}/", timeout=5) as response:
                return response.status == 200
        except (URLError, TimeoutError):
            return False

    wait_until(answers, seconds=120, what=process)
    yield address
    process.stop()


@pytest.fixture
def page(browser: Browser, host: str) -> Iterator[Page]:
    """A visitor's page; errors in scripts and what the policy refuses fail the test."""
    context = browser.new_context(
        base_url=host, viewport={"width": 1440, "height": 900}, user_agent=USER_AGENT, locale="en-GB"
    )
    context.set_default_timeout(60_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.extend(refused(said)))
    yield context.new_page()
    context.close()
    assert errors == []


def looks_right(page: Page, name: str) -> None:
    """Nothing that axe finds, nothing that scrolls sideways; a picture of it where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def count(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator(".fs-count").inner_text()))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_look_right(page: Page, width: int, scheme: str):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for name, address in {
        "results": "/find/?q=red+shirt",
        "filtered": "/find/?q=shirt&colour=Red&in_stock=on&page=1",
        "empty": "/find/?q=zeppelin&price_min=900000",
        "refused": "/find/?price_min=cheap",
        "liked": "/find/?q=without+print+dress",
        "photo": "/find/photo/",
    }.items():
        page.goto(address, wait_until="load")
        looks_right(page, f"{name}-{width}-{scheme}")


def test_filters_change_results_in_place(page: Page):
    page.goto("/find/?q=shirt", wait_until="load")
    everything = count(page)
    page.evaluate("window.sameDocument = true")
    colour = page.locator("#fs-group-colour input").first
    value = colour.get_attribute("value") or ""
    colour.check()
    page.wait_for_url("**colour=**")
    chips = page.get_by_role("list", name="Active filters")
    expect(chips).to_contain_text(value)
    expect(page.locator("#fs-group-colour input:checked")).to_be_focused()
    assert 0 < count(page) < everything
    expect(page.locator("#fs-results + [role=status]")).to_have_text(re.compile("products?|match"))
    page.get_by_role("link", name=f"Remove filter {value}").click()
    expect(chips).to_be_hidden()
    assert count(page) == everything
    page.get_by_label("Sort by").select_option(label="Price, low to high")
    page.wait_for_url("**sort=price**")
    page.go_back()
    expect(page.get_by_label("Sort by")).to_have_value("relevance")
    assert page.evaluate("window.sameDocument"), "The page was loaded anew."


def test_without_scripts_everything_works(browser: Browser, host: str):
    context = browser.new_context(base_url=host, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Search products").fill("shirt")
    page.get_by_role("button", name="Search").click()
    everything = count(page)
    page.locator("#fs-group-colour input").first.check()
    page.get_by_role("button", name="Show results").click()
    assert 0 < count(page) < everything
    page.get_by_role("link", name="Clear all").click()
    assert count(page) == everything
    page.goto("/find/photo/")
    page.set_input_files("#fs-photo-file", photo())
    page.get_by_label("Turn it").select_option("0")
    page.get_by_role("button", name="Find similar products").click()
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    expect(page.locator("[data-sku]")).to_have_count(24)
    context.close()


def test_the_box_suggests_with_prices_on_any_page_of_the_host(page: Page):
    page.goto("/", wait_until="load")
    box = page.get_by_role("combobox", name="Search products")
    box.press_sequentially("red d", delay=30)
    suggestions = page.get_by_role("listbox", name="Suggestions")
    expect(suggestions.get_by_role("group", name="Searches").get_by_role("option").first).to_have_text(
        "red dress"
    )
    expect(suggestions.locator(".fs-suggestion-price").first).to_contain_text("₹")
    looks_right(page, "suggestions")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/find/?q=red+dress")
    expect(page.locator("[data-sku]").first).to_be_visible()


def photo() -> FilePayload:
    """A red shape on white."""
    picture = Image.new("RGB", (450, 600), "white")
    ImageDraw.Draw(picture).polygon([(120, 60), (330, 60), (400, 540), (50, 540)], fill="#b3202c")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_photo_is_shown_with_a_box_and_its_results(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/find/photo/", wait_until="load")
    page.set_input_files("#fs-photo-file", photo())
    page.wait_for_url("**/find/?photo=*")
    expect(page.get_by_role("heading", name="Similar to your photo")).to_be_visible()
    expect(page.locator("#fs-photo-preview")).to_be_visible()
    whole = page.url
    page.get_by_role("button", name="Choose a part").click()
    expect(page.locator("#fs-photo-box")).to_be_focused()
    page.wait_for_function("([before]) => location.href !== before", arg=[whole])
    looks_right(page, f"photo-results-{width}")
    page.locator("#fs-drawer > summary").evaluate("summary => summary.offsetParent && summary.click()")
    page.locator("#fs-group-category input").first.check()
    page.get_by_role("list", name="Active filters").wait_for()
    expect(page.locator("#fs-photo-preview")).to_be_visible()


def test_a_picture_that_cannot_be_read_is_told_in_place(page: Page):
    page.goto("/find/photo/", wait_until="load")
    page.set_input_files(
        "#fs-photo-file", {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8 no"}
    )
    expect(page.get_by_role("alert")).to_contain_text("Send a JPEG, PNG, WebP, AVIF or HEIC photo.")
    page.set_input_files("#fs-photo-file", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(page.locator("#fs-photo-status")).to_have_text(
        "That is no picture. Send a JPEG, PNG, WebP, AVIF or HEIC photo."
    )


def test_german_visitors_read_german(browser: Browser, host: str):
    context = browser.new_context(
        base_url=host, locale="de-DE", viewport={"width": 1440, "height": 900}, user_agent=USER_AGENT
    )
    page = context.new_page()
    page.goto("/find/?q=red+shirt", wait_until="load")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ergebnisse für „red shirt“")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    looks_right(page, "german")
    box = page.get_by_role("combobox", name="Produkte suchen")
    box.fill("")
    box.press_sequentially("shi", delay=30)
    expect(page.get_by_role("listbox", name="Vorschläge").get_by_role("option").first).to_be_visible()
    context.close()
