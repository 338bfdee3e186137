"""Naughty texts in the search boxes, filters and forms of the admin: no 5xx, nothing unescaped."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.abuse.pages import query, send_all, send_all_to
from tests.abuse.strings import MEGABYTES, SHORT

pytestmark = [pytest.mark.django_db, pytest.mark.long]

LISTS = [model._meta for model, options in admin.site._registry.items() if options.search_fields]
OWN = "/admin/fashion_search/"
PAGES = (
    ("queryday/inspector/", "q", ""),
    ("queryday/inspector/", "sku", "q=shirt"),
    ("queryday/inspector/", "filters", "q=shirt"),
    ("queryday/compare/", "q", ""),
    ("queryday/compare/", "left_settings", "q=shirt"),
    ("queryday/compare/", "before", ""),
    ("queryday/workbench/", "q", ""),
    ("queryday/workbench/", "from", "q=shirt"),
    ("queryday/", "q", ""),
    ("queryday/", "p", ""),
    ("searchday/", "from", ""),
    ("cataloguemap/words/", "by", ""),
    ("cataloguemap/card/", "key", ""),
    ("cataloguehealth/", "kind", ""),
    ("producttag/review/", "q", ""),
    ("producttag/review/", "word", ""),
    ("producttag/review/", "kind", ""),
    ("producttag/review/", "undo", ""),
)
TIMES = {"starts_0": "", "starts_1": "", "ends_0": "", "ends_1": "", "enabled": "on", "note": ""}
PLACED = TIMES | {"place": "query", "phrase": "shirt"}
RULE = PLACED | {
    "action": "boost",
    "sku": "",
    "facet": "colour",
    "value": "Red",
    "position": "",
    "strength": "clearly",
}
# Each form with what is right in it, and the fields that take a text.
FORMS = {
    "synonym/add/": ({"phrase": "a", "means": "b"}, ("phrase", "means", "note")),
    "synonym/preview/": ({"phrase": "a", "means": "b"}, ("phrase", "means", "preview_query", "preview_of")),
    "merchandisingrule/add/": (RULE, ("phrase", "sku", "facet", "value", "note", "position", "starts_0")),
    "redirect/add/": (PLACED | {"url": "/gifts/"}, ("phrase", "url")),
    "banner/add/": (PLACED | {"text": "Sale", "link": "", "picture": ""}, ("text", "link", "picture")),
    "tagword/add/": ({"kind": "style", "text": "boho"}, ("kind", "text")),
    "producttag/decide/": ({"accept": "1"}, ("accept", "back", "p")),
}
HARMFUL = [name for name in SHORT if name not in MEGABYTES]


def test_search_boxes(admin_client, indexed):
    def send(meta, text):
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
        return admin_client.get(f"{address}?{query(q=text)}")

    assert send_all_to(LISTS, send, *SHORT) == {}


def test_the_filters_of_a_list(admin_client, indexed):
    names = ("gender", "category__id__exact", "created__year", "o", "p", "_popup", "stock", "e")

    def send(name, text):
        return admin_client.get(f"/admin/shop/product/?{query(**{name: text})}")

    assert send_all_to(names, send, *HARMFUL) == {}


@pytest.mark.parametrize("year", ["9999", "9999&{}__month=12", str(10**11), "9" * 5_000, "0", "-1"])
@pytest.mark.parametrize(
    ("path", "field"), [("shop/product/", "created"), ("fashion_search/loggedsearch/", "at")]
)
def test_years_that_python_does_not_have(admin_client, indexed, path, field, year):
    address = f"/admin/{path}?{field}__year={year.format(field)}"
    response = admin_client.get(address)
    if response.status_code == 200:  # without a hierarchy of dates it is a year like any other
        assert (field, response.context["cl"].result_count) == ("created", 0)
        return
    assert (response.status_code, response["Location"]) == (302, f"/admin/{path}?e=1")
    assert admin_client.get(response["Location"]).status_code == 200


def test_the_last_year_but_one_is_looked_up(admin_client, indexed):
    assert admin_client.get("/admin/shop/product/?created__year=9998").status_code == 200


@pytest.mark.parametrize("meta", LISTS, ids=str)
@pytest.mark.parametrize("lookup", ["pk__regex=(", "pk__iregex=a{1,9999}"])
def test_what_postgres_alone_refuses_to_look_up(admin_client, indexed, meta, lookup):
    path = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    response = admin_client.get(f"{path}?{lookup}")
    assert (response.status_code, response["Location"]) == (302, f"{path}?e=1")


def test_pages_of_search(admin_client, indexed):
    def send(to, text):
        path, name, beside = to
        return admin_client.get(f"{OWN}{path}?{beside}&{query(**{name: text})}")

    assert send_all_to(PAGES, send, *SHORT) == {}


def test_the_inspector_with_every_text(admin_client, indexed):
    assert (
        send_all(lambda text: admin_client.get(f"{OWN}queryday/inspector/?{query(q=text, sku=text)}")) == {}
    )


def test_the_workbench_with_every_text(admin_client, indexed):
    assert send_all(lambda text: admin_client.get(f"{OWN}queryday/workbench/?{query(q=text)}")) == {}


def test_fields_of_forms(admin_client, indexed):
    def send(to, text):
        path, name = to
        sent = FORMS[path][0] | {name: text.encode("utf-8", "replace").decode()}
        kind = "application/x-www-form-urlencoded"
        return admin_client.post(OWN + path, query(**sent), content_type=kind)

    assert (
        send_all_to([(path, name) for path, (_, names) in FORMS.items() for name in names], send, *HARMFUL)
        == {}
    )


def test_the_login(client, indexed, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher"
    ]  # not what is tested, and slow

    def send(name, text):
        sent = {"username": "a", "password": "b", "next": "/admin/"} | {name: text}
        return client.post("/admin/login/", query(**sent), content_type="application/x-www-form-urlencoded")

    assert send_all_to(["username", "password", "next"], send, *HARMFUL) == {}
