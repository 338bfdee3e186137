"""Oscar's catalogue as a product index: stand-alone products and parents are found, children find their parent.

A subclass changes what it names:

    @register(get_model("catalogue", "Product"))
    class Products(OscarIndex):
        attributes = OscarIndex.attributes | {"fit": ("fit", "cut")}
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import local
from typing import Any, BinaryIO, ClassVar

from django.db.models import Prefetch, QuerySet
from oscar.core.loading import get_model
from oscar.core.thumbnails import get_thumbnailer

from ...facets import BRAND, CATEGORY, COLOUR, GENDER, SIZE
from ...registry import ProductCard, ProductDocument, ProductIndex, ProductPicture
from ..plain import plain_text
from .attributes import effective_values
from .categories import CategoryTree
from .prices import anonymous_strategy, offer_of, shopper_strategy
from .related import RELATED

logger = logging.getLogger(__name__)

LONGEST_KEYWORD = 60  # characters; longer attribute values are prose, not words that name the product


class OscarIndex(ProductIndex):
    """Oscar's public products that are no children, found by their own SKUs and those of their children.

    Prices and stock are those that the strategy gives to an anonymous shopper (`prices.py`), categories those of the public tree
    (`categories.py`).
    """

    # Facet -> codes of the product attributes that hold its values, the first that a product has.
    attributes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        BRAND: ("brand", "manufacturer"),
        COLOUR: ("colour", "color"),
        SIZE: ("size",),
        GENDER: ("gender",),
        "pattern": ("pattern",),
        "material": ("material", "fabric"),
        "usage": ("usage", "occasion"),
    }
    facets = (CATEGORY, *attributes)
    # Facet -> what shoppers read above its values; by default its name.
    labels: ClassVar[Mapping[str, str]] = {}
    # Sizes of the pictures in lists, as the thumbnailer takes them, the second for screens of twice the pixels.
    thumbnails: ClassVar[tuple[str, str]] = ("300x400", "600x800")
    related = RELATED

    def __init__(self) -> None:
        self._read = local()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Declare the facets of a subclass that names its own attributes."""
        super().__init_subclass__(**kwargs)
        if "attributes" in cls.__dict__ and "facets" not in cls.__dict__:
            cls.facets = (CATEGORY, *cls.attributes)

    def get_queryset(self) -> QuerySet[Any]:
        """Public products that are no children, with all that their documents, cards and Oscar's own templates read."""
        self._read.tree = None  # what is read with these products shall be as new as they are
        product = get_model("catalogue", "Product")
        children = product.objects.public().prefetch_related(*self._prefetched())
        found: QuerySet[Any] = (
            product.objects.browsable()
            .base_queryset()
            .prefetch_related(None)
            .prefetch_browsable_categories()
            .prefetch_related(
                *self._prefetched(),
                Prefetch("children", queryset=children, to_attr="_prefetched_public_children"),
            )
        )
        return found

    def _prefetched(self) -> list[Any]:
        # Without an order, the record that a strategy finds first would change with every write to its table.
        records = get_model("partner", "StockRecord").objects.order_by("pk")
        values = get_model("catalogue", "ProductAttributeValue").objects.select_related(
            "attribute", "value_option"
        )
        return [
            Prefetch("stockrecords", queryset=records),
            Prefetch(
                "attribute_values",
                queryset=values.prefetch_related("value_multi_option").order_by("attribute__code"),
            ),
            "images",
        ]

    def document(self, product: Any) -> ProductDocument:
        """What search knows about a product, with its children's SKUs, attributes and pictures."""
        strategy = anonymous_strategy()
        children = children_of(product)
        offer = offer_of(strategy, product)
        # A size that is sold out is no reason to be found by it, unless all of them are.
        sold = [child for child in children if offer_of(strategy, child).in_stock] or children
        values = effective_values(product, sold)
        facets = {
            facet: next((values[code] for code in codes if values.get(code)), ())
            for facet, codes in self.attributes.items()
        }
        tree = self.tree()
        path = tree.path_of_product(category.pk for category in product.get_categories())
        sku, *codes = skus_of(product, children)
        brand = next(iter(facets.get(BRAND, ())), "")
        return ProductDocument(
            key=str(product.pk),
            sku=sku,
            codes=tuple(codes),
            name=product.get_title(),
            brand=brand,
            keywords=", ".join(self.keywords(product, facets, values)),
            description=plain_text(product.description),
            facets={name: found for name, found in {CATEGORY: path, **facets}.items() if found},
            price=offer.price,
            in_stock=offer.in_stock,
            created=product.date_created,
            pictures=tuple(
                ProductPicture(name=picture.original.name, open=_opener(picture.original))
                for picture in pictures_of(product, children)
            ),
        )

    def keywords(
        self, product: Any, facets: Mapping[str, tuple[str, ...]], values: Mapping[str, tuple[str, ...]]
    ) -> list[str]:
        """Words that name a product: its categories, its facets but for the brand, its type, its other attributes, each once.

        Args:
            product: a product.
            facets: its values by facet.
            values: its values by the code of their attribute.
        """
        tree = self.tree()
        names = [tree.names(category.pk)[::-1] for category in product.get_categories()]
        words = [name for path in names for name in path[:1]]
        words += [value for facet, found in facets.items() if facet != BRAND for value in found]
        words += [name for path in names for name in path[1:]]
        words += [product.product_class.name] if product.product_class else []
        words += [
            value for code in sorted(values) for value in values[code] if value not in facets.get(BRAND, ())
        ]
        kept = (" ".join(word.split()) for word in words)
        return [word for word in dict.fromkeys(kept) if 0 < len(word) <= LONGEST_KEYWORD]

    def card(self, product: Any) -> ProductCard:
        """What a list of results shows of a product, with the shopper's own price where cards are made live."""
        children = children_of(product)
        offer = offer_of(shopper_strategy(), product)
        values = effective_values(product, children)
        brands = (values[code] for code in self.attributes.get(BRAND, ()) if values.get(code))
        picture = next(iter(pictures_of(product, children)), None)
        small, large = (
            ("", "") if picture is None else map(thumbnail_of, (picture.original,) * 2, self.thumbnails)
        )
        return ProductCard(
            sku=skus_of(product, children)[0],
            name=product.get_title(),
            brand=next(iter(next(brands, ())), ""),
            price=offer.price,
            currency=offer.currency,
            image=small,
            image_large=large,
            url=product.get_absolute_url(),
            in_stock=offer.in_stock,
        )

    def paths(self, facet: str) -> Iterable[tuple[str, ...]] | None:
        """The paths of the public categories, whatever products there are."""
        return CategoryTree.read().paths() if facet == CATEGORY else None

    def tree(self) -> CategoryTree:
        """Return the categories, read once with the products of a batch."""
        found: CategoryTree | None = getattr(self._read, "tree", None)
        if found is None:
            found = self._read.tree = CategoryTree.read()
        return found


