"""A shopper types, filters, pages and goes back."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect


def count(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("[data-count]").inner_text()))


def test_a_misspelt_query_a_filter_a_page_and_back(page: Page):
    page.goto("/")
    box = page.get_by_role("combobox", name="Search the shop")
    box.fill("shrts")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “shirts”")
    expect(page.get_by_text("You typed “shrts”.")).to_be_visible()
    page.wait_for_load_state()  # the scripts run after the page is read, and only they send a ticked filter at once
    everything = count(page)
    page.evaluate("window.sameDocument = true")

    colour = page.locator("#group-colour input").first
    value = colour.get_attribute("value") or ""
    colour.check()
    chips = page.get_by_role("list", name="Active filters")
    expect(chips).to_contain_text(value)
    assert 0 < count(page) < everything
    assert page.evaluate("window.sameDocument"), "The page was loaded anew."
    expect(page.locator("#group-colour input:checked")).to_be_focused()
    assert page.url.endswith(f"/search/?q=shrts&colour={value.replace(' ', '%20')}")
    expect(page.locator("#results + [role=status]")).to_have_text(re.compile(r"^\d+\+? products?$"))

    page.get_by_role("link", name=f"Remove filter {value}").click()
    expect(chips).to_be_hidden()
    assert count(page) == everything

    page.goto("/search/?q=women")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    assert page.evaluate("window.sameDocument"), "The page was loaded anew."
    expect(page.locator(".page-now")).to_have_text("Page 2")
    page.wait_for_function("window.scrollY === 0")
    second = page.locator("[data-sku]").first.get_attribute("data-sku")
    page.go_back()
    expect(page.locator(".page-now")).to_have_text("Page 1")
    assert page.locator("[data-sku]").first.get_attribute("data-sku") != second
    page.go_forward()
    expect(page.locator("[data-sku]").first).to_have_attribute("data-sku", second or "")
    page.locator("[data-sku] a").first.click()
    page.wait_for_url("**/products/**")
    page.go_back()
    expect(page.locator("[data-sku]").first).to_have_attribute("data-sku", second or "")


def test_an_address_that_was_shared_shows_the_same(page: Page, context: BrowserContext):
    page.goto("/search/?q=shirt")
    page.get_by_label("Sort by").select_option(label="Price, low to high")
    page.wait_for_url("**sort=price**")
    page.locator("#group-colour input").first.check()
    page.wait_for_url("**colour=**")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    names = page.locator(".card-name").all_inner_texts()
    other = context.new_page()
    other.goto(page.url)
    assert other.locator(".card-name").all_inner_texts() == names


def suggestions(page: Page):
    return page.get_by_role("listbox", name="Suggestions")


def search_box(page: Page):
    return page.get_by_role("combobox", name="Search the shop")


def test_suggestions_by_keyboard(page: Page):
    page.goto("/")
    box, options = search_box(page), suggestions(page).get_by_role("option")
    box.click()
    box.type("shi")
    expect(options.first).to_contain_text("shi", ignore_case=True)
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    box.press("ArrowUp")
    expect(box).to_have_value("shi")
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(options.first).to_be_hidden()
    expect(box).to_have_value("shi")
    expect(box).to_have_attribute("aria-expanded", "false")


def test_a_closed_list_of_suggestions_opens_by_its_key(page: Page):
    page.goto("/search/?q=blue+dress", wait_until="load")
    box, first = search_box(page), suggestions(page).get_by_role("option").first
    box.focus()
    box.press("ArrowDown")
    expect(first).to_be_visible()
    box.press("Alt+ArrowUp")
    expect(first).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")


def test_suggestions_stand_in_groups_with_what_completes_them_marked(page: Page):
    page.goto("/")
    search_box(page).type("red d")
    first = suggestions(page).get_by_role("group", name="Searches").get_by_role("option").first
    expect(first).to_have_text("red dress")
    assert first.locator("b").all_inner_texts() == ["ress"]
    product = suggestions(page).get_by_role("group", name="Products").get_by_role("option").first
    expect(product.locator(".fs-suggestion-price")).to_contain_text("₹")
    picture = product.locator("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 0
    assert picture.evaluate("picture => [picture.offsetWidth, picture.offsetHeight]") == [36, 48]
    search_box(page).press("ArrowDown")
    search_box(page).press("Enter")
    page.wait_for_url("**/search/?q=red+dress*")
    assert count(page) > 0


def test_recent_searches_are_offered_and_forgotten(page: Page):
    for query in ("blue+dress", "red+shirt"):
        page.goto(f"/search/?q={query}")
    page.goto("/")
    box = search_box(page)
    box.click()
    options = suggestions(page).get_by_role("group", name="Recent searches").get_by_role("option")
    expect(options.locator(".fs-suggestion-text")).to_have_text(
        ["red shirt", "blue dress", "Clear recent searches"]
    )
    options.first.locator(".fs-suggestion-forget").click()
    expect(options.locator(".fs-suggestion-text")).to_have_text(["blue dress", "Clear recent searches"])
    box.press("ArrowDown")
    box.press("Delete")
    expect(options).to_have_count(0)
    page.reload()
    box.click()
    expect(options).to_have_count(0)


def test_what_others_look_for_is_offered_beside_recent_searches(page: Page):
    answer = {"queries": ["Blue Dress", "green bag"], "categories": [], "brands": [], "products": []}
    page.route("**/suggest/?limit=6", lambda route: route.fulfill(json=answer))
    page.goto("/search/?q=blue+dress")
    page.goto("/")
    search_box(page).click()
    others = suggestions(page).get_by_role("group", name="Popular searches").get_by_role("option")
    expect(others).to_have_text(["green bag"])  # the other one is a recent one
    others.first.click()
    page.wait_for_url("**/search/?q=green+bag*")


@pytest.mark.parametrize("width", [390, 1440])
def test_suggestions_fit_the_window(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    search_box(page).type("s")
    expect(suggestions(page)).to_be_visible()
    box = suggestions(page).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert suggestions(page).evaluate("list => list.scrollWidth - list.clientWidth") <= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_found_says_what_to_do(page: Page):
    page.goto("/search/?q=shirt&price_min=9000000")
    expect(page.get_by_role("heading", name="No results for “shirt”")).to_be_visible()
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("[data-sku]").first).to_be_visible()
    assert count(page) > 0


def test_an_error_in_a_filter_is_told_in_place(page: Page):
    page.goto("/search/?q=shirt")
    page.get_by_label("Lowest price").fill("cheap")
    page.get_by_label("Lowest price").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The lowest price must be a number such as 1500.")


def test_a_shop_out_of_reach_is_told(page: Page, context: BrowserContext):
    page.goto("/search/?q=shirt")
    context.set_offline(True)
    page.locator("#group-colour input").first.check()
    expect(page.get_by_role("alert")).to_contain_text("The shop could not be reached.")


def test_without_scripts_everything_works(browser, demo):
    context = browser.new_context(base_url=demo.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("#q").fill("shirt")
    page.locator("#q").press("Enter")
    everything = count(page)
    page.locator("#group-colour input").first.check()
    page.get_by_role("button", name="Show results").click()
    assert 0 < count(page) < everything
    page.get_by_role("link", name="Clear all").click()
    assert count(page) == everything
    context.close()


def settled(page: Page) -> None:
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def phone(page: Page, address: str) -> None:
    """Open a page as a phone shows it, once its scripts have run."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address, wait_until="load")


