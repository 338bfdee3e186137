"""Category and search pages while Postgres has too little time: every filter holds, or the page says that nobody could look."""

import re
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from prometheus_client import REGISTRY
from pytest_django.asserts import assertContains, assertNotContains

from search.engine import answers
from search.indexing import batches, building, versions
from search.models import IndexEntry, MerchandisingRule, ProductTag
from search.query.lexicon import forget_words
from shop.catalogue import CONDITIONS
from shop.models import Brand, Category, Product, Variant
from shop.search_index import FACETS, ShopProductIndex

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def index(settings, tiny_artifact, make_products):
    """Shirts 1 to 26, every second red, every third sold out, every fourth of another brand, cheap ones striped."""
    settings.FASHION_SEARCH = {
        "ARTIFACT": str(tiny_artifact),
        "SEARCH_TIMEOUT_MS": 30_000,
        "ENCODE_TIMEOUT_MS": 30_000,
    }
    products = make_products(range(1, 27))
    other = Brand.objects.create(name="Other", slug="other")
    for number, product in enumerate(products, start=1):
        product.colour = "Red" if number % 2 else "Blue"
        product.gender = "Women" if number > 20 else "Men"
        product.brand = product.brand if number % 4 else other
        product.attributes = {
            "Pattern": "" if number > 10 else "Striped",
            "Print or Pattern Type": "Dots",
            "Usage": number % 2,
        }
        product.save()
        if not number % 3:
            Variant.objects.filter(product=product).update(stock=0)
    ProductTag.objects.create(
        product_key=str(products[4].pk), kind="style", word="boho", state="accepted",
        similarity=0.5, confidence=0.5, artifact_name="tiny", suggested_at=products[4].created,
    )  # fmt: skip
    make_products([40], category="Tshirts")
    make_products([50], category="Shoes", colour="Red")
    versions.request_rebuild()
    batches.index_due(seconds=60)
    building.advance_builds()
    forget_words()
    return settings


@contextmanager
def locked(table):
    """A table that nobody else can read for as long as it takes."""
    values = connection.get_connection_params()
    with psycopg.connect(
        **{name: values[name] for name in ("dbname", "user", "password", "host", "port") if values.get(name)}
    ) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def hurry(index):
    index.FASHION_SEARCH = index.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 1500}


def skus(response):
    return [card.sku for card in response.context["cards"]]


def counted(name, **labels):
    return REGISTRY.get_sample_value(f"{name}_total", labels) or 0.0


ADDRESSES = [  # with the number of products that each leaves
    ("", 27),
    ("colour=Red", 13),
    ("colour=Red&colour=Blue", 27),
    ("colour=Red&brand=Other", 0),
    ("brand=Other", 6),
    ("gender=Women", 6),
    ("in_stock=on", 19),
    ("size=M", 19),
    ("size=S", 0),
    ("pattern=Striped", 11),
    ("pattern=Dots", 16),
    ("usage=1", 13),
    ("tags=boho", 1),
    ("price_min=1005&price_max=1010", 6),
    ("category=Tshirts", 1),
    ("colour=Red&in_stock=on&price_max=1013&sort=price", 5),
    ("colour=Purple", 0),
    ("colour=%20Red%20&brand=", 13),
    ("price_min=1E-20000&colour=%20", 0),
]


def test_a_filter_leaves_the_same_products_with_and_without_the_index(client, index):
    whole = {query: client.get(f"/categories/apparel/?sort=newest&{query}") for query, _ in ADDRESSES}
    hurry(index)
    with locked("fashion_search_indexentry"):
        pages = {query: client.get(f"/categories/apparel/?{query}") for query, _ in ADDRESSES}
    for query, total in ADDRESSES:
        page, other = pages[query], whole[query]
        assert (other.status_code, other.context["answer"].total, other.context["answer"].left_out) == (
            200,
            total,
            (),
        )
        assertNotContains(other, "Your filters apply")
        assert (page.status_code, page.context["answer"].total, page.context["answer"].degraded) == (
            200,
            total,
            answers.TOO_SLOW,
        )
        assert sorted(skus(page)) == sorted(skus(other))
        assert [chip.label for chip in page.context["chips"]] == [
            chip.label for chip in other.context["chips"]
        ]
        assertContains(page, "<strong>Your filters apply.</strong>")
        for name, value in re.findall(r"(\w+)=(\w+)", query):
            if name in FACETS:
                assertContains(page, f'name="{name}" value="{value}" checked')


