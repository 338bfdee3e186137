"""Category pages that come from the index, and those that cannot."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django.asserts import assertContains

from search.indexing import batches, building, versions
from search.models import Banner, IndexEntry, MerchandisingRule
from shop.models import Category, Product

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def index(settings, tiny_artifact, make_products):
    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact)}
    make_products(range(1, 27))
    versions.request_rebuild()
    batches.index_due(seconds=60)
    building.advance_builds()


def skus(response):
    return [card.sku for card in response.context["cards"]]


def rule(action, sku, **values):
    key = IndexEntry.objects.get(sku=sku.lower()).product_key
    return MerchandisingRule.objects.create(
        action=action, sku=sku, product_key=key, place="category", phrase="Apparel", **values
    )


def test_rules_and_banners_hold_on_the_page_of_a_category(client):
    with transaction.atomic():
        rule("pin", "S1", position=2)
        rule("hide", "S26")
        Banner.objects.create(place="category", phrase="Apparel", text="Half price", link="/sale/")
    page = client.get("/categories/apparel/")
    assert skus(page)[:4] == ["S25", "S1", "S24", "S23"]
    assertContains(page, "25 products")
    assertContains(page, '<a href="/sale/"><span>Half price</span></a>')
    assert skus(client.get("/categories/apparel/?page=2")) == ["S2"]
    assert client.get("/categories/apparel/?page=3").status_code == 404
    assert skus(client.get("/categories/apparel/?sort=newest"))[:2] == ["S25", "S24"]
    assert skus(client.get("/categories/apparel/?sort=price"))[:2] == ["S1", "S2"]
    assert skus(client.get("/categories/apparel/topwear/"))[:2] == ["S26", "S25"]


def test_a_category_with_a_namesake_comes_from_the_shops_tables(client, make_products):
    rule("hide", "S26")
    other = Category.objects.create(name="Apparel", slug="other")
    make_products([30], colour="Red")
    make_products([31], category="Shoes", colour="Red")
    Product.objects.filter(sku="S31").update(category=other)
    page = client.get("/categories/apparel/")
    assert (skus(page)[:2], page.context["answer"].total) == (
        ["S30", "S25"],
        26,
    )  # what a rule hides stays hidden
    assertContains(page, "<strong>Your filters apply.</strong>")
    assert (page.context["form"].sort, page.context["answer"].degraded) == ("newest", "")
    red = client.get("/categories/apparel/?colour=Red")
    assert (skus(red), [chip.label for chip in red.context["chips"]]) == (["S30"], ["Red"])
    assert skus(client.get("/categories/other/?colour=Red")) == ["S31"]
    assert skus(client.get("/categories/other/?colour=Blue")) == []


def test_the_panel_of_a_category_filters_within_it(client, make_products):
    make_products([30], category="Shoes", name="Brown shoe", colour="Brown")
    versions.request_rebuild(force=True)
    batches.index_due(seconds=60)
    building.advance_builds()
    page = client.get("/categories/apparel/")
    offered = {group.field: [option.value for option in group.options] for group in page.context["groups"]}
    assert offered["category"] == ["Topwear", "Shirts"]
    assert offered["colour"] == ["Blue"]
    assertContains(page, '<span class="swatch swatch-blue" aria-hidden="true"></span>')
    assert page.context["form"].sorts["relevance"] == "Recommended"
    assert skus(client.get("/categories/footwear/?category=Shoes")) == ["S30"]
    outside = client.get("/categories/footwear/?category=Shirts")
    assert (skus(outside), outside.context["chips"]) == (["S30"], [])
    assertContains(
        outside, "<strong>“Shirts” is not part of Footwear.</strong> This list is not narrowed to it."
    )
    assert client.get("/categories/footwear/?in_stock=yes").status_code == 400
    nothing = client.get("/categories/footwear/?price_min=9999999")
    assertContains(nothing, "Remove a filter: nothing fits all of them.")
    assert client.get("/categories/footwear/?price_min=cheap").status_code == 400


def test_the_first_row_is_mixed_and_pages_have_each_product_once(client, make_products):
    early = {"created": datetime(2025, 1, 1, tzinfo=UTC)}
    make_products([30], category="Tshirts", colour="Red", **early)
    make_products([31], category="Tshirts", colour="Green", **early)
    (sold_out,) = make_products([32], category="Tshirts", colour="Black", **early)
    sold_out.variants.update(stock=0)
    versions.request_rebuild(force=True)
    batches.index_due(seconds=60)
    building.advance_builds()
    first, second = client.get("/categories/apparel/"), client.get("/categories/apparel/?page=2")
    assert skus(first)[:4] == ["S26", "S30", "S31", "S25"]
    assert skus(second)[-1] == "S32"
    assert sorted(skus(first) + skus(second)) == sorted(Product.objects.values_list("sku", flat=True))
    assert first.context["answer"].total == 29
    assert skus(client.get("/categories/apparel/?sort=newest"))[:2] == ["S26", "S25"]


def test_a_category_that_did_not_change_is_not_sent_again(client):
    first = client.get("/categories/apparel/")
    again = client.get("/categories/apparel/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_child_with_a_namesake_elsewhere_is_not_offered_and_holds_where_it_is_chosen(client, make_products):
    kids = Category.objects.create(name="Kids", slug="kids")
    shoes = Category.objects.create(name="Shoes", slug="shoes", parent=kids)
    make_products([30, 31], category="Shoes", name="Brown shoe")
    make_products([32], category="Shirts")
    Product.objects.filter(sku="S31").update(category=shoes)
    Product.objects.filter(sku="S32").update(category=kids)
    versions.request_rebuild(force=True)
    batches.index_due(seconds=60)
    building.advance_builds()
    everything = client.get("/categories/kids/")
    assert skus(everything) == ["S32", "S31"]
    assert "category" not in [group.field for group in everything.context["groups"]]
    page = client.get("/categories/kids/?category=Shoes")
    assert (skus(page), [chip.label for chip in page.context["chips"]]) == (["S31"], ["Shoes"])


def test_an_address_that_cannot_be_is_404(client):
    assert client.get("/categories/%00/").status_code == 404
