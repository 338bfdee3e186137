"""An oscar shop, made by Oscar's own steps and given the plugin by those of docs/install.md: it searches, follows changes, and no page fails."""

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote

import pytest

from tests.hosts.crawl import Crawl
from tests.hosts.host import Browser, Host, new_shop, within

pytestmark = pytest.mark.long

LIMIT = 600  # seconds from `pip install` to a verified search
SOON = 5.0  # seconds from a saved change to a result
MOST_PAGES = 200  # of a crawl
GIVEN = """
from decimal import Decimal
import json
from oscar.core.loading import get_model
Product, Category, Value, Option = (get_model('catalogue', name) for name in ('Product', 'Category', 'ProductAttributeValue', 'AttributeOption'))
Record = get_model('partner', 'StockRecord')
"""
# Links of Oscar's own lists that its tables cannot answer, with or without the plugin: the heading of a column of check boxes.
OF_OSCAR = re.compile(r"[?&]sort=-?checkbox\b")
WRITES = re.compile(
    r"/(?:delete|remove|add|create|new|clear|approve|reject|make-default|send)\b|/jsi18n|/admin/r/"
)


@pytest.fixture(scope="module")
def shop(folder) -> Iterator[Host]:
    """The shop with its index built, its processes running, and the seconds that each part took."""

    def own(host: Host) -> None:
        host.run("python manage.py migrate")
        host.run("python manage.py oscar_populate_countries")

    with new_shop(
        folder, "oscar", ('"django-oscar[sorl-thumbnail]"', "pycountry", '"psycopg[binary]"'), own
    ) as host:
        yield host


def run(shop: Host, code: str) -> str:
    """Run Python in the shop, as a script of its own would do, and return what it printed."""
    return shop.execute(["python", "manage.py", "shell", "--verbosity", "0", "-c", GIVEN + code])


def ask(shop: Host, code: str) -> object:
    """Return the value of an expression in the shop."""
    return json.loads(run(shop, f"print(json.dumps({code}, default=str))"))


def titles(page: str) -> list[str]:
    """The names of the products that a page of Oscar's lists, in their order."""
    pods = re.findall(r'<article class="product_pod">.*?</article>', page, re.DOTALL)
    return [unescape(re.search(r'title="([^"]*)"', pod)[1]) for pod in pods]


def found(shop: Host, query: str, **chosen: str) -> list[str]:
    """The names on the page of results."""
    facets = "".join(f"&selected_facets={quote(f'{name}:{value}')}" for name, value in chosen.items())
    answer = shop.browser().get(f"/search/?q={quote(query)}{facets}")
    assert answer.status == 200, answer.text[:2000]
    return titles(answer.text)


def test_the_page_leads_to_a_verified_search_in_time(shop, report):
    report(shop.seconds)
    assert sum(shop.seconds.values()) < LIMIT
    verified, names = shop.said[-2:]
    assert "0 products cannot be indexed wholly." in verified
    assert not re.search(r"^(?:failed|warning)\b", verified, re.MULTILINE)
    assert "[]" not in names


def test_an_sku_of_a_child_or_of_a_stock_record_finds_the_product(shop):
    product = ask(
        shop,
        "list(Product.objects.filter(structure='parent').order_by('pk').values_list('pk', 'upc', 'title'))[0]",
    )
    child = ask(
        shop,
        f"list(Product.objects.filter(parent_id={product[0]}).order_by('pk').values_list('upc', flat=True))[1]",
    )
    sku = ask(
        shop,
        f"list(Record.objects.filter(product__upc='{child}').order_by('-pk').values_list('partner_sku', flat=True))[0]",
    )
    assert sku.startswith("S-")  # of the second partner
    for typed in (product[1], child, sku, sku.replace("-", " ")):
        assert found(shop, typed)[:1] == [product[2]], typed


def test_categories_of_one_name_show_their_own_products(shop):
    shared = ask(
        shop,
        """[
        [one.get_absolute_url(), one.name, sorted(Product.objects.filter(categories=one).values_list('title', flat=True))]
        for one in Category.objects.filter(depth__gt=1, numchild=0) if Category.objects.filter(name=one.name).count() > 1]""",
    )
    assert len({name for _, name, _ in shared}) < len(shared) > 1
    for address, name, own in shared:
        page = shop.browser().get(address)
        assert (page.status, sorted(titles(page.text))) == (200, own[:20]), name


