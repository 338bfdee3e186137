"""The menu of the plugin's admin pages: on every page, with the present place marked, and only what somebody may see."""

import re

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from search.models import Synonym
from search.templatetags.fashion_search_menu import MENU
from tests.search.admin.test_insight import client_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

PAGES = [(str(section), page) for section, pages in MENU for page in pages]
MODELS = [model for model in admin.site._registry if model._meta.app_label == "fashion_search"]


def menu_of(content: str) -> str:
    """The menu, without what is around it."""
    return content.partition('<nav class="fs-menu"')[2].partition("</nav>")[0]


def marked(content: str) -> list[tuple[str, str]]:
    """The links of the menu that are the present place: the kind of mark, and the label."""
    return re.findall(r'aria-current="(page|true)">([^<]+)</a>', menu_of(content))


@pytest.mark.parametrize(("section", "page"), PAGES, ids=lambda value: getattr(value, "address_name", value))
def test_each_page_of_the_menu_marks_itself(staff, section, page):
    content = staff.get(reverse(f"admin:{page.address_name}")).content.decode()
    expected = (
        [("page", section)] if section == page.label else [("true", section), ("page", str(page.label))]
    )
    assert marked(content) == expected
    assert content.count('<nav class="fs-menu"') == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_each_list_has_it(staff, model):
    content = staff.get(reverse(f"admin:fashion_search_{model._meta.model_name}_changelist")).content.decode()
    assert marked(content)


@pytest.mark.parametrize("model", ["apikey", "banner", "merchandisingrule", "redirect", "synonym", "tagword"])
def test_each_new_form_has_it(staff, model):
    assert marked(staff.get(reverse(f"admin:fashion_search_{model}_add")).content.decode())


@pytest.mark.parametrize("path", ["{}/change/", "{}/delete/", "{}/history/"])
def test_forms_of_a_row_are_within_their_list(staff, path):
    row = Synonym.objects.create(phrase="settee", means=["Sofa"])
    content = staff.get(f"/admin/fashion_search/synonym/{path.format(row.pk)}").content.decode()
    assert marked(content) == [("true", "Merchandising"), ("true", "Synonyms")]


def test_popups_and_pages_of_the_host_do_without(staff):
    assert not menu_of(staff.get("/admin/fashion_search/synonym/add/?_popup=1").content.decode())
    assert not menu_of(staff.get("/admin/shop/product/").content.decode())


@pytest.mark.parametrize(
    ("permissions", "address", "labels"),
    [
        (("view_redirect", "change_banner"), "banner", ["Merchandising", "Redirects", "Banners"]),
        (("view_searchday",), "searchday", ["Overview"]),
    ],
)
def test_only_what_somebody_may_see(permissions, address, labels):
    content = client_with(*permissions).get(f"/admin/fashion_search/{address}/").content.decode()
    assert re.findall(r">([^<]+)</a>", menu_of(content)) == labels


def test_a_page_that_the_host_has_taken_out_is_left_out(staff, monkeypatch):
    def without_banners(name, **options):
        if name == "admin:fashion_search_banner_changelist":
            raise NoReverseMatch
        return reverse(name, **options)

    monkeypatch.setattr("search.templatetags.fashion_search_menu.reverse", without_banners)
    menu = menu_of(staff.get("/admin/fashion_search/redirect/").content.decode())
    assert "Banners" not in menu
    assert "Redirects" in menu


def test_every_list_of_the_admin_is_in_the_menu():
    for model in MODELS:
        name = f"fashion_search_{model._meta.model_name}_changelist"
        assert any(page.holds(name) for _, page in PAGES), name


def test_notes_are_called_so_in_the_way_to_them(staff):
    content = staff.get("/admin/fashion_search/indexentry/").content.decode()
    assert "Notes" in content.partition('class="breadcrumbs"')[2].partition("</div>")[0]
