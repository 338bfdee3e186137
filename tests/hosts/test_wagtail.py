"""A shop of Wagtail's, made by `wagtail start` and given the plugin by docs/wagtail.md: it finds what is live and public, and follows its editors."""

import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.hosts.crawl import Crawl
from tests.hosts.host import NAME, Browser, Host, Project, new_shop, within
from tests.hosts.page import DOCS

pytestmark = pytest.mark.long

FILES = Path(__file__).parent / "wagtail"
WAGTAIL_S = Project(
    f"wagtail start {NAME} .", f"{NAME}/settings/base.py", f"{NAME}.settings.dev", DOCS / "wagtail.md"
)
LIMIT = 600  # seconds from `pip install` to a verified search
SOON = 5.0  # seconds from a saved change to a result
GIVEN = """
import json
from datetime import timedelta
from decimal import Decimal
from django.core.management import call_command
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import Locale, Page, PageViewRestriction, Site
from taggit.models import Tag
from catalogue.models import Brand, CategoryPage, GalleryImage, ProductPage, Variant

products = ProductPage.objects.live().order_by('pk')
"""
LINK = re.compile(r'<li>\s*<div data-sku="([^"]*)".*?<a href="([^"]*)".*?<span class="fs-name">([^<]*)</span>', re.DOTALL)  # fmt: skip


@pytest.fixture(scope="module")
def shop(folder) -> Iterator[Host]:
    """The shop with its index built and its processes running."""

    def own(host: Host) -> None:
        shutil.copytree(FILES / "catalogue", host.project / "catalogue")
        host.run("python manage.py makemigrations catalogue && python manage.py migrate")

    with new_shop(folder, "wagtail", ('"wagtail>=8.0"', '"psycopg[binary]"'), own, WAGTAIL_S) as host:
        yield host


def run(shop: Host, code: str) -> str:
    """Run Python in the shop, as a script of its own would do, and return what it printed."""
    return shop.execute(["python", "manage.py", "shell", "--verbosity", "0", "-c", GIVEN + code])


def ask(shop: Host, code: str) -> object:
    """Return the value of an expression in the shop."""
    return json.loads(run(shop, f"print(json.dumps({code}, default=str))"))


def results(shop: Host, query: str, **chosen: str) -> list[tuple[str, str, str]]:
    """SKU, address and name of the products on the page of results."""
    facets = "".join(f"&{name}={quote(value)}" for name, value in chosen.items())
    answer = shop.browser().get(f"/search/?q={quote(query)}{facets}")
    assert answer.status == 200, answer.text[:2000]
    return [(sku, unescape(address), unescape(name)) for sku, address, name in LINK.findall(answer.text)]


def found(shop: Host, query: str, **chosen: str) -> list[str]:
    """The SKUs on the page of results."""
    return [sku for sku, _, _ in results(shop, query, **chosen)]


def card(shop: Host, sku: str) -> dict[str, str]:
    """What the API says of a product."""
    return json.loads(shop.browser().get(f"/api/v1/products/{sku}/").text)


def sku_of(shop: Host, number: int) -> str:
    """The SKU of one of the products; each test has its own."""
    return str(ask(shop, f"products[{number}].sku"))


def product(sku: str) -> str:
    """A line that has the page of a SKU in the shop."""
    return f"one = ProductPage.objects.get(sku={sku!r}, locale__language_code='en', alias_of=None)\n"


def test_the_page_leads_to_a_verified_search_in_time(shop, report):
    report(shop.seconds)
    assert sum(shop.seconds.values()) < LIMIT
    verified, names = shop.said[-2:]
    assert "0 products cannot be indexed wholly." in verified
    assert not re.search(r"^(?:failed|warning)\b", verified, re.MULTILINE)
    assert "[]" not in names


def test_many_documents_and_cards_take_as_many_queries_as_few(shop):
    code = """
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fashion_search.registry import get_index, load_each


def count(number):
    keys = [str(pk) for pk in get_index().get_queryset().filter(depth=6).values_list('pk', flat=True)[:number]]
    with CaptureQueriesContext(connection) as seen:
        found = load_each(keys).products.values()
        assert len([get_index().document(one) for one in found]) == number
    return len(seen)


print(json.dumps([count(3), count(20)]))
"""
    few, many = json.loads(run(shop, code))
    assert many < 20
    assert many - few <= 17  # at most one for the pages above each other category


