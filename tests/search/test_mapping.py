"""A host says by paths what its products are: what they read, in how many queries, and what a check says of a wrong one."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext

from search import registry
from search.engine import Filters, search
from search.exceptions import HostError
from search.indexing.documents import clean_document, prepare
from search.mapping import UNKNOWN_DATE, Mapped
from search.models import Build, IndexVersion
from search.registry import ProductIndex, ProductPicture, load_each, make_card
from shop.models import Brand, Category, Product, Variant
from tests.search.indexing.test_documents import SOUND
from tests.search.products import build_version, make_product

pytestmark = pytest.mark.django_db


class MappedIndex(ProductIndex):
    facets = ("category", "brand", "colour", "size", "pattern", "tags")
    fields = {
        "name": "name",
        "sku": "sku",
        "brand": "brand__name",
        "keywords": ("category__name", "colour", "attributes.Pattern"),
        "description": "description",
        "price": "price",
        "in_stock": "variants__stock",
        "created": "created",
        "pictures": "images__image",
        "currency": "currency",
        "category": "category__name",
        "colour": "colour",
        "size": "variants__size",
        "pattern": "attributes__Pattern",
    }
    trees = {"category": "parent"}


def registered(monkeypatch, **said) -> ProductIndex:
    """Have the shop's products mapped, with some attributes of the index as given."""
    index = type("ThisIndex", (MappedIndex,), said)()
    index.model = Product
    monkeypatch.setattr(registry, "_registered", [index])
    return index


@pytest.fixture
def index(monkeypatch) -> ProductIndex:
    return registered(monkeypatch)


@pytest.fixture
def shirt(settings, tmp_path) -> Product:
    settings.MEDIA_ROOT = str(tmp_path)
    women = Category.objects.create(name="Women", slug="women")
    tops = Category.objects.create(name="Tops", slug="tops", parent=women)
    shirts = Category.objects.create(name="Shirts", slug="shirts", parent=tops)
    shirt = make_product("A1", pictures=2, description="Of cotton.", attributes={"Pattern": "Striped"})
    assert shirt.category == shirts
    for position, (size, stock) in enumerate([("S", 0), ("M", 3)]):
        Variant.objects.create(product=shirt, sku=f"A1-{size}", size=size, stock=stock, position=position)
    return shirt


def test_a_document_is_read_by_its_paths(index, shirt):
    document = index.document(shirt)
    assert (document.key, document.sku, document.name, document.brand) == (
        str(shirt.pk),
        "A1",
        "red Shirt",
        "Acme",
    )
    assert (document.keywords, document.description) == ("Shirts, red, Striped", "Of cotton.")
    assert (document.price, document.in_stock, document.created) == (100, True, shirt.created)
    assert document.facets == {
        "category": ("Women", "Tops", "Shirts"),
        "brand": ("Acme",),
        "colour": ("red",),
        "size": ("S", "M"),
        "pattern": ("Striped",),
    }
    assert [type(picture) for picture in document.pictures] == [ProductPicture] * 2
    assert [picture.name for picture in document.pictures] == [one.image.name for one in shirt.images.all()]
    with document.pictures[0].open() as file:
        assert file.read(4) == b"\x89PNG"


def test_a_card_is_read_by_the_same(index, shirt):
    card = make_card(shirt)
    assert (card.sku, card.name, card.brand, card.price, card.currency) == (
        "A1",
        "red Shirt",
        "Acme",
        100,
        "INR",
    )
    assert (card.image, card.image_large) == (shirt.images.first().image.url, "")
    assert (card.url, card.in_stock) == (shirt.get_absolute_url(), True)


def test_what_is_not_mapped_has_its_default(monkeypatch, shirt):
    index = registered(monkeypatch, fields={"name": "name"}, trees={}, currency="EUR")
    document, card = index.document(shirt), index.card(shirt)
    assert document == registry.ProductDocument(
        key=str(shirt.pk), sku=str(shirt.pk), name="red Shirt", created=UNKNOWN_DATE
    )
    assert card == registry.ProductCard(
        sku=str(shirt.pk), name="red Shirt", brand="", price=None, currency="EUR", image="",
        url=shirt.get_absolute_url(),
    )  # fmt: skip


def test_empty_columns_missing_relations_and_keys_say_nothing(index, shirt):
    Product.objects.update(brand=None, colour="", attributes={}, price=None)
    Variant.objects.all().delete()
    shirt.images.all().delete()
    shirt = Product.objects.get()
    prepared = prepare(index, shirt)
    document = index.document(shirt)
    assert document.facets["brand"] == document.facets["colour"] == document.facets["size"] == ()
    assert (document.brand, document.keywords, document.price, document.in_stock) == (
        "",
        "Shirts",
        None,
        False,
    )
    assert (document.pictures, index.card(shirt).image, prepared.notes) == ((), "", ())