def children_of(product: Any) -> list[Any]:
    """Return the public children of a product; none of one that stands alone."""
    return list(product.get_public_children()) if product.is_parent else []


def skus_of(product: Any, children: Iterable[Any]) -> list[str]:
    """Return all by which a product is known, first its own SKU.

    It is the UPC or else the code; of a product without both the first SKU of its stock records, or of its children's, or the primary key.
    """
    found = list(_codes_of(product))
    for child in children:
        found += _codes_of(child)
    return list(dict.fromkeys(found)) or [str(product.pk)]


def _codes_of(product: Any) -> Iterator[str]:
    records = [record.partner_sku for record in product.stockrecords.all()]
    for code in (product.upc, product.code, *records):
        if code and code.strip():
            yield " ".join(code.split())


def pictures_of(product: Any, children: Iterable[Any]) -> list[Any]:
    """Return the pictures of a product and of its children, each file once, its own first."""
    found = {picture.original.name: picture for picture in product.images.all() if picture.original}
    for child in children:
        for picture in child.images.all():
            if picture.original:
                found.setdefault(picture.original.name, picture)
    return list(found.values())


def thumbnail_of(picture: Any, size: str) -> str:
    """Return the address of a picture in some size; of the picture itself where it cannot be made smaller."""
    try:
        return str(get_thumbnailer().generate_thumbnail(picture, size=size, upscale=False).url)
    except (OSError, ValueError) as error:
        logger.warning("No thumbnail can be made of %s: %s: %s", picture.name, type(error).__name__, error)
        return str(picture.url)


def _opener(picture: Any) -> Callable[[], BinaryIO]:
    return lambda: picture.storage.open(picture.name, "rb")
