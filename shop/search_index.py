"""What the search plugin knows about products: the only place where the two meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import BinaryIO

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from search.registry import ProductCard, ProductDocument, ProductIndex, ProductPicture, register
from search.signals import mark_stale

from .models import Brand, Category, Product, ProductImage, thumbnail_url

# Attributes that name no property of the garment a shopper would type.
UNSEARCHED = frozenset({"Year", "Warranty", "Wash Care", "Multipack Set", "Number of Components"})
ONE_SIZE = "one size"
LONGEST_VALUE = 60  # characters; longer attribute values are prose, not words that name the product

# Each facet's label, in the order of the filter panel; while the index is away, `shop/catalogue.py` filters by the same.
FACETS = {
    "category": _("Category"),
    "gender": _("For"),
    "colour": _("Colour"),
    "size": _("Size"),
    "brand": _("Brand"),
    "pattern": _("Pattern"),
    "usage": _("Occasion"),
    "tags": _("Tags"),
}


@register(Product)
class ShopProductIndex(ProductIndex):
    """Published products, found by category, brand, colour, gender, size, pattern, usage and accepted tags."""

    labels = FACETS  # of the filter panel of the plugin's pages
    facets = ("category", "brand", "colour", "gender", "size", "pattern", "usage", "tags")
    mixed = ("category", "colour", "brand")
    related = {
        "shop.ProductImage": "product_id",
        "shop.Variant": "product_id",
        "shop.Brand": lambda brand: products_of_brand(brand),
        "shop.Category": lambda category: products_of_category(category),
    }

    def get_queryset(self) -> QuerySet[Product]:
        """Published products with what a document and a card read."""
        return Product.objects.published().for_cards()

    def document(self, product: Product) -> ProductDocument:
        """What search knows about a product."""
        brand = product.brand.name if product.brand else ""
        attributes = product.flat_attributes
        pattern = attributes.get("Pattern") or attributes.get("Print or Pattern Type", "")
        facets = {
            "category": product.category.names,
            "brand": (brand,),
            "colour": (product.colour,),
            "gender": (product.gender,),
            "size": sizes_in_stock(product),
            "pattern": (str(pattern),),
            "usage": (str(attributes.get("Usage", "")),),
        }
        return ProductDocument(
            key=str(product.pk),
            sku=product.sku,
            name=product.name,
            brand=brand,
            keywords=keywords(product),
            description=product.description,
            facets={name: values for name, values in facets.items() if any(values)},
            price=product.price,
            in_stock=product.in_stock,
            created=product.created,
            pictures=tuple(
                ProductPicture(name=picture.image.name, open=opener(picture))
                for picture in product.images.all()
            ),
        )

    def judged(self, product: Product, document: ProductDocument) -> dict[str, tuple[str, ...]]:
        """Facets, with the levels of the category apart: the first, the second, and the last as article type."""
        path = product.category.names
        levels = {"category": path[:1], "subcategory": path[1:2] or path[:1], "article_type": path[-1:]}
        return {**document.facets, **levels}

    def card(self, product: Product) -> ProductCard:
        """What a list of results shows of a product."""
        picture = product.picture
        return ProductCard(
            sku=product.sku,
            name=product.name,
            brand=product.brand.name if product.brand else "",
            price=product.price,
            currency=product.currency,
            image=thumbnail_url(picture.image.name, "card") if picture else "",
            image_large=thumbnail_url(picture.image.name, "card2x") if picture else "",
            url=product.get_absolute_url(),
            in_stock=product.in_stock,
        )


def cards_of(products: Iterable[Product]) -> list[ProductCard]:
    """Return what lists show of products that were read with `for_cards`."""
    index = ShopProductIndex()
    return [index.card(product) for product in products]


def sizes_in_stock(product: Product) -> tuple[str, ...]:
    """Return the sizes in stock; none where the only size is "one size"."""
    return tuple(
        variant.size
        for variant in product.variants.all()
        if variant.stock > 0 and variant.size.casefold() != ONE_SIZE
    )


def keywords(product: Product) -> str:
    """Words that name the product: its type, colour, gender, and attribute values, each once."""
    values = [product.category.names[-1], product.colour, product.gender, *product.category.names[-2::-1]]
    values += [
        value
        for name, value in sorted(product.flat_attributes.items())
        if name not in UNSEARCHED and isinstance(value, str) and len(value) <= LONGEST_VALUE
    ]
    return ", ".join(dict.fromkeys(filter(None, values)))


def opener(picture: ProductImage) -> Callable[[], BinaryIO]:
    """A function that opens the picture's file, from whichever storage it lies in."""
    return lambda: picture.image.storage.open(picture.image.name, "rb")


def products_of_brand(brand: Brand) -> QuerySet[Product, int]:
    """Primary keys of the brand's products."""
    return Product.objects.filter(brand=brand).values_list("pk", flat=True)


def products_of_category(category: Category) -> QuerySet[Product, int]:
    """Primary keys of the products in the category and below it."""
    return Product.objects.in_category(category).values_list("pk", flat=True)


def set_published(keys: Iterable[int], *, published: bool) -> int:
    """Publish or withdraw products and mark them for the search index, in one transaction.

    Args:
        keys: primary keys of products.
        published: whether shoppers see them.

    Returns:
        The number of products.
    """
    keys = list(keys)
    with transaction.atomic():
        count = Product.objects.filter(pk__in=keys).update(published=published, updated=timezone.now())
        mark_stale((str(key) for key in keys), reread=False)  # update() sends no signals
    return count