def test_every_facet_can_be_applied_without_the_index():
    assert CONDITIONS.keys() == FACETS.keys() == set(ShopProductIndex.facets)


def test_sorts_and_pages_hold_and_a_page_beyond_is_told(client, index):
    hurry(index)
    with locked("fashion_search_indexentry"):
        assert skus(client.get("/categories/apparel/?colour=Red&sort=price"))[:3] == ["S1", "S3", "S5"]
        assert skus(client.get("/categories/apparel/?page=2&sort=-price")) == ["S3", "S2", "S1"]
        assert client.get("/categories/apparel/?page=3").status_code == 404


def test_what_rules_hide_stays_hidden(client, index):
    keys = {entry.sku: entry.product_key for entry in IndexEntry.objects.all()}
    rule = {"action": "hide", "place": "category", "phrase": "Apparel"}
    MerchandisingRule.objects.create(**rule, sku="S25", product_key=keys["s25"])
    MerchandisingRule.objects.create(**rule, facet="brand", value="Other")
    MerchandisingRule.objects.create(**rule, facet="category", value="Tshirts")
    whole = client.get("/categories/apparel/?colour=Red&sort=newest")
    hurry(index)
    with locked("fashion_search_indexentry"):
        page = client.get("/categories/apparel/?colour=Red")
        everything = client.get("/categories/apparel/")
    assert skus(page) == skus(whole) == [f"S{number}" for number in range(23, 0, -2)]
    assert everything.context["answer"].total == 27 - 1 - 6 - 1


def test_a_page_that_lacks_something_is_not_kept_and_is_counted(client, index):
    good = client.get("/categories/apparel/?colour=Red")
    before = (
        counted("fashion_search_degraded", kind="category"),
        counted("fashion_search_left_out", what="results"),
    )
    hurry(index)
    with locked("fashion_search_indexentry"):
        page = client.get("/categories/apparel/?colour=Red", headers={"If-None-Match": good["ETag"]})
    assert (page.status_code, page["Cache-Control"], page.has_header("ETag")) == (200, "no-store", False)
    after = (
        counted("fashion_search_degraded", kind="category"),
        counted("fashion_search_left_out", what="results"),
    )
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]
    again = client.get("/categories/apparel/?colour=Red", headers={"If-None-Match": good["ETag"]})
    assert (again.status_code, good.has_header("Cache-Control")) == (304, False)


def test_a_page_of_a_category_with_a_namesake_is_counted_for_what_it_lacks(client, index):
    Category.objects.create(name="Apparel", slug="namesake")
    before = (
        counted("fashion_search_left_out", what="counts"),
        counted("fashion_search_degraded", kind="category"),
    )
    assert client.get("/categories/apparel/?colour=Red").context["answer"].total == 13
    after = (
        counted("fashion_search_left_out", what="counts"),
        counted("fashion_search_degraded", kind="category"),
    )
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0]


def test_counts_that_take_too_long_leave_the_list_and_the_panel(client, index):
    hurry(index)
    with locked("fashion_search_versionlexicon"):
        page = client.get("/categories/apparel/?colour=Red&brand=Acme")
    answer = page.context["answer"]
    assert (answer.total, len(answer.results), answer.degraded) == (13, 13, answers.NO_COUNTS)
    assert (answer.left_out, page["Cache-Control"]) == (("counts",), "no-store")
    assertContains(page, "<strong>Your filters apply.</strong> The numbers beside them")
    groups = {
        group.field: [(one.value, one.count, one.chosen) for one in group.options]
        for group in page.context["groups"]
    }
    assert groups == {"colour": [("Red", None, True)], "brand": [("Acme", None, True)]}


