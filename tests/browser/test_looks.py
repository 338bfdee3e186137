"""What a photo shows, as chips that a shopper changes and takes back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import violations
from tests.browser.test_photo import garment, photo  # noqa: F401 - fixtures


def settled(page: Page) -> None:
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_a_guess_is_changed_and_taken_back(page: Page, garment, tmp_path):  # noqa: F811
    picture = tmp_path / "dress.png"
    garment[1].save(picture)
    page.goto("/search/photo/")
    page.set_input_files("#fs-photo-file", picture)
    page.wait_for_url("**/search/?photo=*")
    looks = page.get_by_role("list", name="What the photo shows")
    chip = looks.get_by_role("listitem").nth(1)
    expect(chip.locator("summary")).to_contain_text("Choose another")
    assert violations(page, ".looks") == []
    chip.locator("summary").click()
    other = chip.locator(".look-menu a").first
    chosen = other.inner_text().split(" \u203a ")[-1]
    other.click()
    settled(page)
    expect(chip.locator("summary")).to_contain_text(chosen)
    assert "looks=" in page.url
    expect(page.locator("#fs-photo-preview")).to_be_visible()
    chip.locator(".look-off").click()
    settled(page)
    expect(page.get_by_role("link", name=f"It is not {chosen}")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
