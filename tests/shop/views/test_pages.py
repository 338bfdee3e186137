"""Pages of the storefront: what they show, at which cost, and what they do when something is missing."""

from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from shop.catalogue import category_counts, top_categories
from shop.models import Category, Product, ProductImage

pytestmark = pytest.mark.django_db


def skus(response, name=""):
    return [one.sku for one in response.context[name or "cards"]]


def test_the_front_page_shows_categories_and_the_newest(client, make_products):
    make_products(range(1, 4))
    make_products([4], category="Shoes", name="Brown shoe", published=False)
    make_products([5], category="Shoes", name="Black shoe")
    response = client.get("/")
    assert skus(response, "arrivals") == ["S5", "S3", "S2", "S1"]
    tiles = [(tile.category.name, tile.count, tile.picture) for tile in response.context["tiles"]]
    assert tiles == [("Topwear", 3, "products/aa/S3.jpg"), ("Shoes", 1, "products/aa/S5.jpg")]
    assertContains(response, "Black shoe")
    assertNotContains(response, "Brown shoe")


def test_an_empty_shop_has_a_front_page(client, db):
    assertContains(client.get("/"), "The shelves are still being filled.")


def test_a_category_lists_everything_below_it_newest_first_in_pages(client, make_products):
    make_products(range(1, 26))
    make_products([30], category="Tshirts")
    make_products([40], category="Shoes")
    first = client.get("/categories/apparel/")
    assert skus(first) == ["S30"] + [f"S{number}" for number in range(25, 2, -1)]
    assertContains(first, "26 products")
    assertContains(first, 'href="?page=2"')
    assert skus(client.get("/categories/apparel/?page=2")) == ["S2", "S1"]
    assert skus(client.get("/categories/apparel/topwear/tshirts/")) == ["S30"]


@pytest.mark.parametrize(("page", "status"), [("3", 404), ("0", 400), ("x", 400), ("-1", 400)])
def test_a_page_that_is_not_there(client, make_products, page, status):
    make_products(range(1, 26))
    assert client.get(f"/categories/apparel/?page={page}").status_code == status


def test_a_category_sorted_by_price_keeps_unknown_prices_last(client, make_products):
    make_products([1], price=Decimal(30))
    make_products([2], price=None)
    make_products([3], price=Decimal(10))
    assert skus(client.get("/categories/apparel/?sort=price")) == ["S3", "S1", "S2"]
    assert skus(client.get("/categories/apparel/?sort=-price")) == ["S1", "S3", "S2"]
    assert client.get("/categories/apparel/?sort=nonsense").status_code == 400


def test_the_way_up_and_the_way_down(client, make_products):
    make_products([1])
    make_products([2], category="Tshirts")
    response = client.get("/categories/apparel/topwear/")
    assert [step.path for step in response.context["line"]] == ["apparel", "apparel/topwear"]
    children = [(child.name, count) for child, count in response.context["children"]]
    assert children == [("Shirts", 1), ("Tshirts", 1)]


def test_a_product_page_shows_what_a_shopper_needs(client, make_products):
    [product] = make_products([1], price=Decimal(1499), description="First.\n\nSecond.")
    make_products([2])
    response = client.get(product.get_absolute_url())
    assert product.get_absolute_url() == "/products/blue-shirt-1-s1/"
    for words in ("₹1,499", "Sold out", "Only 2 left", "<p>First.</p>", "<p>Second.</p>", "Striped"):
        assertContains(response, words)
    assertContains(response, 'alt="Blue shirt 1" width="480" height="640" fetchpriority="high"')
    assert response.context["similar_heading"] == "More in Shirts"  # there is no index yet
    assert skus(response, "similar") == ["S2"]


def test_a_withdrawn_product_and_an_unknown_one_are_404(client, make_products):
    [product] = make_products([1], published=False)
    assert client.get(product.get_absolute_url()).status_code == 404
    response = client.get("/products/none/")
    assert response.status_code == 404
    assertContains(response, "slipped off the hanger", status_code=404)


def test_a_product_without_picture_price_brand_or_sizes_has_a_page(client, tree):
    product = Product.objects.create(sku="bare", name="Bare", category=tree["Shoes"])
    response = client.get(product.get_absolute_url())
    assertContains(response, "Price on request")
    assertContains(response, "shop/placeholder.svg")
    assertContains(client.get("/categories/footwear/"), "shop/placeholder.svg")


def test_names_are_escaped(client, make_products):
    [product] = make_products([1], name="<script>alert(1)</script>")
    for address in ("/", "/categories/apparel/", product.get_absolute_url()):
        assertNotContains(client.get(address), "<script>")