def test_the_lowest_price_counts(monkeypatch, shirt):
    priced = {"price": lambda product: [None, "12.50", Decimal(9), "", 11.0]}
    index = registered(monkeypatch, fields=MappedIndex.fields | priced)
    assert index.document(shirt).price == index.card(shirt).price == Decimal(9)


def test_the_first_of_several_paths_that_says_something_is_the_text(monkeypatch, shirt):
    shirt.name = ""
    index = registered(monkeypatch, fields={"name": ("name", "slug"), "brand": "brand"}, trees={})
    assert (index.document(shirt).name, index.document(shirt).brand) == (shirt.slug, "Acme")


def test_a_batch_is_read_in_as_many_queries_as_one_product(index, shirt):
    def queries_for(products: list[Product]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for product in load_each([str(one.pk) for one in products]).products.values():
                prepared = prepare(index, product)
                assert prepared.card is not None
                assert prepared.columns["facets"][:2] == ["category=Women", "category=Tops"]
        return len([one for one in asked if "SAVEPOINT" not in one["sql"]])

    others = [make_product(f"B{number}") for number in range(5)]
    alone = queries_for([shirt])
    # Products with brand and category, pictures, variants, and two levels above the category; once, which names stand twice.
    assert (alone, queries_for([shirt, *others])) == (5 + 1, 5)


def test_many_to_many_and_relations_without_a_name_are_followed_in_both_directions():
    kind = ContentType.objects.get_for_model(Product)
    group = Group.objects.create(name="Buyers")
    group.permissions.set(Permission.objects.filter(content_type=kind).order_by("pk"))
    fields = {"name": "name", "rights": "permissions__codename", "models": "permissions.content_type.model"}
    mapped = Mapped(Group, fields, ("rights", "models"))
    assert mapped.faults() == []
    (read,) = mapped.read_ahead(Group.objects.all())
    with CaptureQueriesContext(connection) as asked:
        found = mapped.document(read)["facets"]
    assert len(asked) == 0
    assert set(found["rights"]) == {"add_product", "change_product", "delete_product", "view_product"}
    assert set(found["models"]) == {"product"}
    # The way back, by the name in queries and by the accessor.
    for path in ("permission__group__name", "permission_set__group_set__name"):
        back = Mapped(ContentType, {"name": "model", "buyers": path}, ("buyers",))
        assert back.faults() == []
        read = back.read_ahead(ContentType.objects.filter(pk=kind.pk)).get()
        with CaptureQueriesContext(connection) as asked:
            assert set(back.document(read)["facets"]["buyers"]) == {"Buyers"}
        assert len(asked) == 0


def test_a_tree_that_gives_all_ancestors_at_once_and_one_without_an_end():
    class Node:
        def __init__(self, name: str, *above: "Node") -> None:
            self.name, self.above, self.parent = name, above, above[-1] if above else None

        def get_ancestors(self) -> list["Node"]:
            return list(self.above)

    root = Node("Men")
    shoes = Node("Shoes", root, Node("Sports", root))

    class Thing:
        pk, category = 1, shoes

    def path_by(attribute: str) -> tuple[str, ...]:
        mapped = Mapped(Product, {"category": "category__name"}, ("category",), {"category": attribute})
        return mapped.document(Thing())["facets"]["category"]

    assert path_by("get_ancestors") == path_by("parent") == ("Men", "Sports", "Shoes")
    root.parent = shoes
    assert path_by("parent") == ("Men", "Sports", "Shoes")


def test_several_places_in_a_tree_give_all_their_paths_the_deepest_last():
    women, men, offers = (
        Category.objects.create(name=name, slug=name) for name in ("Women", "Men", "Offers")
    )
    shoes = Category.objects.create(name="Shoes", slug="ws", parent=women)
    Category.objects.create(name="Shoes", slug="ms", parent=men)
    boots = Category.objects.create(name="Boots", slug="wb", parent=shoes)
    for sku, category in (("1", boots), ("2", offers), ("3", shoes)):
        product = make_product(sku, pictures=0)
        product.category = category
        product.save()
    mapped = Mapped(
        Brand, {"name": "name", "category": "products__category__name"}, ("category",), {"category": "parent"}
    )
    given = mapped.document(mapped.read_ahead(Brand.objects.all()).get())["facets"]["category"]
    assert given == ("Offers", "Women", "Women \u203a Shoes", "Boots")
    document = replace(SOUND, facets={"category": given})
    assert clean_document(document, "7", ambiguous={"Shoes", "Offers"})[0].facets["category"] == given
    with CaptureQueriesContext(connection) as asked:
        paths = mapped.paths("category")
    assert set(paths) > {("Women", "Women \u203a Shoes", "Boots"), ("Men", "Men \u203a Shoes"), ("Offers",)}
    assert len(asked) <= 2
    assert (
        Mapped(Product, MappedIndex.fields, MappedIndex.facets, MappedIndex.trees).paths("category") is None
    )


def test_further_codes_are_all_values_of_their_path(shirt):
    mapped = Mapped(Product, {"name": "name", "codes": ("variants__size", "colour")})
    sizes = tuple(one.size for one in shirt.variants.all())
    assert mapped.document(shirt)["codes"] == (*sizes, shirt.colour)
    assert len(sizes) > 1


def test_the_only_date_that_the_model_sets_itself_is_when_a_product_was_added(monkeypatch):
    version = IndexVersion.objects.create(artifact_path="/a", fingerprint="0" * 64, dimension=32)
    mapped = Mapped(IndexVersion, {"name": "artifact_path"})
    assert mapped.document(version)["created"] == version.created_at
    assert Mapped(Build, {"name": "step"}).dated == ""  # it has three of them


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"price": "stockrecords__price"}, ['"stockrecords__price" ends at Product, which has no "stockrecords".']),
        ({"price": "variants__prise"}, ['"variants__prise" ends at Variant, which has no "prise".']),
        ({"brand": "brand__nane"}, ["Did you mean name?"]),
        ({"brand": "brand__name__first"}, ['"brand__name__first" ends at str, which has no "first".']),
        ({"sku": "sku__"}, ['"sku__" is no path of names joined by "__" or "."']),
        ({"sku": 7}, ["a value of the type int is no path"]),
        ({"sku": "delete"}, ["Product.delete(), which changes data."]),
        ({"name": "_get_next_or_previous_by_FIELD"}, ["without arguments, and it needs field, is_next."]),
        ({"pictures": "images__alt_text"}, ["pictures are read from a FileField or an ImageField."]),
        ({"colours": "colour"}, ["it is neither one of sku, name, brand"]),
        ({"created": "added"}, ['has no "added"']),
        ({"name": "images__image__url"}, []),
        ({"category": "colour"}, ["is a value of the product itself, which trees says lies in a tree."]),
        ({"category": "brand__name"}, ['"parent" ends at Brand, which has no "parent".']),
        ({"size": "attributes__anything__at_all"}, []),
    ],
)  # fmt: skip
def test_a_check_says_what_a_path_ends_at(said, faults):
    found = Mapped(Product, MappedIndex.fields | said, MappedIndex.facets, MappedIndex.trees).faults()
    assert len(found) == len(faults)
    for fault, sentence in zip(found, faults, strict=True):
        assert fault.name in said
        assert sentence in fault.sentence