def test_skus_of_pages_and_variants_find_the_page(shop):
    sku, variant = ask(shop, "(lambda one: [one.sku, one.variants.last().sku])(products[0])")
    assert found(shop, sku)[:1] == found(shop, variant)[:1] == [sku]


def test_facets_are_tags_categories_with_their_way_and_sizes(shop):
    facets = json.loads(shop.browser().get("/api/v1/search/").text)["facets"]
    counted = {name: {one["value"]: one["count"] for one in options} for name, options in facets.items()}
    tags = ask(shop, "{tag.name: products.filter(tags=tag).distinct().count() for tag in Tag.objects.all()}")
    assert {name: counted["tags"][name] for name in tags if tags[name]} == {
        k: v for k, v in tags.items() if v
    }
    shared = ask(
        shop,
        "[title for title in set(CategoryPage.objects.values_list('title', flat=True))"
        " if CategoryPage.objects.filter(title=title).count() > 1]",
    )
    assert shared
    assert not set(shared) & set(counted["category"])
    assert any(value.endswith(f"\u203a {shared[0]}") for value in counted["category"])
    assert len(counted["size"]) > 2


def test_cards_have_renditions_and_those_without_a_file_have_none(shop):
    sku = sku_of(shop, 1)
    image = card(shop, sku)["image"]
    assert "fill-300x400" in image
    assert shop.browser().get(image).status == 200
    run(shop, product(sku) + "image = one.gallery.first().image; image.renditions.all().delete(); image.file.storage.delete(image.file.name); image.save()")  # fmt: skip
    within(SOON, lambda: card(shop, sku)["image"] == "", "a picture whose file is gone")
    assert sku in found(shop, sku)


def test_a_new_focal_point_is_in_the_address_of_the_picture(shop):
    sku = sku_of(shop, 2)
    before = card(shop, sku)["image"]
    code = "image = one.gallery.first().image; image.focal_point_x = image.focal_point_y = 30; image.focal_point_width = image.focal_point_height = 20; image.save()"
    run(shop, product(sku) + code)
    within(SOON, lambda: card(shop, sku)["image"] not in ("", before), "a focal point")


