"""Every page tells browsers to run and load the shop's own files only, and lives by it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from shop.security import page_policy
from tests.search.products import begin_version
from tests.security.addresses import addresses

PAGE = (
    "base-uri 'none'; connect-src 'self'; default-src 'none'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; img-src 'self' blob: data:; manifest-src 'self'; script-src 'self'; style-src 'self'"
)
INERT = "default-src 'none'; frame-ancestors 'none'; sandbox"
PLAIN = sorted({address.name for address in addresses() if address.takes_nothing and "<" not in address.name})


def policy_of(response) -> str:
    """The policy of an answer, its directives in order of their names."""
    return "; ".join(sorted(part.strip() for part in response["Content-Security-Policy"].split(";")))


class Inline(HTMLParser):
    """Collects what the policy would not run: scripts without an address, styles, handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        runs = tag == "script" and named.get("type") not in ("application/json", "application/ld+json")
        if (runs and "src" not in named) or tag == "style":
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in named if name == "style" or re.match("on[a-z]", name)]
        self.found += [
            f"{tag} {value}" for value in named.values() if (value or "").startswith("javascript:")
        ]


@pytest.fixture
def shop(index_settings, make_products, admin_client: Client) -> Client:
    """A shop of three products with a version of the index, and its superuser."""
    make_products(range(1, 4))
    begin_version()
    return admin_client


def test_there_are_pages_to_look_at():
    assert len(PLAIN) > 60
    assert {"shop:home", "fashion_search:docs", "admin:index", "admin:shop_product_add"} <= set(PLAIN)


@pytest.mark.parametrize("name", PLAIN)
def test_every_page_has_the_policy_and_nothing_inline(shop, name):
    response = shop.get(reverse(name))
    assert policy_of(response) == PAGE
    if response["Content-Type"].startswith("text/html"):
        inline = Inline()
        inline.feed(response.content.decode())
        assert inline.found == []


@pytest.mark.parametrize(
    "address",
    ["/products/s1/", "/categories/apparel/", "/nothing/here/", "/media/nothing.jpg", "/search/?q=shirt"],
)
def test_pages_with_a_name_and_pages_that_are_not_there(shop, address):
    assert policy_of(shop.get(address)) == PAGE


def test_hosts_of_redirects_may_follow_a_form_and_show_a_banner():
    policy = page_policy(["partner.example"])
    assert policy["form-action"] == ["'self'", "http://partner.example"]
    assert policy["img-src"] == ["'self'", "blob:", "data:", "http://partner.example"]
    assert {name for name, sources in policy.items() if "http://partner.example" in sources} == {
        "form-action",
        "img-src",
    }


def test_nothing_in_a_file_of_the_media_folder_runs(client, settings):
    evil = Path(settings.MEDIA_ROOT) / "evil.html"
    evil.parent.mkdir(parents=True, exist_ok=True)
    evil.write_text("<script>alert(1)</script>")
    try:
        response = client.get("/media/evil.html")
        assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    finally:
        evil.unlink()
    assert (policy_of(response), response["X-Content-Type-Options"]) == (INERT, "nosniff")


def test_a_thumbnail_is_served_with_a_policy_that_runs_nothing(shop):
    response = shop.get("/media/thumbs/card/products/aa/S1.jpg.webp")
    assert b"".join(response.streaming_content)[8:12] == b"WEBP"
    assert (policy_of(response), response["X-Content-Type-Options"]) == (INERT, "nosniff")
