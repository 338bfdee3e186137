"""The plug between a host shop and the plugin: the host says here what a product is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO, ClassVar, TypeVar

from django.db.models import Model, QuerySet

from .exceptions import NoIndexRegistered


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPicture:
    """One picture of a product; `name` is its storage name and stands for it in the content hash."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductDocument:
    """What search knows about one product."""

    key: str  # str(pk)
    sku: str
    name: str
    brand: str = ""
    keywords: str = ""  # type, colour, gender, attribute values: words that name the product
    description: str = ""
    style: str = ""  # products of one style are its variants; by default those of one brand, named alike but for colours
    facets: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # a category lists its whole path, root first
    price: Decimal | None = None
    in_stock: bool = True
    created: datetime
    pictures: tuple[ProductPicture, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductCard:
    """What a list of results shows of one product."""

    sku: str
    name: str
    brand: str
    price: Decimal | None
    currency: str
    image: str  # address of the picture, or ""
    url: str


class ProductIndex:
    """What a host subclasses once to make its products searchable."""

    facets: ClassVar[tuple[str, ...]] = ("category", "brand", "colour", "gender")
    # Model label -> what names the products that a saved instance belongs to: an attribute holding the
    # product's primary key ("product_id"), or a function from the instance to primary keys.
    related: ClassVar[Mapping[str, str | Callable[[Any], Iterable[Any]]]] = {}
    model: type[Model]

    def get_queryset(self) -> QuerySet[Any]:
        """Return the products that can be found, with all that `document` and `card` read prefetched."""
        return self.model._default_manager.all()

    def document(self, product: Any) -> ProductDocument:
        """Return what search shall know about a product.

        It is cleaned where it comes in: what does not fit is left out or changed with a note, or the product fails by itself.
        """
        raise NotImplementedError(f"{type(self).__name__} must define document().")

    def card(self, product: Any) -> ProductCard:
        """Return what a list of results shows of a product; one for which this raises is left out of lists."""
        raise NotImplementedError(f"{type(self).__name__} must define card().")

    def judged(self, product: Any, document: ProductDocument) -> Mapping[str, tuple[str, ...]]:
        """Return the values that rules of judged queries are compared with; by default the document's facets."""
        return document.facets

    def encoded_text(self, document: ProductDocument) -> str:
        """Return the text whose embedding stands for the product: "name. brand. keywords"."""
        return ". ".join(part for part in (document.name, document.brand, document.keywords) if part)


Index = TypeVar("Index", bound=ProductIndex)
_registered: list[ProductIndex] = []


def register(model: type[Model]) -> Callable[[type[Index]], type[Index]]:
    """Register the decorated ProductIndex subclass for `model`; a later registration replaces it."""

    def decorate(index: type[Index]) -> type[Index]:
        instance = index()
        instance.model = model
        _registered[:] = [instance]
        return index

    return decorate


def get_index() -> ProductIndex:
    """Return the host's product index.

    Raises:
        NoIndexRegistered: no `search_index` module registered one.
    """
    if not _registered:
        raise NoIndexRegistered
    return _registered[0]