def test_a_category_is_called_by_the_end_of_its_path_that_is_its_own(shop):
    tree = "__import__('fashion_search.contrib.oscar.categories', fromlist=['x']).CategoryTree"
    nodes = [
        (1, "0001", "Shoes"),
        (2, "0002", "Men"),
        (3, "00020001", "shoes"),
        (4, "000200010001", "Boots"),
        (5, "0003", "Women"),
        (6, "00030001", "Shoes"),
        (7, "000300010001", "Boots"),
        (8, "00030002", "Hats"),
        (9, "00030003", "Hats "),  # of one path with the one before
    ]
    values, paths, merged, below = ask(
        shop,
        f"(lambda tree: [[tree.value(pk) for pk in range(1, 11)], [tree.path(7), tree.path(10)],"
        f" [tree.path_of_product([1, 4]), tree.path_of_product([8, 5]), tree.path_of_product([])],"
        f" sorted(tree.below(5))])({tree}({nodes!r}, 4))",
    )
    assert values[:7] == [
        "Shoes",
        "Men",
        "Men > shoes",
        "Men > shoes > Boots",
        "Women",
        "Women > Shoes",
        "Women > Shoes > Boots",
    ]
    assert values[7:] == ["Women > Hats", "Women > Hats", ""]
    assert paths == [["Women", "Women > Shoes", "Women > Shoes > Boots"], []]
    assert merged == [["Shoes", "Men", "Men > shoes", "Men > shoes > Boots"], ["Women", "Women > Hats"], []]
    assert below == ["Women > Hats", "Women > Shoes", "Women > Shoes > Boots"]


def test_many_documents_take_as_many_queries_as_few(shop):
    code = """
from django.db import connection
from django.test.utils import CaptureQueriesContext
from fashion_search.registry import get_index


def count(number):
    index = get_index()
    with CaptureQueriesContext(connection) as seen:
        assert len([index.document(one) for one in index.get_queryset().filter(structure='parent')[:number]]) == number
    return len(seen)


print(json.dumps([count(3), count(20)]))
"""
    few, many = json.loads(run(shop, code))
    assert few == many < 25


def test_facets_are_counted_and_filter_by_attribute_codes(shop):
    colours = ask(
        shop,
        "list(Value.objects.filter(attribute__code='colour').values_list('value_option__option', flat=True))",
    )
    commonest = max(sorted(colours), key=colours.count)
    total = colours.count(commonest)
    page = shop.browser().get("/catalogue/").text
    counted = re.search(rf'colour%3A{quote(commonest)}">{commonest}</a>\s*\((\d+)\)', page)
    assert int(counted[1]) == total
    for name in ("Category", "Brand", "Size", "For", "Pattern", "Material", "Price range", "Availability"):
        assert f">{name}</dt>" in page, name
    page = shop.browser().get(f"/catalogue/?selected_facets=colour:{quote(commonest)}").text
    assert re.search(r"<strong>(\d+)</strong>\s+result", page)[1] == str(total)


def test_sizes_that_are_sold_out_are_no_sizes(shop):
    rows = ask(
        shop,
        """[
        [value.product.parent.title, value.value_option.option]
        for value in Value.objects.filter(attribute__code='size', product__stockrecords__num_in_stock=0).select_related('product__parent')][:1]""",
    )
    (title, size), *_ = rows
    assert title in found(shop, title)
    assert title not in found(shop, title, size=size)


def test_price_and_stock_are_the_strategy_s(shop):
    pk, title = ask(
        shop,
        "list(Product.objects.filter(structure='standalone').order_by('pk').values_list('pk', 'title'))[0]",
    )
    first = ask(
        shop, f"Record.objects.filter(product_id={pk}).order_by('pk').values_list('price', flat=True)[0]"
    )
    indexed = "__import__('fashion_search.models').models.IndexEntry.objects.get(product_key='{}').price"
    assert float(ask(shop, indexed.format(pk))) == float(first)
    answer = json.loads(shop.browser().get(f"/api/v1/search/?q={quote(title)}").text)
    assert float(answer["results"][0]["price"]) == float(first)