def test_a_search_for_which_nobody_could_look_is_no_search_that_finds_nothing(client, index):
    hurry(index)
    with locked("fashion_search_indexentry"):
        page = client.get("/search/?colour=Red&sort=price&page=2")
        answer = client.get("/api/v1/search/?colour=Red")
    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "5", "no-store")
    assertContains(page, "<strong>The search did not finish.</strong>", status_code=503)
    assertNotContains(page, "No results", status_code=503)
    assertNotContains(page, "0 products", status_code=503)
    assertContains(page, 'name="colour" value="Red" checked', status_code=503)
    assert (answer.status_code, answer.json()["degraded"], answer.json()["complete"]) == (
        200,
        answers.TOO_SLOW,
        False,
    )
    assert (answer.json()["left_out"], answer.json()["results"]) == (["results", "counts"], [])
    assert "no-store" in answer["Cache-Control"]
    index.FASHION_SEARCH = index.FASHION_SEARCH | {"SEARCH_TIMEOUT_MS": 30_000}
    assertContains(client.get("/search/?colour=Purple"), "No results")


def test_while_the_first_index_is_built_filters_hold_over_all_products(client, index):
    IndexEntry.objects.filter(sku__in=["s1", "s3"]).delete()
    version = versions.IndexVersion.objects.get()
    versions.IndexVersion.objects.filter(pk=version.pk).update(state="building")
    page = client.get("/categories/apparel/?colour=Red")
    assert (page.context["answer"].total, page.context["answer"].degraded) == (13, answers.BUILDING)
    assertContains(page, "<strong>Your filters apply.</strong>")


def test_where_the_tables_do_not_answer_either_the_shop_asks_to_come_back(client, index, settings):
    client.raise_request_exception = False
    hurry(index)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '300ms'")
    try:
        with locked("fashion_search_indexentry"), locked("shop_variant"):
            page = client.get("/categories/apparel/?size=M")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
    assert (page.status_code, page["Retry-After"]) == (503, "5")


def test_the_names_of_other_categories_say_nothing_about_this_one(client, index):
    Category.objects.create(name="Purple", slug="purple")
    Product.objects.filter(sku="S50").update(name="Purple shoe")
    page = client.get("/categories/footwear/?category=Purple&category=Shoes")
    assert skus(page) == ["S50"]
    assertContains(page, "“Purple” is not part of Footwear.")


def test_words_and_likings_are_never_dropped_without_a_word(client, index):
    by_words = client.get("/categories/apparel/?q=blue+shirt&colour=Red")
    assert (by_words.status_code, by_words.context["by_tables"]) == (200, False)
    hurry(index)
    with locked("fashion_search_indexentry"):
        for query in ("q=blue+shirt&colour=Red", "more=S1&colour=Red"):
            page = client.get(f"/categories/apparel/?{query}")
            assert (page.status_code, page["Retry-After"], page.context["cards"]) == (503, "5", [])
            assertContains(page, "<strong>The search did not finish.</strong>", status_code=503)
            assertContains(page, 'name="colour" value="Red" checked', status_code=503)
    Category.objects.create(name="Apparel", slug="namesake")
    for query in ("q=blue+shirt&colour=Red", "more=S1&colour=Red"):
        page = client.get(f"/categories/apparel/?{query}")
        assert (page.context["answer"].total, page.context["likings"], page.context["query"]) == (13, [], "")
        assert (page.context["understood"], page.context["answer"].unknown) == ([], ())
        assertContains(page, "<strong>Search words and likes do not apply here.</strong>")
        assertNotContains(page, "More like this")


def test_a_value_of_blanks_is_no_filter_that_is_dropped(client, index):
    for address in ("/categories/apparel/", "/search/"):
        assert client.get(f"{address}?colour=%20").context["answer"].total == 0
    assert client.get("/search/?colour=").context["answer"].total == 28
    assert client.get("/api/v1/search/?colour=%20%09").json()["total"] == 0


def test_a_price_in_the_words_gives_way_to_a_chosen_one_and_is_no_chip_then(client, index):
    page = client.get("/search/?q=shirt+under+1010")
    assert [chip.label for chip in page.context["understood"]] == ["Shirts", "Under 1,010"]
    chosen = client.get("/search/?q=shirt+under+1010&price_max=1020")
    assert [chip.label for chip in chosen.context["understood"]] == ["Shirts"]
    assert "Up to \u20b91,020" in [chip.label for chip in chosen.context["chips"]]