def test_a_name_and_what_trees_names_must_be_mapped():
    found = Mapped(Product, {"sku": "sku"}, ("category",), {"category": "parent"}).faults()
    assert [fault.name for fault in found] == ["name", "category"]


def test_what_a_queryset_adds_can_be_mapped(monkeypatch, shirt):
    index = registered(
        monkeypatch,
        fields={"name": "name", "colour": "worn"},
        trees={},
        get_queryset=lambda self: Product.objects.annotate(worn=Value("Blue")),
    )
    assert index.mapped.faults() == []
    (product,) = load_each([str(shirt.pk)]).products.values()
    assert index.document(product).facets == {"colour": ("Blue",)}


def test_a_path_that_fails_names_field_and_path(monkeypatch, shirt):
    index = registered(monkeypatch, fields={"name": "name", "price": "variants__prise"}, trees={})
    said = (
        'document() failed: MappedError: price is read by "variants__prise": AttributeError:'
        " 'Variant' object has no attribute 'prise'"
    )
    with pytest.raises(HostError) as raised:
        prepare(index, shirt)
    assert str(raised.value) == said
    assert make_card(shirt) is None


def test_nothing_is_changed_by_a_path(monkeypatch, shirt):
    index = registered(monkeypatch, fields={"name": "delete"}, trees={})
    with pytest.raises(HostError, match="changes data"):
        prepare(index, shirt)
    assert Product.objects.count() == 1


def test_methods_take_the_place_of_paths(monkeypatch, shirt):
    def card(self, product):
        return registry.ProductCard(sku="!", name="!", brand="", price=None, currency="", image="", url="")

    index = registered(monkeypatch, card=card)
    assert (make_card(shirt).sku, index.document(shirt).sku) == ("!", "A1")


@pytest.mark.django_db(transaction=True)
def test_a_shop_is_indexed_and_searched_by_paths_alone(index, index_settings, shirt):
    build_version()
    answer = search("striped shirt", filters=Filters(facets={"category": ("Tops",)}))
    assert [result.card.sku for result in answer.results] == ["A1"]
    assert [(one.value, one.parent) for one in answer.facets["category"]] == [
        ("Women", ""), ("Tops", "Women"), ("Shirts", "Tops"),
    ]  # fmt: skip
