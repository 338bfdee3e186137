"""What a shopper does in a shop, counted in actions: a tap, a text that is typed, a key."""

from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
MOST = 6


def test_a_navy_sneaker_under_3000_is_in_the_bag_in_six_actions_on_a_phone(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/", wait_until="load")
    box = page.get_by_role("combobox", name="Search the shop")
    actions = [
        lambda: box.click(),
        lambda: box.fill("navy sneakers under 3000 in stock"),
        lambda: box.press("Enter"),
        lambda: page.locator("[data-sku] a").first.click(),
        lambda: page.locator(".size:not(.size-out)").first.click(),
        lambda: page.get_by_role("button", name="Add to bag").click(),
    ]
    assert len(actions) <= MOST
    for act in actions[:3]:
        act()
    page.wait_for_url("**/search/**")
    first = page.locator("[data-sku] a").first
    expect(first).to_be_in_viewport()  # above the fold, so that nobody has to scroll for it
    actions[3]()
    page.wait_for_url("**/products/**")
    name = page.get_by_role("heading", level=1).inner_text()
    shown = page.locator("main").inner_text().lower()
    assert "navy" in shown
    assert "shoes" in shown  # what the drawn catalogue calls sneakers
    price = page.evaluate(
        "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent).offers.price"
    )
    assert float(price) < 3000
    for act in actions[4:]:
        act()
    page.wait_for_url("**/bag/")
    expect(page.get_by_role("link", name=name)).to_be_visible()