class TestChanges:
    """Each kind of change is on the page of results within seconds."""

    def test_a_published_edit_and_no_draft_of_it(self, shop):
        sku = sku_of(shop, 3)
        run(shop, product(sku) + "one.title = 'Quokka cape'; one.save_revision()")
        draft = "one = ProductPage.objects.get(pk=one.pk)\nassert one.has_unpublished_changes and one.title != 'Quokka cape'"
        run(shop, product(sku) + draft)
        run(shop, product(sku_of(shop, 4)) + "one.title = 'Numbat coat'; one.save_revision().publish()")
        within(
            SOON, lambda: "Numbat coat" in [name for *_, name in results(shop, "numbat coat")], "a new title"
        )
        assert "Quokka cape" not in [name for *_, name in results(shop, "quokka cape")]
        run(shop, product(sku) + "one.get_latest_revision().publish()")
        within(SOON, lambda: found(shop, "quokka cape")[:1] == [sku], "the draft, published")

    def test_an_edited_child(self, shop):
        sku = sku_of(shop, 5)
        code = "child = one.variants.first(); child.size = 'Bilby'; child.sku = 'BILBY-4711'; child.save()"
        run(shop, product(sku) + code)
        within(SOON, lambda: found(shop, "", size="Bilby") == [sku], "a new size")
        within(SOON, lambda: found(shop, "bilby4711")[:1] == [sku], "a new SKU of a variant")

    def test_children_that_are_published_with_their_page(self, shop):
        sku = sku_of(shop, 6)
        code = "one.variants.add(Variant(sku='WOMBAT-99', size='Wombat', stock=1)); one.save_revision().publish()"
        run(shop, product(sku) + code)
        within(SOON, lambda: found(shop, "", size="Wombat") == [sku], "a new variant")

    def test_a_tag_that_is_added_and_one_that_is_renamed(self, shop):
        sku = sku_of(shop, 7)
        run(shop, product(sku) + "one.tags.add('Dingo'); one.save_revision().publish()")
        within(SOON, lambda: found(shop, "", tags="Dingo") == [sku], "a new tag")
        run(shop, "tag = Tag.objects.get(name='Dingo'); tag.name = 'Dunnart'; tag.save()")
        within(SOON, lambda: found(shop, "", tags="Dunnart") == [sku], "a renamed tag")

    def test_a_renamed_snippet(self, shop):
        brand = str(ask(shop, "products[8].brand.name"))
        number = ask(shop, f"products.filter(brand__name={brand!r}).count()")
        run(shop, f"brand = Brand.objects.get(name={brand!r}); brand.name = 'Potoroo'; brand.save()")
        within(SOON, lambda: len(found(shop, "", brand="Potoroo")) == number, "a renamed brand")

    def test_a_deleted_image(self, shop):
        sku = sku_of(shop, 9)
        assert card(shop, sku)["image"]
        run(shop, product(sku) + "one.gallery.first().image.delete()")
        within(SOON, lambda: card(shop, sku)["image"] == "", "a deleted image")

    def test_another_slug_and_another_title_of_a_page_above(self, shop):
        sku = sku_of(shop, 10)
        run(shop, product(sku) + "above = one.get_parent().specific; above.slug = 'kowari'; above.save()")
        within(SOON, lambda: "/kowari/" in results(shop, sku)[0][1], "the address below another slug")
        assert shop.browser().get(results(shop, sku)[0][1]).status == 200
        run(shop, product(sku) + "above = one.get_parent().specific; above.title = 'Kowari'; above.save_revision().publish()")  # fmt: skip
        within(SOON, lambda: sku in found(shop, "", category="Kowari"), "the category by another name")

    def test_a_page_above_that_is_moved(self, shop):
        sku = sku_of(shop, 11)
        code = """
above = one.get_parent().get_parent()
target = Site.objects.get().root_page.add_child(instance=CategoryPage(title='Tammar', slug='tammar'))
Page.objects.get(pk=above.pk).move(target, 'last-child')
"""
        run(shop, product(sku) + code)
        within(SOON, lambda: "/tammar/" in results(shop, sku)[0][1], "the address at another place")
        assert shop.browser().get(results(shop, sku)[0][1]).status == 200

    def test_a_page_that_is_unpublished(self, shop):
        sku = sku_of(shop, 12)
        run(shop, product(sku) + "one.unpublish()")
        within(SOON, lambda: sku not in found(shop, sku), "unpublished")

    def test_a_page_that_is_deleted_and_one_with_all_below_it(self, shop):
        sku = sku_of(shop, 12)  # of those that are live still
        run(shop, product(sku) + "one.delete()")
        within(SOON, lambda: sku not in found(shop, sku), "deleted")
        sku = sku_of(shop, 13)
        run(shop, product(sku) + "Page.objects.get(pk=one.get_parent().pk).delete()")
        within(SOON, lambda: sku not in found(shop, sku), "deleted with the page above it")


def test_schedules_are_followed(shop):
    begins, ends = sku_of(shop, 14), sku_of(shop, 15)
    run(
        shop,
        product(begins)
        + "one.unpublish(); one.go_live_at = timezone.now() + timedelta(seconds=3); one.save_revision().publish()",
    )
    run(
        shop,
        product(ends)
        + "one.expire_at = timezone.now() + timedelta(seconds=3); one.save_revision().publish()",
    )
    within(SOON, lambda: begins not in found(shop, begins), "not live yet")
    assert ends in found(shop, ends)
    code = "import time; time.sleep(4); call_command('publish_scheduled')"
    run(shop, code)
    within(SOON, lambda: begins in found(shop, begins), "live by the schedule")
    within(SOON, lambda: ends not in found(shop, ends), "ended by the schedule")


@pytest.mark.parametrize("of", ["one", "one.get_parent()"])
def test_a_private_page_is_never_found(shop, of):
    sku = sku_of(shop, 16)
    run(shop, product(sku) + f"PageViewRestriction.objects.create(page={of}, restriction_type='login')")
    within(SOON, lambda: sku not in found(shop, sku), "restricted")
    similar = shop.browser().get(f"/api/v1/products/{sku}/")
    assert similar.status == 404
    run(shop, "PageViewRestriction.objects.get().delete()")
    within(SOON, lambda: sku in found(shop, sku), "open again")