class TestChanges:
    """Each kind of change is on the page of results within seconds."""

    def test_an_edited_product(self, shop):
        run(
            shop,
            "one = Product.objects.filter(structure='standalone').first(); one.title = 'Quokka cape'; one.save()",
        )
        within(SOON, lambda: found(shop, "quokka cape")[:1] == ["Quokka cape"], "a new title")

    def test_an_edited_child(self, shop):
        parent = ask(shop, "Product.objects.filter(structure='parent').first().title")
        code = """
one = Product.objects.filter(structure='parent').first().children.order_by('-pk').first()
one.attr.size = Option.objects.create(group=one.attr.get_attribute_by_code('size').option_group, option='Bilby')
one.save()
"""
        run(shop, code)
        within(SOON, lambda: found(shop, "", size="Bilby") == [parent], "a new size of a child")

    def test_a_new_sku_of_a_child_however_it_is_typed(self, shop):
        parent = ask(shop, "Product.objects.filter(structure='parent').first().title")
        run(
            shop,
            "one = Product.objects.filter(structure='parent').first().children.first(); one.upc = 'QUOK-4711'; one.save()",
        )
        within(SOON, lambda: found(shop, "QUOK-4711")[:1] == [parent], "a new UPC of a child")
        assert found(shop, "quok4711")[:1] == [parent]

    def test_an_edited_attribute(self, shop):
        code = """
one = Product.objects.filter(structure='parent').first()
one.attr.pattern = 'Wombatted'
one.attr.save()
"""
        run(shop, code)
        title = ask(shop, "Product.objects.filter(structure='parent').first().title")
        within(SOON, lambda: found(shop, "", pattern="Wombatted") == [title], "a new value, written in bulk")

    def test_a_renamed_option(self, shop):
        count = ask(
            shop, "Value.objects.filter(value_option__option='Black', attribute__code='colour').count()"
        )
        run(
            shop,
            "one = Option.objects.get(option='Black', group__name='Colour'); one.option = 'Jet'; one.save()",
        )
        within(SOON, lambda: len(found(shop, "", colour="Jet")) == min(count, 20), "a renamed colour")

    def test_an_edited_stock_record(self, shop):
        pk, title = ask(
            shop,
            "list(Product.objects.filter(structure='standalone').order_by('-pk').values_list('pk', 'title'))[0]",
        )
        assert title in found(shop, title, stock="yes")
        run(
            shop,
            f"one = Record.objects.filter(product_id={pk}).order_by('pk').first(); one.num_in_stock = 0; one.price = Decimal('4321.50'); one.save()",
        )
        within(SOON, lambda: title not in found(shop, title, stock="yes"), "sold out")
        within(SOON, lambda: found(shop, "", price="4321-4322") == [title], "a new price")

    def test_sold_out_children(self, shop):
        pk, title = ask(
            shop,
            "list(Product.objects.filter(structure='parent').order_by('-pk').values_list('pk', 'title'))[0]",
        )
        run(
            shop,
            f"""
for one in Record.objects.filter(product__parent_id={pk}):
    one.num_in_stock = 0
    one.save()
""",
        )
        within(SOON, lambda: title not in found(shop, title, stock="yes"), "sold out in all sizes")

    def test_a_renamed_category(self, shop):
        run(shop, "one = Category.objects.get(name='Last chance'); one.name = 'Numbat sale'; one.save()")
        count = ask(shop, "Product.objects.filter(categories__name='Numbat sale').count()")
        within(SOON, lambda: len(found(shop, "", category="Numbat sale")) == count, "a renamed category")

    def test_a_product_that_is_not_public_any_more(self, shop):
        run(shop, "one = Product.objects.get(title='Quokka cape'); one.is_public = False; one.save()")
        within(SOON, lambda: "Quokka cape" not in found(shop, "quokka cape"), "unpublished")

    def test_a_deleted_product(self, shop):
        pk, title = ask(
            shop,
            "list(Product.objects.filter(structure='parent').order_by('-pk').values_list('pk', 'title'))[1]",
        )
        assert title in found(shop, title)
        run(shop, f"Product.objects.get(pk={pk}).delete()")
        within(SOON, lambda: title not in found(shop, title), "deleted")

    def test_a_deleted_category(self, shop):
        run(shop, "Category.objects.get(name='Numbat sale').delete()")
        within(SOON, lambda: found(shop, "", category="Numbat sale") == [], "a deleted category")

    def test_the_index_is_sound_afterwards(self, shop):
        assert "0 products cannot be indexed wholly." in shop.run("python manage.py search_index verify")


@pytest.fixture(scope="module")
def staff(shop) -> Browser:
    """Somebody who may do everything, logged in."""
    browser = shop.browser()
    assert (
        browser.post(
            "/admin/login/?next=/admin/", username="admin@example.com", password="drawn-for-tests"
        ).status
        == 200
    )
    return browser


