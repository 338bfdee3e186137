from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from search.indexing.lexicons import build_lexicon
from search.merchandising.hits import Hit, count_hits
from search.models import Banner, IndexEntry, MerchandisingRule, Redirect, Synonym
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

BASE = "/admin/fashion_search/"
RULES, SYNONYMS, REDIRECTS, BANNERS = (
    f"{BASE}{name}/" for name in ("merchandisingrule", "synonym", "redirect", "banner")
)
TIMES = {"starts_0": "", "starts_1": "", "ends_0": "", "ends_1": "", "enabled": "on", "note": ""}
RULE = {
    **TIMES,
    "place": "query",
    "phrase": "shirt",
    "action": "hide",
    "sku": "",
    "facet": "",
    "value": "",
    "position": "",
    "strength": "clearly",
}
FORMS = {
    RULES: {**RULE, "sku": "s1"},
    SYNONYMS: {"phrase": "kicks", "means": "sneakers", "enabled": "on", "note": ""},
    REDIRECTS: {**TIMES, "place": "query", "phrase": "gifts", "url": "/gifts/"},
    BANNERS: {**TIMES, "place": "query", "phrase": "shirt", "text": "Sale", "link": "", "picture": ""},
}
MODELS = {RULES: MerchandisingRule, SYNONYMS: Synonym, REDIRECTS: Redirect, BANNERS: Banner}


@pytest.fixture
def version(tiny_artifact, index_settings):
    version = make_version(tiny_artifact)
    facets = {"category": ["Shirts"], "colour": ["Navy Blue"], "brand": ["Acme"]}
    add(version, "s1", "Navy shirt", facets=facets)
    add(version, "s2", "Plain shirt", facets={"category": ["Shirts"], "brand": ["Bolt"]})
    build_lexicon(version)
    return version


