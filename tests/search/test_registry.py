"""What the host's code raises for one product harms no other: lists leave it out, count it and say so."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY

from search import registry
from search.engine import browse_products, find_other_colours, find_product, find_similar, search
from search.engine.request import Filters
from search.indexing.failures import failing_cards, noted_documents
from search.indexing.lexicons import build_lexicon
from search.models import ProductTag, StaleProduct
from search.registry import load_each, make_card, read_cards
from shop.models import Product
from shop.search_index import ShopProductIndex
from tests.search.indexed import add, make_version, unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unsaid():
    registry.sparing.forget()


@pytest.fixture
def version(tiny_artifact, search_settings):
    return make_version(tiny_artifact)


@pytest.fixture
def shirts(version) -> list[Product]:
    """Three red shirts, the last the newest, of one style."""
    shirts = [
        add(version, f"s{number}", "Red shirt", facets={"colour": ["Red"]}, pictures=[unit(1, number / 10)])
        for number in range(3)
    ]
    build_lexicon(version)
    return shirts


@pytest.fixture
def broken(monkeypatch, shirts) -> Product:
    """The second, whose card() raises as the first of no pictures does."""
    real = ShopProductIndex.card
    broken = shirts[1]
    monkeypatch.setattr(
        ShopProductIndex, "card", lambda self, one: [][0] if one.pk == broken.pk else real(self, one)
    )
    return broken


def unshown(by: str = "card") -> float:
    return REGISTRY.get_sample_value("fashion_search_unshown_total", {"by": by}) or 0.0


def skus(answer) -> list[str]:
    return [result.card.sku for result in answer.results]


def test_a_search_leaves_it_out_and_says_so(broken, caplog):
    before = unshown()
    answer = search("shirt")
    assert sorted(skus(answer)) == ["s0", "s2"]
    assert (answer.total, answer.left_out) == (3, ("cards",))
    assert unshown() == before + 1
    said = f"Product {broken.pk} is left out of lists: card() failed: IndexError: list index out of range"
    assert [record.getMessage() for record in caplog.records if record.name == "search.registry"] == [said]
    search("shirt", sort="newest")
    assert unshown() == before + 2
    assert [record.getMessage() for record in caplog.records if record.name == "search.registry"] == [said]


def test_so_does_every_other_list(broken, shirts, client, version):
    assert (sorted(skus(search())), search().left_out) == (["s0", "s2"], ("cards",))
    assert sorted(skus(search(filters=Filters(facets={"colour": ("Red",)})))) == ["s0", "s2"]
    assert (skus(find_similar(str(shirts[0].pk))), find_similar(str(shirts[0].pk)).left_out) == (
        ["s2"],
        ("cards",),
    )
    assert (skus(browse_products()), browse_products().left_out) == (["s2", "s0"], ("cards",))
    assert find_product("s1") is None
    assert find_other_colours(str(shirts[0].pk)) == []
    assert read_cards([str(one.pk) for one in shirts]).keys() == {str(shirts[0].pk), str(shirts[2].pk)}
    page = client.get("/search/?q=shirt").content.decode()
    assert "Some of the pieces on this page cannot be shown at the moment." in page
    for address in ("search/?q=shirt", "products/s0/similar/", "products/"):
        answer = client.get(f"/api/v1/{address}").json()
        assert answer["left_out"] == ["cards"]
        assert "s1" not in [result["sku"] for result in answer["results"]]
    assert client.get("/api/v1/products/s1/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/admin/fashion_search/staleproduct/",
        "/admin/fashion_search/dashboard/",
        "/admin/fashion_search/merchandisingrule/",
    ],
)
def test_pages_of_the_admin_show_it_without_a_card(broken, admin_client, address):
    StaleProduct.objects.create(product_key=str(broken.pk), marked_at=broken.created, last_error="it failed")
    answer = admin_client.get(address, follow=True)
    assert answer.status_code == 200


def test_the_review_of_tags_shows_it_without_a_card(broken, admin_client, version):
    ProductTag.objects.create(
        product_key=str(broken.pk), kind="style", word="boho", confidence=0.9, similarity=0.5, version=version,
        suggested_at=broken.created,
    )  # fmt: skip
    from search.tags.review import ReviewFilter, read_products

    (shown,) = read_products(ReviewFilter(), [str(broken.pk)])
    assert (shown.card, [tag.word for tag in shown.tags]) == (None, ["boho"])


def test_the_card_of_the_readme_is_seen_to_fail_now(broken, version):
    assert failing_cards(version).sentence == (
        f"1 products; the first: product {broken.pk}: card() failed: IndexError: list index out of range"
    )
    assert noted_documents(version).number == 0


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda card: None, "card() failed: TypeError: it returned NoneType instead of a ProductCard"),
        (lambda card: replace(card, price=Decimal("NaN")), "card() failed: ValueError: price is NaN"),
        (lambda card: replace(card, price=Decimal("1e40")), "card() failed: ValueError: price is 1E+40"),
        (lambda card: replace(card, price="dear"), "card() failed: InvalidOperation"),
    ],
)
def test_cards_that_no_page_can_show(shirts, client, monkeypatch, caplog, made, reason):
    real = ShopProductIndex.card
    monkeypatch.setattr(ShopProductIndex, "card", lambda self, one: made(real(self, one)))
    assert client.get("/api/v1/search/?q=shirt").json()["left_out"] == ["cards"]
    assert reason in caplog.text


def test_a_card_of_other_types_is_made_one_that_can_be_shown(shirts, client, monkeypatch):
    real = ShopProductIndex.card
    odd = {"brand": None, "currency": None, "image": None, "name": "a\ud800", "price": 12.5}
    monkeypatch.setattr(ShopProductIndex, "card", lambda self, one: replace(real(self, one), **odd))
    (shown, *_) = client.get("/api/v1/search/?q=shirt").json()["results"]
    assert {name: shown[name] for name in odd} == {
        "brand": "", "currency": "", "image": "", "name": "a?", "price": "12.50",
    }  # fmt: skip


def test_a_database_that_is_away_is_no_products_fault(shirts, monkeypatch):
    def away(self, product):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(ShopProductIndex, "card", away)
    with pytest.raises(OperationalError):
        make_card(shirts[0])


class TestReading:
    @pytest.fixture
    def unreadable(self, monkeypatch, shirts):
        """Products with these primary keys cannot be made of their rows."""
        pks: set[int] = set()
        real = Product.from_db.__func__

        def from_db(cls, db, names, values):
            product = real(cls, db, names, values)
            if product.pk in pks:
                raise ValueError(f"no such colour\nin {product.sku}")
            return product

        monkeypatch.setattr(Product, "from_db", classmethod(from_db))
        return pks

    def test_one_that_cannot_be_read_is_found_among_others(self, shirts, unreadable):
        unreadable.add(shirts[2].pk)
        loaded = load_each(str(one.pk) for one in shirts)
        assert loaded.products.keys() == {str(shirts[0].pk), str(shirts[1].pk)}
        assert loaded.failures == {
            str(shirts[2].pk): "get_queryset() failed: ValueError: no such colour in s2"
        }
        assert load_each([str(shirts[2].pk)]).failures.keys() == {str(shirts[2].pk)}
        before = unshown("queryset")
        answer = search("shirt")
        assert (sorted(skus(answer)), answer.left_out) == (["s0", "s1"], ("cards",))
        assert unshown("queryset") == before + 1

    def test_where_no_product_can_be_read_it_is_the_querysets_fault(self, shirts, unreadable):
        unreadable.update(one.pk for one in shirts)
        with pytest.raises(ValueError, match="no such colour"):
            load_each([str(shirts[0].pk)])
        assert read_cards([str(shirts[0].pk)]) == {}

    def test_a_queryset_that_raises_is_said_on_the_dashboard(
        self, shirts, version, monkeypatch, admin_client
    ):
        def get_queryset(self):
            raise LookupError("no such site")

        monkeypatch.setattr(ShopProductIndex, "get_queryset", get_queryset)
        page = admin_client.get("/admin/fashion_search/dashboard/", follow=True)
        assert page.status_code == 200
        assert "get_queryset() failed: LookupError: no such site" in failing_cards(version).sentence


def test_keys_that_cannot_be_of_the_model_are_nobodys(shirts):
    assert load_each(["no number", str(shirts[0].pk)]).products.keys() == {str(shirts[0].pk)}