def test_no_page_of_the_storefront_fails(shop):
    crawl = Crawl(shop.browser())
    starts = ["/", "/catalogue/", "/search/?q=red", "/search/?q=blue+shirt&sort_by=price-asc", "/search/", "/basket/",
              "/search/?q=%00", "/search/?q=" + "x" * 3000, "/search/?q=red&selected_facets=price:x", "/search/?q=red&page=0",
              "/catalogue/?page=999", "/search/?selected_facets=rating:5&sort_by=rating&q=red"]  # fmt: skip
    crawl.follow(
        starts,
        most=MOST_PAGES,
        may=lambda path: (
            not path.startswith(("/media/", "/static/", "/admin/", "/dashboard/")) and not WRITES.search(path)
        ),
    )
    assert crawl.failed() == {}
    assert sum(status == 200 for status in crawl.answers.values()) > 40


def test_no_page_of_the_dashboard_and_the_admin_fails(shop, staff):
    dashboard = staff.get("/dashboard/")
    for page in ("dashboard", "searchday", "merchandisingrule", "synonym", "cataloguehealth"):
        assert f"/admin/fashion_search/{page}/" in dashboard.text
    crawl = Crawl(staff, alike=1)
    crawl.follow(
        ["/dashboard/"],
        most=MOST_PAGES,
        may=lambda path: (
            path.startswith("/dashboard/")
            and not OF_OSCAR.search(path)
            and not re.search(r"/(?:delete|remove)\b", path)
        ),
    )
    lists = [
        path
        for path in re.findall(r'href="(/admin/\w+/\w+/)"', staff.get("/admin/").text)
        if "logout" not in path
    ]
    assert len([path for path in lists if path.startswith("/admin/fashion_search/")]) > 10
    crawl.follow(list(dict.fromkeys(lists)), most=MOST_PAGES, may=lambda path: False)
    assert crawl.failed() == {}
    assert sum(status == 200 for status in crawl.answers.values()) > 80


def test_a_category_that_is_not_public_shows_staff_its_own_products_and_nobody_else_any(shop, staff):
    code = """
one = Category.objects.filter(numchild=0, productcategory__isnull=False).order_by('pk').first()
one.is_public = False
one.save()
print(json.dumps([one.get_absolute_url(), sorted(Product.objects.filter(categories=one).values_list('title', flat=True))]))
"""
    address, own = json.loads(run(shop, code))
    page = staff.get(address)
    assert (page.status, sorted(titles(page.text))) == (200, own[:20])
    assert shop.browser().get(address).status == 404


def test_without_an_index_the_shop_lists_its_own_products_and_answers_nothing_that_it_cannot(shop):
    code = """
from django.db import transaction
from django.test import Client
from fashion_search.models import IndexVersion

client, category = Client(SERVER_NAME='localhost'), Category.objects.filter(depth=1, is_public=True).first()
seen = []
with transaction.atomic():
    IndexVersion.objects.update(state=IndexVersion.State.FAILED)
    for address in ('/catalogue/', category.get_absolute_url(), '/search/?q=red', '/catalogue/?selected_facets=colour:Red'):
        page = client.get(address)
        seen.append([page.status_code, page.content.decode().count('product_pod')])
    transaction.set_rollback(True)
print(json.dumps(seen))
"""
    browsed, within_category, searched, filtered = json.loads(run(shop, code))
    assert browsed == [200, 20]
    assert within_category[0] == 200 < 200 + within_category[1]
    assert searched == filtered == [503, 0]


def test_no_process_has_told_of_an_error(shop):
    """Also none that left an answer whole but for what its parts lack."""
    assert [path for process in shop.processes if "Traceback" in (path := process.log).read_text()] == []


def test_cards_made_live_have_the_price_of_the_shopper_who_looks(shop):
    code = """
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory, override_settings
from fashion_search.contrib.oscar.prices import ShopperPrices, anonymous_strategy
from fashion_search.registry import get_index

index = get_index()
product = index.get_queryset().filter(stockrecords__price__isnull=False).first()
kind = type(anonymous_strategy())


class Half(kind):
    def pricing_policy(self, product, stockrecord):
        price = super().pricing_policy(product, stockrecord)
        price.excl_tax /= 2
        return price


request = RequestFactory().get("/")
request.user = AnonymousUser()
request.strategy = Half(request)
price = lambda request: index.card(product).price
seen = [price(None), ShopperPrices(price)(request)]
with override_settings(FASHION_SEARCH={"CARDS": "live"}):
    seen += [ShopperPrices(price)(request), price(None), index.document(product).price]
print(json.dumps([float(one) for one in seen]))
"""
    usual, stored, live, outside, indexed = json.loads(run(shop, code))
    assert usual == stored == outside == indexed == 2 * live > 0