def worker(*permissions: str) -> Client:
    user = get_user_model().objects.create_user(f"u{'-'.join(permissions)}", password="x", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def skus(answer) -> list[str]:
    return [result.card.sku for result in answer.results]


def errors(response) -> dict[str, list[str]]:
    form = response.context.get("adminform")
    return dict(form.form.errors) if form else {}


def rule(sku="s1", **values) -> MerchandisingRule:
    key = IndexEntry.objects.get(sku=sku).product_key if sku else ""
    return MerchandisingRule.objects.create(
        **{"action": "hide", "phrase": "shirt", "sku": sku, "product_key": key, **values}
    )


@pytest.mark.parametrize("page", MODELS)
def test_pages_need_their_permission(version, page):
    name = MODELS[page]._meta.model_name
    assert Client().get(page).status_code == 302
    assert Client().post(f"{page}add/", FORMS[page]).status_code == 302
    stranger = worker()
    assert [stranger.get(page).status_code, stranger.post(f"{page}add/", FORMS[page]).status_code] == [
        403,
        403,
    ]
    reader = worker(f"view_{name}")
    assert [reader.get(page).status_code, reader.post(f"{page}add/", FORMS[page]).status_code] == [200, 403]
    assert not MODELS[page].objects.exists()
    editor = worker(f"view_{name}", f"add_{name}", f"change_{name}")
    assert editor.get(f"{page}add/").status_code == 200
    response = editor.post(f"{page}add/", FORMS[page])
    assert (response.status_code, errors(response) if response.context else {}) == (302, {})
    row = MODELS[page].objects.get()
    for client in (reader, editor):
        assert client.get(f"{page}{row.pk}/change/").status_code == 200
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("page", MODELS)
def test_enable_and_disable(version, staff, page):
    staff.post(f"{page}add/", FORMS[page])
    row = MODELS[page].objects.get()
    for action, enabled in (("disable", False), ("enable", True)):
        data = {"action": action, "_selected_action": [row.pk]}
        reader = worker(f"view_{MODELS[page]._meta.model_name}") if enabled is False else None
        if reader:
            reader.post(page, data)
            row.refresh_from_db()
            assert row.enabled
        before = row.updated_at
        staff.post(page, data)
        row.refresh_from_db()
        assert (row.enabled, row.updated_at > before) == (enabled, True)


def test_the_list_says_what_each_rule_does(version, staff):
    ends = timezone.now() + timedelta(days=400)
    rule(action="pin", position=1, phrase="navy sneakers", ends=ends)
    rule(
        sku="", action="boost", place="category", phrase="Shirts", facet="brand", value="Bolt", enabled=False
    )
    rule(sku="s2", starts=timezone.now() + timedelta(days=1))
    rule(ends=timezone.now() - timedelta(days=1))
    page = staff.get(RULES).content.decode()
    assert f"Pins s1 first for &#x27;navy sneakers&#x27;, until {ends.day} " in page
    assert "Boosts brand Bolt clearly in the category Shirts" in page
    assert "<span>Navy shirt</span>" in page
    for state in ("running", "scheduled", "ended", "disabled"):
        assert f'<span class="fs-state fs-{state}">{state}</span>' in page
        assert staff.get(f"{RULES}?state={state}").context["cl"].result_count == 1


def test_hits_are_shown_at_once(version, staff):
    cache.clear()
    row = rule()
    count_hits([Hit("rule", row.pk)])
    assert [shown.hits for shown in staff.get(RULES).context["cl"].result_list] == [1]


def test_a_rule_names_what_the_index_knows(version, staff):
    saved = staff.post(f"{RULES}add/", {**RULE, "action": "pin", "sku": " S1 ", "position": "2"}, follow=True)
    assert errors(saved) == {}
    row = MerchandisingRule.objects.get()
    assert (row.product_key, row.sku) == (IndexEntry.objects.get(sku="s1").product_key, "S1")
    staff.post(
        f"{RULES}add/",
        {**RULE, "place": "similar_product", "phrase": "s2", "facet": "colour", "value": "navy blue"},
    )
    row = MerchandisingRule.objects.latest("pk")
    assert (row.place_key, row.token) == (IndexEntry.objects.get(sku="s2").product_key, "colour=Navy Blue")
    staff.post(
        f"{RULES}add/", {**RULE, "place": "category", "phrase": "shirts", "sku": "s1", "position": "3"}
    )
    row = MerchandisingRule.objects.latest("pk")
    assert (row.phrase, row.position) == ("Shirts", None)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"sku": "gone"}, "sku", "No product with the SKU 'gone' is in the search index."),
        ({}, "sku", "Name a product by its SKU, or a facet and its value: one of them."),
        (
            {"sku": "s1", "facet": "brand", "value": "Acme"},
            "sku",
            "Name a product by its SKU, or a facet and its value: one of them.",
        ),
        ({"sku": "s1", "action": "pin"}, "position", "A pin needs a place from 1."),
        ({"facet": "brand", "value": "Acme", "action": "pin", "position": "1"}, "sku", "A pin needs the SKU of a product."),
        ({"facet": "brand"}, "value", "A facet and its value belong together: fill both, or none."),
        (
            {"facet": "brand", "value": "Bolts"},
            "value",
            "No product in the search index has the brand 'Bolts'. Did you mean Bolt?",
        ),
        (
            {"sku": "s1", "place": "category", "phrase": "Shirt"},
            "phrase",
            "No product in the search index has the category 'Shirt'. Did you mean Shirts?",
        ),
        (
            {"sku": "s1", "place": "similar_product", "phrase": "s9"},
            "phrase",
            "No product with the SKU 's9' is in the search index.",
        ),
        ({"sku": "s1", "phrase": "!!"}, "phrase", "It contains no word that a query could match."),
        (
            {"sku": "s1", "starts_0": "2026-05-02", "starts_1": "00:00", "ends_0": "2026-05-01", "ends_1": "00:00"},
            "__all__",
            "It ends before it starts; swap the two.",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused(version, staff, typed, field, sentence):
    assert errors(staff.post(f"{RULES}add/", {**RULE, **typed})) == {field: [sentence]}
    assert not MerchandisingRule.objects.exists()


def test_conflicts_are_told_when_saving_and_in_the_list(version, staff):
    older = rule()
    response = staff.post(
        f"{RULES}add/", {**RULE, "action": "pin", "sku": "s1", "position": "1"}, follow=True
    )
    newer = MerchandisingRule.objects.latest("pk")
    sentence = f"Rule {older.pk} hides s1, which rule {newer.pk} pins: it stays hidden."
    assert f"Conflict: {sentence}" in messages(response)
    assert response.content.decode().count(f"<li>{sentence}</li>") == 2
    MerchandisingRule.objects.update(enabled=False)
    assert sentence not in staff.get(RULES).content.decode()
    data = {"action": "enable", "_selected_action": [older.pk, newer.pk]}
    assert messages(staff.post(RULES, data, follow=True)) == ["2 rules enabled.", f"Conflict: {sentence}"]


def test_a_pinned_product_of_a_hidden_brand_is_a_conflict(version, staff):
    rule(sku="", facet="brand", value="Acme")
    response = staff.post(
        f"{RULES}add/", {**RULE, "action": "pin", "sku": "s1", "position": "1"}, follow=True
    )
    assert any("hides s1 (as brand Acme)" in message for message in messages(response))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"url": "//evil.example/"}, "'//evil.example/' must be a path of the shop"),
        ({"url": "/search/?q=Gift"}, "It searches for 'Gift', which this redirect would redirect again."),
        ({"url": "/search/?q=cards"}, "It searches for 'cards', which the redirect of 'card' would redirect again."),
    ],
)  # fmt: skip
def test_a_redirect_leads_into_the_shop_and_to_no_other(version, staff, typed, sentence):
    Redirect.objects.create(phrase="card", url="/cards/")
    response = staff.post(f"{REDIRECTS}add/", {**FORMS[REDIRECTS], **typed})
    assert errors(response)["url"][0].startswith(sentence)