def test_filters_are_a_drawer_on_a_phone_that_one_step_back_undoes(page: Page):
    page.goto("/")
    phone(page, "/search/?q=shirt")
    everything, start = count(page), page.evaluate("history.length")
    drawer, colours = page.locator("#drawer > summary"), page.locator("#group-colour input")
    expect(colours.first).to_be_hidden()
    drawer.click()
    colours.first.check()
    page.wait_for_url("**colour=**")
    settled(page)
    expect(colours.first).to_be_visible()  # it stays open for the next choice
    colours.nth(1).check()
    page.wait_for_url("**colour=**colour=**")
    settled(page)
    page.get_by_role("button", name=re.compile(r"^Show \d+ (products?|match)")).click()
    expect(colours.first).to_be_hidden()
    assert 0 < count(page) < everything
    assert page.evaluate("history.length") == start + 1, "Each choice is a step of its own."
    page.go_back()
    page.wait_for_url("**/search/?q=shirt")
    settled(page)
    assert count(page) == everything
    expect(page.get_by_role("list", name="Active filters")).to_have_count(0)
    page.go_back()
    page.wait_for_url(re.compile(r":\d+/$"))


def test_a_drawer_that_is_closed_as_it_was_leaves_no_step(page: Page):
    page.goto("/")
    phone(page, "/search/?q=shirt")
    drawer, colours = page.locator("#drawer > summary"), page.locator("#group-colour input")
    drawer.click()
    colours.first.focus()
    page.keyboard.press("Escape")
    expect(colours.first).to_be_hidden()
    expect(drawer).to_be_focused()
    drawer.click()
    page.wait_for_function("() => history.state && 'y' in history.state")
    colours.first.check()
    page.wait_for_url("**colour=**")
    settled(page)
    page.go_back()  # from the open drawer
    page.wait_for_url("**/search/?q=shirt")
    expect(colours.first).to_be_hidden()
    page.go_back()
    page.wait_for_url(re.compile(r":\d+/$"))


