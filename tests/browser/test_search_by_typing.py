"""A shopper types, filters, pages and goes back."""

from playwright.sync_api import Page, expect


def test_a_misspelt_query_a_filter_a_page_and_back(page: Page):
    page.goto("/")
    box = page.get_by_role("combobox", name="Search the shop")
    box.fill("sneekers")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “sneakers”")
    expect(page.get_by_text("You typed “sneekers”.")).to_be_visible()
