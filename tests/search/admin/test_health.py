"""The page of the catalogue's health: who sees it, its states, and what it lists."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from search.models import CatalogueHealth, IndexEntry, IndexVersion
from search.quality.findings import TEXTS
from search.quality.health import check_health
from search.quality.jobs import ask, compute
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

PAGE = "/admin/fashion_search/cataloguehealth/"


def client_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff() -> Client:
    return client_with("view_cataloguehealth", "change_cataloguehealth", "view_product", "view_staleproduct")


@pytest.fixture
def version(tiny_artifact) -> IndexVersion:
    return make_version(tiny_artifact)


@pytest.fixture
def checked(version) -> CatalogueHealth:
    facets = {"category": ["Shirts"]}
    for sku in ("A1", "A2"):
        add(version, sku, f"Red shirt {sku}", pictures=[unit(1)], facets=facets, description="Soft.")
    add(version, "A3", "Blue bag", price=None, facets=facets, description="Soft.")
    IndexEntry.objects.filter(sku="a3").update(error="a.jpg: <b>empty</b>")
    ask(CatalogueHealth, version)
    compute(CatalogueHealth, version.pk, check_health)
    return CatalogueHealth.objects.get()


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


class TestPermission:
    @pytest.mark.parametrize("page", ["", "state/"])
    def test_nobody_in_particular_is_asked_to_log_in(self, client, page):
        response = client.get(PAGE + page)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize("page", ["", "state/"])
    def test_staff_without_the_permission_is_refused(self, page):
        assert client_with("view_cataloguemap").get(PAGE + page).status_code == 403

    def test_staff_who_may_view_sees_it_and_cannot_start_it(self, checked, published):
        client = client_with("view_cataloguehealth")
        page = client.get(PAGE + "?kind=broken").content.decode()
        assert "Blue bag" in page
        assert "start/" not in page
        assert "/admin/shop/product/" not in page
        assert "/staleproduct/" not in page
        assert client.get(PAGE + "state/").status_code == 200
        assert client.post(PAGE + "start/").status_code == 403
        assert published == []


def test_empty_until_it_is_checked(staff, version, published):
    assert "This version has not been checked yet" in text_of(staff.get(PAGE))
    page = text_of(staff.post(PAGE + "start/", follow=True))
    assert "The catalogue is being checked:" in page
    assert published == [("check_health", version.pk)]


def test_without_a_version(staff):
    assert "There is no active index version. Build the index first" in text_of(staff.get(PAGE))


def test_all_kinds_with_their_counts_and_the_worst_first(staff, checked):
    page = text_of(staff.get(PAGE))
    for text, count in zip(TEXTS, (0, 2, 1, 1, 0, 0, 1), strict=True):
        assert f" {count} {text.title} " in page
    assert "Different products show the same picture" in page
    assert "2 products" in page
    assert "3 pictures were compared" not in page
    assert (
        "2 pictures were compared with their nearest ones; listed are those with a similarity of 0.999"
        in page
    )


@pytest.mark.parametrize("kind", [text.kind for text in TEXTS])
def test_each_kind_says_what_it_means_and_what_to_do(staff, checked, kind):
    page = text_of(staff.get(f"{PAGE}?kind={kind}"))
    text = next(text for text in TEXTS if text.kind == kind)
    assert str(text.meaning) in page
    count = checked.figures["counts"][kind]
    assert ("What to do." in page) == bool(count)
    nothing = "Nothing was compared." if kind == "disagree" else "None. Nothing to do here."
    assert (nothing in page) == (not count)


def test_nothing_that_was_looked_at_is_no_good_news(staff, checked):
    figures = checked.figures
    figures["counts"] |= dict.fromkeys(figures["counts"], 0)
    figures["duplicate"]["compared"] = 0
    checked.save()
    page = text_of(staff.get(f"{PAGE}?kind=duplicate"))
    assert "Nothing was compared: no picture has an embedding." in page
    figures["products"] = 0
    checked.save()
    page = text_of(staff.get(f"{PAGE}?kind=no-price"))
    assert "Nothing was looked at: no product is in the version." in page


def test_a_finding_links_to_the_product_and_shows_the_reason(staff, checked):
    page = staff.get(PAGE + "?kind=broken").content.decode()
    key = IndexEntry.objects.get(sku="a3").product_key
    assert f'<a href="/admin/shop/product/{key}/change/">' in page
    assert "a.jpg: &lt;b&gt;empty&lt;/b&gt;" in page
    assert "/admin/fashion_search/staleproduct/?state=failed" in page


def test_a_product_that_is_gone_is_named_by_its_key(staff, checked):
    entry = IndexEntry.objects.get(sku="a3")
    entry.delete()
    page = staff.get(PAGE + "?kind=no-price").content.decode()
    assert "Blue bag" in page  # the shop still has it
    assert f'<a href="/admin/shop/product/{entry.product_key}/change/">' not in page


def test_an_unknown_kind_or_page_shows_the_worst(staff, checked):
    assert "Different products show" in text_of(staff.get(PAGE + "?kind=nonsense&p=x"))


def test_the_number_of_queries_does_not_grow(staff, checked, version, django_assert_max_num_queries):
    for number in range(20):
        add(version, f"B{number}", "Shirt", price=None)
    ask(CatalogueHealth, version)
    compute(CatalogueHealth, version.pk, check_health)
    with django_assert_max_num_queries(16):
        page = text_of(staff.get(PAGE + "?kind=no-price"))
    assert page.count("Shirt") >= 20


def test_the_page_has_no_inline_scripts_or_styles(staff, checked):
    page = staff.get(PAGE).content.decode()
    start = page.index('<div class="insight-page map-page">')
    assert "style=" not in page[start:]
    assert "<script" not in page[start:]