def test_redirects_of_one_query_are_a_conflict(version, staff):
    older = Redirect.objects.create(phrase="gift", url="/cards/", place="contains")
    response = staff.post(f"{REDIRECTS}add/", FORMS[REDIRECTS], follow=True)
    newer = Redirect.objects.latest("pk")
    sentence = f"Redirects {older.pk} and {newer.pk} both take 'gifts': the older one, {older.pk}, wins."
    assert f"Conflict: {sentence}" in messages(response)
    assert "Leads queries with &#x27;gift&#x27; to /cards/" in response.content.decode()


def test_a_banner_is_checked_like_a_redirect(version, staff):
    typed = {**FORMS[BANNERS], "link": "https://evil.example/", "picture": "data:text/html,x"}
    assert set(errors(staff.post(f"{BANNERS}add/", typed))) == {"link", "picture"}
    shown = {**FORMS[BANNERS], "place": "category", "phrase": "shirts", "picture": "/media/sale.webp"}
    page = staff.post(f"{BANNERS}add/", shown, follow=True).content.decode()
    assert "Shows &#x27;Sale&#x27; in the category Shirts" in page
    assert '<img src="/media/sale.webp"' in page


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"means": "colour=navy blues"}, "means", "No product in the search index has the colour 'navy blues'. Did you mean Navy Blue?"),
        ({"means": "fabric=1"}, "means", "'fabric' is not a facet; the facets are category, brand, colour, gender, size, pattern, usage, tags."),
        ({"means": "Kicks"}, "means", "A phrase cannot mean itself."),
        ({"means": "!"}, "means", "'!' contains no word."),
        ({"phrase": "?"}, "phrase", "It contains no word that a query could contain."),
    ],
)  # fmt: skip
def test_a_synonym_that_cannot_work_is_refused(version, staff, typed, field, sentence):
    assert errors(staff.post(f"{SYNONYMS}add/", {**FORMS[SYNONYMS], **typed})) == {field: [sentence]}


def test_a_synonym_holds_lines(version, staff):
    typed = {**FORMS[SYNONYMS], "means": "sneakers\n\n  running   shoes\r\ncolour=navy blue\nsneakers"}
    staff.post(f"{SYNONYMS}add/", typed)
    row = Synonym.objects.get()
    assert row.means == ["sneakers", "running shoes", "colour=Navy Blue"]
    page = staff.get(f"{SYNONYMS}{row.pk}/change/").content.decode()
    assert "sneakers\nrunning shoes\ncolour=Navy Blue</textarea>" in page
    assert (
        "&#x27;kicks&#x27; also finds &#x27;sneakers&#x27;, &#x27;running shoes&#x27;"
        in staff.get(SYNONYMS).content.decode()
    )


def test_a_synonym_is_tried_before_it_is_saved(version, staff):
    typed = {**FORMS[SYNONYMS], "phrase": "zephyr", "means": "colour=Navy Blue"}
    response = staff.post(f"{SYNONYMS}preview/", typed)
    preview = response.context["preview"]
    assert (preview.before.total, skus(preview.after)) == (0, ["s1"])
    page = response.content.decode()
    assert "Without it: 0 products" in page
    assert "<b>new</b>" in page
    assert not Synonym.objects.exists()
    row = Synonym.objects.create(phrase="zephyr", means=["colour=Navy Blue"])
    typed |= {"preview_of": row.pk, "means": "brand=Bolt", "preview_query": "zephyr shirt"}
    preview = staff.post(f"{SYNONYMS}preview/", typed).context["preview"]
    assert skus(preview.after)[0] == "s2"
    row.refresh_from_db()
    assert row.means == ["colour=Navy Blue"]


