"""Nobody reads or changes what is not theirs, at any address of the project."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from search.models import IndexVersion
from shop.models import Product
from tests.search.products import begin_version, drain
from tests.security.addresses import Address, addresses, shared
from tests.security.rows import make_rows
from tests.security.rules import RULES, Rule

EVERY = list(addresses())
ADDRESSES = {address.name: address.pattern.pattern for address in EVERY}
FORMER = (
    "admin:<<path:object_id>/>"  # of a form; Django adds one for each model, which sends on to the form's own
)
GUARDED = sorted(name for name, rule in RULES.items() if name.startswith("admin:") and rule.staff == 403)


@pytest.fixture
def rows(index_settings, make_products) -> Iterator[dict[str, str]]:
    """A shop with a row of everything, by app and model."""
    make_products([1])
    begin_version()
    drain()
    IndexVersion.objects.update(state="active")
    return make_rows()


def client_of(kind: str) -> Client:
    """Somebody of a kind."""
    client = Client()
    if kind == "staff":
        client.force_login(get_user_model().objects.create_user("reader", is_staff=True))
    elif kind == "superuser":
        client.force_login(get_user_model().objects.create_superuser("admin"))
    return client


def where(name: str, rows: dict[str, str]) -> str:
    """The address of a name, with the keys of real rows."""
    if RULES[name].at:
        return RULES[name].at.replace("SLUG", Product.objects.get().slug)
    label = next((label for label in rows if f":{label}_" in name), "")
    key = rows.get("fashion_search_indexversion" if name.endswith("_activate") else label, "1")
    return reverse(name, kwargs=dict.fromkeys(ADDRESSES[name].converters, key))


def status(client: Client, rule: Rule, address: str, method: str = "") -> int:
    """The status of an answer that is read to its end."""
    response = client.generic(method or rule.method, address)
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


def test_every_address_has_a_rule_and_every_rule_an_address():
    assert sorted(ADDRESSES.keys() - RULES.keys()) == []
    assert sorted(RULES.keys() - ADDRESSES.keys()) == []


def test_no_rule_is_shared_but_that_of_the_former_addresses_of_forms():
    """An address that takes another's name would be looked at by no test below."""
    (name, routes), *others = shared(EVERY).items()
    assert (name, others) == (FORMER, [])
    models = {
        rule.removeprefix("admin:").removesuffix("_history") for rule in RULES if rule.endswith("_history")
    }
    assert {"_".join(route.split("/")[1:3]) for route in routes} == models
    assert {re.sub(r"^admin/\w+/\w+/", "", route) for route in routes} == {"<path:object_id>/"}
    assert len(routes) == len(models)


def test_an_address_that_takes_the_name_of_another_is_noticed():
    search = next(address for address in EVERY if address.name == "fashion_search_pages:search")
    second = Address("fashion_search_pages:search", "secret/", search.pattern)
    assert shared([*EVERY, second])["fashion_search_pages:search"] == ["search/", "secret/"]


def test_an_address_without_a_rule_is_noticed():
    assert "admin:shop_product_changelist" in ADDRESSES
    assert len(ADDRESSES) > 120
    assert sorted(ADDRESSES.keys() - (RULES.keys() - {"shop:home"})) == ["shop:home"]


@pytest.mark.parametrize("kind", ["anonymous", "staff", "superuser"])
def test_everybody_gets_what_the_rule_says(rows, kind):
    client = client_of(kind)
    got = {name: status(client, rule, where(name, rows)) for name, rule in RULES.items()}
    assert got == {name: getattr(rule, kind) for name, rule in RULES.items()}


@pytest.mark.parametrize(("kind", "to"), [("anonymous", "/admin/login/?next={}"), ("superuser", "{}change/")])
def test_every_former_address_of_a_form_sends_on(rows, kind, to):
    client = client_of(kind)
    for route in shared(EVERY)[FORMER]:
        address = "/" + route.replace("<path:object_id>", "1")
        assert client.get(address)["Location"] == to.format(address)


def test_nobody_in_particular_is_sent_to_log_in(rows):
    client = Client()
    behind = [
        name for name in RULES if name.startswith("admin:") and name not in ("admin:login", "admin:logout")
    ]
    for name in behind:
        response = client.generic(RULES[name].method, where(name, rows))
        assert response["Location"].startswith("/admin/login/?next="), name


def test_staff_without_a_permission_change_nothing(rows):
    """A form's address refuses a POST as it refuses a look at it, or takes none at all."""
    client = client_of("staff")
    got = {name: status(client, RULES[name], where(name, rows), "POST") for name in GUARDED}
    assert {name: code for name, code in got.items() if code not in (403, 405)} == {}


def test_every_form_of_the_admin_asks_for_its_token(rows):
    """A superuser's browser that another site sends here changes nothing."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("admin"))
    names = [name for name in RULES if name.startswith("admin:")]
    got = {name: status(client, RULES[name], where(name, rows), "POST") for name in names}
    assert {name: code for name, code in got.items() if code not in (403, 405)} == {}


def test_the_form_for_photos_asks_for_its_token_and_the_api_for_none(rows):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/search/photo/").status_code == 403
    assert client.post("/api/v1/search/photo/").status_code == 400  # there is no photo in it