def test_a_private_page_can_be_deleted(shop):
    sku = sku_of(shop, 16)
    run(shop, product(sku) + "PageViewRestriction.objects.create(page=one, restriction_type='login')")
    run(shop, product(sku) + "Page.objects.get(pk=one.pk).delete()")
    assert ask(shop, f"ProductPage.objects.filter(sku={sku!r}).count()") == 0
    within(SOON, lambda: sku not in found(shop, sku), "deleted")


def test_a_translation_and_an_alias_are_not_found_beside_the_product(shop):
    sku = sku_of(shop, 17)
    code = """
de = Locale.objects.get(language_code='de')
two = one.copy_for_translation(de, copy_parents=True)
two.title = 'Kasuar'
two.save_revision().publish()
one.create_alias(parent=one.get_parent(), update_slug='the-same-again')
"""
    run(shop, product(sku) + code)
    assert ask(shop, f"ProductPage.objects.live().filter(sku={sku!r}).count()") == 3
    run(shop, product(sku) + "one.title = 'Cassowary'; one.save_revision().publish()")
    within(SOON, lambda: [name for *_, name in results(shop, sku)][:1] == ["Cassowary"], "the one language")
    assert found(shop, sku).count(sku) == 1
    assert "Kasuar" not in [name for *_, name in results(shop, "kasuar")]
    german = """
from catalogue.search_index import Products

index = type('German', (Products,), {'language': 'de'})()
index.model = ProductPage
print(json.dumps([[page.title, index.document(page).facets['category'][0]] for page in index.get_queryset()]))
"""
    assert [title for title, _ in json.loads(run(shop, german))] == ["Kasuar"]


@pytest.fixture(scope="module")
def staff(shop) -> Browser:
    """Somebody who may do everything, logged in."""
    browser = shop.browser()
    assert browser.post("/admin/login/", username="admin", password="drawn-for-tests").status == 200
    return browser


def test_no_page_fails_and_the_menu_leads_to_the_plugin(shop, staff):
    menu = staff.get("/admin/").text
    for page in ("dashboard", "searchday", "merchandisingrule", "synonym", "cataloguehealth"):
        assert f"/django-admin/fashion_search/{page}/" in menu
    crawl = Crawl(shop.browser())
    crawl.follow(
        ["/", "/search/", "/search/?q=red", "/search/?query=red", "/search/?q=%00", "/search/?q=" + "x" * 3000, "/api/v1/search/?q=red",
         "/search/photo/", "/health/ready"],
        most=150,
        may=lambda path: not path.startswith(("/media/", "/static/", "/admin/", "/django-admin/", "/documents/")),
    )  # fmt: skip
    assert crawl.failed() == {}
    assert sum(status == 200 for status in crawl.answers.values()) > 30
    crawl = Crawl(staff, alike=1)
    lists = re.findall(r'href="(/django-admin/\w+/\w+/)"', staff.get("/django-admin/").text)
    assert len([path for path in lists if "/fashion_search/" in path]) > 10
    crawl.follow(
        list(dict.fromkeys(["/admin/", "/admin/pages/", "/admin/images/", *lists])),
        most=120,
        may=lambda path: False,
    )
    assert crawl.failed() == {}


def test_the_menu_shows_each_what_they_may_see(shop):
    code = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from fashion_search.contrib.wagtail.wagtail_hooks import menu_item

request, seen = RequestFactory().get('/admin/'), []
for staff, allowed in ((False, 'view_synonym'), (True, 'view_synonym'), (True, None)):
    request.user = get_user_model().objects.create(username=f'{staff}{allowed}', is_staff=staff)
    request.user.user_permissions.set(Permission.objects.filter(codename=allowed))
    seen.append([item.url for item in menu_item().menu.menu_items_for_request(request)])
print(json.dumps(seen))
"""
    nobody, one, none = json.loads(run(shop, code))
    assert nobody == none == []
    assert one == ["/django-admin/fashion_search/synonym/"]


def test_the_index_is_sound_afterwards_and_no_process_has_told_of_an_error(shop):
    verified = shop.run("python manage.py search_index verify")
    assert not re.search(r"^failed\b", verified, re.MULTILINE)
    assert [path for process in shop.processes if "Traceback" in (path := process.log).read_text()] == []
