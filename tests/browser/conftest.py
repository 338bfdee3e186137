"""A real Chromium on the whole demo: drawn products, real worker and beat, started once for all browser tests."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from lab.processes import draw_catalogue
from tests.running_demo import RunningDemo

PRODUCTS = 240
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"  # searches of "HeadlessChrome" are not logged
# The light scheme in `make test`, the dark one, too, in `make test-all`.
SCHEMES = ["light", pytest.param("dark", marks=pytest.mark.long)]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What is slow on purpose in a shop is quick here, so that no test waits for it.
QUICK = {"SWEEP_SECONDS": 1, "DRAIN_SECONDS": 1, "ROLL_UP_SECONDS": 2, "WORD_LIST_SECONDS": 2}
expect.set_options(timeout=30_000)  # what a busy machine may take; none of these tests measures time


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, which `scripts/program.sh chromium` installs where it may; without it the tests are skipped, but not in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing = (
            "Chromium is not installed: run scripts/program.sh chromium as root, or apt-get install chromium."
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def drawn_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of drawn products."""
    folder = tmp_path_factory.mktemp("drawn") / "catalogue"
    draw_catalogue(PRODUCTS, folder)
    return folder


@pytest.fixture(scope="session")
def demo(
    browser: Browser, drawn_catalogue: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDemo]:
    """The demo, ready."""
    running = RunningDemo(tmp_path_factory.mktemp("demo"), drawn_catalogue, dict(QUICK))
    running.start()
    yield running
    running.interrupt()


@pytest.fixture
def context(browser: Browser, demo: RunningDemo) -> Iterator[BrowserContext]:
    """A visitor's browser window without a past, 1440 pixels wide; an error in a page's script fails the test.

    So does anything that the Content-Security-Policy keeps from running or loading.
    """
    context = browser.new_context(
        base_url=demo.address, viewport={"width": 1440, "height": 900}, user_agent=USER_AGENT
    )
    context.set_default_timeout(60_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.extend(refused(said)))
    yield context
    context.close()
    assert errors == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A visitor's page."""
    return context.new_page()


@pytest.fixture(scope="session")
def login(browser: Browser, demo: RunningDemo) -> list[Any]:
    """The cookies of an administrator who has logged in, which takes two seconds of each test that does it anew."""
    context = browser.new_context(base_url=demo.address)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label(re.compile("Username")).fill("admin")
    page.get_by_label(re.compile("Password")).fill(demo.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    cookies: list[Any] = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def admin(context: BrowserContext, login: list[Any]) -> Page:
    """A page of the admin, logged in."""
    context.add_cookies(login)
    page = context.new_page()
    page.goto("/admin/")
    return page


def refused(said: ConsoleMessage) -> list[str]:
    """What Chromium says of a violation of the Content-Security-Policy, and of a header it does not know; nothing of other messages."""
    policies = ("Content Security Policy", "Permissions-Policy")
    return [f"{said.location['url']}: {said.text}"] if any(policy in said.text for policy in policies) else []


def violations(page: Page, part: str = "html") -> list[str]:
    """What axe finds in a part of a page against WCAG 2.2 AA, each with the elements."""
    options = {
        "runOnly": WCAG,
        "resultTypes": ["violations"],
    }  # describing all that passed takes as long as looking
    found = Axe().run(page, context=part, options=options).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}" for one in found]
