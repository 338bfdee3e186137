"""The page of the map: who sees it, its states, its points and cards."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from search.indexing import marks
from search.models import CatalogueMap, IndexEntry, IndexVersion
from search.quality.jobs import ask, compute
from search.quality.projection import make_map
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

PAGE = "/admin/fashion_search/cataloguemap/"
PAGES = ["", "state/", "points/", "card/?key=1", "product/?key=1", "words/"]


def client_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff() -> Client:
    return client_with("view_cataloguemap", "change_cataloguemap", "view_product")


@pytest.fixture
def version(tiny_artifact) -> IndexVersion:
    return make_version(tiny_artifact)


@pytest.fixture
def made(version) -> CatalogueMap:
    add(version, "A1", "Red shirt", pictures=[unit(1)], facets={"category": ["Apparel", "Shirts"]})
    add(version, "A2", "Blue bag", pictures=[unit(0, 1)], facets={"category": ["Bags"], "size": ["S", "M"]})
    ask(CatalogueMap, version)
    compute(CatalogueMap, version.pk, make_map)
    return CatalogueMap.objects.get()


def key_of(sku: str) -> str:
    return IndexEntry.objects.get(sku=sku.lower()).product_key


class TestPermission:
    @pytest.mark.parametrize("page", PAGES)
    def test_nobody_in_particular_is_asked_to_log_in(self, client, page):
        response = client.get(PAGE + page)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize("page", PAGES)
    def test_staff_without_the_permission_is_refused(self, page):
        assert client_with("view_searchday").get(PAGE + page).status_code == 403

    def test_staff_who_may_view_sees_it_and_cannot_start_it(self, made, published):
        client = client_with("view_cataloguemap")
        for page in ("", "state/", "points/", f"card/?key={key_of('A1')}", "words/"):
            assert client.get(PAGE + page).status_code == 200
        assert "start/" not in client.get(PAGE).content.decode()
        assert client.post(PAGE + "start/").status_code == 403
        assert published == []

    def test_who_may_not_see_products_gets_no_links_to_them(self, made):
        client = client_with("view_cataloguemap")
        assert client.get(f"{PAGE}card/?key={key_of('A1')}").json()["opens"] is False
        assert client.get(f"{PAGE}product/?key={key_of('A1')}").status_code == 404
        assert "/admin/shop/product/" not in client.get(PAGE + "words/").content.decode()


class TestStates:
    def test_empty(self, staff, version):
        page = staff.get(PAGE).content.decode()
        assert "No map of this version yet" in page
        assert "Make the map" in page
        assert "<canvas" not in page
        assert [staff.get(PAGE + path).status_code for path in ("points/", "words/", "card/?key=1")] == [
            404
        ] * 3

    def test_without_a_version(self, staff):
        page = staff.get(PAGE).content.decode()
        assert "There is no active index version. Build the index first" in page
        assert "start/" not in page
        response = staff.post(PAGE + "start/", follow=True)
        assert "There is no active index version: build one first." in response.content.decode()
        assert staff.get(PAGE + "state/").json() == {"under_way": False, "stamp": ""}

    def test_the_button_hands_the_work_to_celery_once(self, staff, version, published):
        page = staff.post(PAGE + "start/", follow=True).content.decode()
        assert "A worker computes it." in page
        assert "The map is being made:" in page
        assert "Make the map" not in page
        assert "It is being computed already." in staff.post(PAGE + "start/", follow=True).content.decode()
        assert published == [("map_catalogue", version.pk)]
        assert staff.get(PAGE + "start/").status_code == 405
        state = staff.get(PAGE + "state/").json()
        assert (state["under_way"], state["step"], state["percent"]) == (True, "waiting for a worker", 0)

    def test_where_the_queue_is_away_it_says_so(self, staff, version, monkeypatch):
        monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
        page = staff.post(PAGE + "start/", follow=True).content.decode()
        assert (
            page.count("The task queue cannot be reached, so nothing was begun. Try again in a minute.") == 2
        )
        assert "Make the map" in page

    def test_a_failure_is_shown_beside_the_former_map(self, staff, made):
        CatalogueMap.objects.update(state="failed", error="The map needs the package openTSNE.")
        page = staff.get(PAGE).content.decode()
        assert "The last attempt failed. The map needs the package openTSNE." in page
        assert "<canvas" in page
        assert "Make it again" in page

    def test_a_worker_that_died_is_noticed(self, staff, version):
        ask(CatalogueMap, version)
        CatalogueMap.objects.update(state="computing", seen_at="2026-01-01T00:00:00Z")
        page = staff.get(PAGE).content.decode()
        assert "has given no sign of life for minutes" in page
        assert "Make the map" in page


def test_the_map_of_another_version_is_not_shown(staff, made, tiny_artifact):
    IndexVersion.objects.update(state="retired")
    make_version(tiny_artifact)
    assert "No map of this version yet" in staff.get(PAGE).content.decode()


def test_points(staff, made):
    points = staff.get(PAGE + "points/").json()
    assert points == {
        "side": 65535,
        "keys": [key_of("A1"), key_of("A2")],
        "x": [0, 65535] if points["x"][0] == 0 else [65535, 0],
        "y": [32768, 32768],
        "colourings": [
            {"name": "category", "values": ["Apparel", "Bags"], "counts": [1, 1], "of": [0, 1]},
            {"name": "category, level 2", "values": ["Bags", "Shirts"], "counts": [1, 1], "of": [1, 0]},
        ],
    }


def test_a_card_and_the_way_to_the_product(staff, made):
    key = key_of("A1")
    assert staff.get(f"{PAGE}card/?key={key}").json() == {
        "name": "Red shirt",
        "sku": "A1",
        "image": "",
        "facets": [["category", "Apparel, Shirts"]],
        "opens": True,
    }
    assert staff.get(f"{PAGE}product/?key={key}")["Location"] == f"/admin/shop/product/{key}/change/"
    for key in ("0", "none", "%01", ""):
        assert staff.get(f"{PAGE}card/?key={key}").status_code == 404


def test_the_map_in_words(staff, made):
    page = staff.get(PAGE + "words/?by=category").content.decode()
    assert "Map of the catalogue in words" in page
    assert f'<a href="/admin/shop/product/{key_of("A2")}/change/">Blue bag</a>' in page
    assert page.count('<th scope="row">') == 2


def test_the_page_has_no_inline_scripts_or_styles(staff, made):
    page = staff.get(PAGE).content.decode()
    start = page.index('<div class="insight-page map-page">')
    assert "style=" not in page[start:]
    assert "onclick" not in page
    assert 'src="/static/fashion_search/map.js"' in page