def test_a_phone_shows_results_at_once_and_keeps_sort_and_filters_in_sight(page: Page):
    phone(page, "/search/?q=shirt&gender=Women&in_stock=on")
    first = page.locator("[data-sku] img").first.bounding_box()
    assert first is not None
    assert first["y"] < 844 / 2
    row = page.locator(".fs-chip-row")
    chips = [chip.bounding_box() for chip in row.get_by_role("link").all()]
    assert len({round(chip["y"]) for chip in chips if chip}) == 1, "The chips stand in several rows."
    page.evaluate("window.scrollTo(0, 1500)")
    expect(page.get_by_label("Sort by")).to_be_in_viewport()
    expect(page.locator("#drawer > summary")).to_be_in_viewport()
    page.get_by_label("Sort by").select_option(label="Price, low to high")
    page.wait_for_url("**sort=price**")
    expect(page.locator("[data-sku] img").first).to_be_in_viewport()


@pytest.mark.parametrize(
    "address", ["/search/?q=shrt&colour=Red", "/search/?q=shirt&price_min=9000000", "/search/photo/"]
)
def test_what_is_touched_has_24_pixels(page: Page, address: str):
    phone(page, address)
    small = page.evaluate("""() => [...document.querySelectorAll("main :is(a, button, input, select, summary)")].filter((one) => {
        const { width, height } = (one.closest("label") || one).getBoundingClientRect();
        return one.checkVisibility() && one.getBoundingClientRect().width > 1 && Math.min(width, height) < 24;
    }).map((one) => one.outerHTML)""")
    assert small == []


def test_the_next_page_is_fetched_ahead_and_back_leads_to_the_same_place(page: Page):
    phone(page, "/search/?q=women")
    with page.expect_request(lambda request: request.headers.get("purpose") == "prefetch") as ahead:
        page.get_by_role("link", name="Next").scroll_into_view_if_needed()
    ahead.value.response()
    place = page.evaluate("scrollY")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".page-now")).to_have_text("Page 2")
    page.wait_for_function(
        "() => document.querySelector('[data-search]').dataset.search"
    )  # it is logged as seen
    page.go_back()
    expect(page.locator(".page-now")).to_have_text("Page 1")
    page.wait_for_function("place => Math.abs(scrollY - place) < 200", arg=place)


def test_who_saves_data_fetches_nothing_ahead(page: Page):
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("purpose", "")))
    phone(page, "/search/?q=women")
    page.get_by_role("link", name="Next").hover()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".page-now")).to_have_text("Page 2")
    assert "prefetch" not in asked


def test_more_like_this_bends_the_results(page: Page):
    page.goto("/search/?q=dress")
    name = page.locator(".card-name").nth(1).inner_text()
    page.get_by_role("link", name=f"More like this: {name}").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("More like this, “dress”")
    expect(page.get_by_role("list", name="Results look like")).to_contain_text(name)
    disliked = page.locator("[data-sku]").nth(2).get_attribute("data-sku")
    page.locator(".liking a", has_text=re.compile("^Less")).nth(1).click()
    page.wait_for_url("**less=**")
    page.get_by_role("link", name=re.compile("^Undo Less like")).wait_for()
    assert disliked not in [item.get_attribute("data-sku") for item in page.locator("[data-sku]").all()]