def test_a_preview_says_what_is_wrong_and_needs_permission(version, staff):
    page = staff.post(f"{SYNONYMS}preview/", {"phrase": "", "means": "fabric=1"}).content.decode()
    assert "The synonym cannot be tried yet" in page
    assert "&#x27;fabric&#x27; is not a facet" in page
    page = staff.post(f"{SYNONYMS}preview/", {**FORMS[SYNONYMS], "preview_query": "x\x00"})
    preview = page.context["preview"]
    assert [preview.before.query, preview.after.query] == ["x", "x"]
    assert staff.get(f"{SYNONYMS}preview/").status_code == 405
    assert worker("view_synonym").post(f"{SYNONYMS}preview/", FORMS[SYNONYMS]).status_code == 403
    assert Client().post(f"{SYNONYMS}preview/", FORMS[SYNONYMS]).status_code == 302


def test_the_form_of_a_synonym_can_be_filled_by_a_link(version, staff):
    page = staff.get(f"{SYNONYMS}add/?phrase=zephyr&means=navy+blue").content.decode()
    assert 'value="zephyr"' in page
    assert "navy blue</textarea>" in page


def test_a_rule_is_tried_before_it_is_saved(version, staff):
    typed = {**RULE, "action": "pin", "sku": "s2", "position": "1"}
    response = staff.post(f"{RULES}preview/", typed)
    preview = response.context["preview"]
    assert (skus(preview.before), skus(preview.after)) == (["s1", "s2"], ["s2", "s1"])
    page = response.content.decode()
    assert "Pins s2 first for &#x27;shirt&#x27;. Shown for: <b>shirt</b>. Nothing is saved yet." in page
    assert "<b>▲ 1</b>" in page
    assert not MerchandisingRule.objects.exists()


def test_a_saved_rule_is_compared_with_being_without_it(version, staff):
    row = rule(action="pin", position=1)
    typed = {**RULE, "sku": "s2", "preview_of": row.pk}
    preview = staff.post(f"{RULES}preview/", typed).context["preview"]
    assert (skus(preview.before), skus(preview.after)) == (["s1", "s2"], ["s1"])
    row.refresh_from_db()
    assert (row.action, row.sku) == ("pin", "s1")


@pytest.mark.parametrize(
    ("typed", "before", "after"),
    [
        ({"place": "contains", "preview_query": "plain shirt"}, ["s2"], []),
        ({"place": "category", "phrase": "Shirts"}, ["s2", "s1"], ["s1"]),
        ({"place": "similar_product", "phrase": "s1"}, ["s2"], []),
        ({"place": "similar_category", "phrase": "Shirts", "preview_query": "s1"}, ["s2"], []),
    ],
)
def test_a_rule_is_tried_where_it_holds(version, staff, typed, before, after):
    IndexEntry.objects.update(text_embedding=unit(1.0))
    preview = staff.post(f"{RULES}preview/", {**RULE, "sku": "s2", **typed}).context["preview"]
    assert (skus(preview.before), skus(preview.after)) == (before, after)


def test_a_preview_of_a_rule_says_what_is_wrong_and_needs_permission(version, staff):
    page = staff.post(f"{RULES}preview/", {**RULE, "sku": "gone"}).content.decode()
    assert "The rule cannot be tried yet:" in page
    assert "No product with the SKU &#x27;gone&#x27; is in the search index." in page
    typed = {**RULE, "sku": "s1", "place": "similar_category", "phrase": "Shirts", "preview_query": "gone"}
    assert "The rule cannot be tried yet:" in staff.post(f"{RULES}preview/", typed).content.decode()
    assert worker("view_merchandisingrule").post(f"{RULES}preview/", RULE).status_code == 403


def test_products_are_picked_by_name_or_sku(version, staff):
    found = staff.get(f"{RULES}products/", {"q": "navy shirt"}).json()["products"]
    assert found[0]["sku"] == "s1"
    assert set(found[0]) == {"sku", "name", "image", "price"}
    assert [one["sku"] for one in staff.get(f"{RULES}products/", {"q": "S2"}).json()["products"]][:1] == [
        "s2"
    ]
    rule("s1")
    hidden = staff.get(f"{RULES}products/", {"q": "shirt"}).json()["products"]
    assert {one["sku"] for one in hidden} == {"s1", "s2"}
    assert staff.get(f"{RULES}products/").json() == {"products": []}
    assert worker("view_synonym").get(f"{RULES}products/", {"q": "shirt"}).status_code == 403


def test_the_form_shows_the_product_that_it_names(version, staff):
    row = rule("s1")
    page = staff.get(f"{RULES}{row.pk}/change/").content.decode()
    assert '<span class="fs-picked">' in page
    assert page.count("data-products=") == 2
