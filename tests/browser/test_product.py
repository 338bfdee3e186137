"""A shopper looks at a product and goes on from it."""

from playwright.sync_api import Page, expect


def test_similar_products_and_tags_lead_on(page: Page):
    page.goto("/search/?q=shirt")
    page.locator("[data-sku] a").first.click()
    page.wait_for_url("**/products/**")
    row = page.get_by_role("region", name="Similar products")
    expect(row.get_by_role("listitem")).to_have_count(6)
    first = row.get_by_role("listitem").first.locator(".card-name").inner_text()
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    tags = page.get_by_role("region", name="More of").get_by_role("link")
    assert tags.count() >= 3
    tags.first.click()
    page.wait_for_url("**/search/?category=**")
    assert page.locator("[data-sku]").count() > 0