@pytest.mark.parametrize("count", [1, 24])
def test_queries_do_not_grow_with_the_products(client, make_products, django_assert_num_queries, count):
    products = make_products(range(1, count + 1))
    with django_assert_num_queries(7):
        # counts, tile pictures; newest, products, their pictures and sizes; menu
        client.get("/")
    with django_assert_num_queries(21):
        # category, what is below, index version, total, counts, children, line; products, their pictures and sizes; menu;
        # names below that are elsewhere, too; what rules hide, read once in a few seconds: eight
        client.get("/categories/apparel/")
    with django_assert_num_queries(12 if count > 1 else 10):
        # product, its pictures and sizes; index versions for other colours and for similar products, which there are none of; others with pictures and sizes; line; counts, menu
        client.get(products[0].get_absolute_url())


def test_pages_answer_304_to_who_has_them(client, make_products):
    make_products([1])
    for address in ("/", "/products/blue-shirt-1-s1/"):
        etag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_pages_carry_no_inline_script_or_style_and_nothing_from_elsewhere(client, make_products):
    [product] = make_products([1])
    for address in ("/", "/categories/apparel/", product.get_absolute_url(), "/search/", "/nowhere/"):
        page = client.get(address).content.decode()
        page = page.replace('<script src="/static/', "")  # a file of the shop's own
        page = page.replace('<script type="application/ld+json">', "")  # data, which browsers do not run
        page = page.replace('<link rel="canonical" href="http://testserver/', "")
        for unwanted in ("<script", "<style", " style=", "onclick", 'src="http', 'href="http'):
            assert unwanted not in page, (address, unwanted)


def test_the_page_for_our_own_mistakes_needs_no_database(
    settings, monkeypatch, rf, django_assert_num_queries
):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the shelf broke")

    monkeypatch.setattr("shop.views.browse.category_counts", fail)
    with django_assert_num_queries(0):
        response = Client(raise_request_exception=False).get("/")
    assertContains(response, "A thread came loose.", status_code=500)


def test_only_reading_is_allowed(client, db):
    assert client.post("/").status_code == 405
    assert client.post("/search/").status_code == 405
    assert client.post("/categories/apparel/").status_code == 405


def test_a_page_makes_no_thumbnail(client, make_products, media):
    make_products(range(1, 25))
    client.get("/categories/apparel/")
    assert not (media / "thumbs").exists()


def test_pictures_come_in_both_densities_and_only_the_first_row_loads_at_once(client, make_products):
    make_products(range(1, 9))
    page = client.get("/categories/apparel/").content.decode()
    assert (
        '<img src="/media/thumbs/card/products/aa/S8.jpg.webp" '
        'srcset="/media/thumbs/card/products/aa/S8.jpg.webp 1x, /media/thumbs/card2x/products/aa/S8.jpg.webp 2x" '
        'alt="" width="270" height="360" fetchpriority="high" decoding="async">'
    ) in page
    assert page.count('loading="lazy"') == 4


def test_several_pictures_make_a_gallery(client, make_products):
    [product] = make_products([1])
    name = default_storage.save("products/aa/second.jpg", ContentFile(b"x"))
    ProductImage.objects.create(product=product, image=name, alt_text="Back", position=1)
    response = client.get(product.get_absolute_url())
    assertContains(response, 'href="#picture-2"')
    assertContains(response, 'alt="Back"')


def test_a_catalogue_of_one_level_has_tiles_too(client, db):
    shirts = Category.objects.create(name="Shirts", slug="shirts")
    product = Product.objects.create(sku="1", name="Shirt", category=shirts)
    ProductImage.objects.create(product=product, image="products/aa/1.jpg")
    assert [tile.category.name for tile in client.get("/").context["tiles"]] == ["Shirts"]


def test_the_search_box_knows_where_suggestions_come_from(client):
    page = client.get("/").content.decode()
    assert 'data-suggest="/search/suggest/"' in page
    assert "fashion_search/suggest.js" in page


def test_the_menu_leaves_out_what_holds_less_than_a_hundredth_of_all(client, tree, make_products):
    gifts = Category.objects.create(name="Gifts", slug="gifts")
    make_products(range(1, 100))
    make_products([100], category="Shoes")
    Product.objects.filter(sku="S1").update(category=gifts)
    assert [top.name for top in top_categories(category_counts())] == ["Apparel", "Footwear", "Gifts"]
    make_products([101])  # now each of the two holds less
    assert [top.name for top in top_categories(category_counts())] == ["Apparel"]
    assert client.get("/categories/gifts/").status_code == 200


def test_an_unknown_address_is_a_page_and_below_the_api_json(client, tree):
    page = client.get("/nothing/")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    for address in ("/api/v1/nothing", "/api/v1/nothing/", "/api/nothing"):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert client.get("/api/v1/search")["Location"] == "/api/v1/search/"
