"""The plug between a host shop and the plugin: the host says here what a product is, and its products are read here.

What the host's code raises for one product harms no other: that product is left out, logged and counted.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, BinaryIO, ClassVar, TypeVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.models import Model, QuerySet
from django.db.transaction import atomic

from .exceptions import NoIndexRegistered
from .facets import CATEGORY
from .mapping import Mapped, Source
from .prometheus import UNSHOWN
from .resilience import SparingLogger
from .session import WRITER, on_primary, pinned

logger = logging.getLogger(__name__)
sparing = SparingLogger(logger)

CHUNK = 500  # products per read
HIGHEST_PRICE = 10**18  # beyond which a price cannot be written with its cents


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
    codes: tuple[str, ...] = ()  # other SKUs that find the product: of its sizes, of suppliers, a bar code
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
    image_large: str = ""  # address of the same at twice the pixels, or ""
    in_stock: bool = True


class ProductIndex:
    """What a host subclasses once to make its products searchable."""

    facets: ClassVar[tuple[str, ...]] = ("category", "brand", "colour", "gender")
    labels: ClassVar[Mapping[str, Any]] = {}  # facet -> what the search pages call it, also translated lazily
    # The facet whose last value says what kind of thing a product is; other colours of a product are of its kind. "" for none.
    kind: ClassVar[str] = "category"
    # Facets in which neighbours at the beginning of lists without words are to differ, such as the kind and the colour; () leaves these as
    # new as they are.
    mixed: ClassVar[tuple[str, ...]] = ()
    # Facets of which a photo's value is guessed, the kind of product first. Those that are not in `facets` are left aside.
    guessed: ClassVar[tuple[str, ...]] = ("category", "colour")
    # Model label -> what names the products that a saved instance belongs to: an attribute holding a product's primary key
    # ("product_id"), or a function from the instance to such keys. A product of the model itself may name others: "parent_id".
    related: ClassVar[Mapping[str, str | Callable[[Any], Iterable[Any]]]] = {}
    # Name of a field or facet -> the path of attributes that it is read by, where document() and card() are not defined.
    fields: ClassVar[Mapping[str, Source]] = {}
    # Facet whose values lie in a tree -> the attribute of the mapped objects that leads up: {"category": "parent"}.
    trees: ClassVar[Mapping[str, str]] = {}
    currency: ClassVar[str] = ""  # of all prices, where `fields` has none: ISO 4217
    model: type[Model]

    def get_queryset(self) -> QuerySet[Any]:
        """Return the products that can be found, with all that `document` and `card` read prefetched; what `fields` reads is."""
        return self.model._default_manager.all()

    def document(self, product: Any) -> ProductDocument:
        """Return what search is to know about a product.

        It is cleaned where it comes in: what does not fit is left out or changed with a note, or the product fails by itself.
        """
        if not self.fields:
            raise NotImplementedError(f"{type(self).__name__} must have `fields`, or define document().")
        given = self.mapped.document(product)
        pictures = (
            ProductPicture(name=one[0], open=one[1]) if isinstance(one, tuple) else one
            for one in given.pop("pictures", ())
        )
        return ProductDocument(**given, pictures=tuple(pictures))

    def card(self, product: Any) -> ProductCard:
        """Return what a list of results shows of a product; one for which this raises is left out of lists."""
        if not self.fields:
            raise NotImplementedError(f"{type(self).__name__} must have `fields`, or define card().")
        return ProductCard(**{"currency": self.currency} | self.mapped.card(product))

    def judged(self, product: Any, document: ProductDocument) -> Mapping[str, tuple[str, ...]]:
        """Return the values that rules of judged queries are compared with; by default the document's facets."""
        return document.facets

    def paths(self, facet: str) -> Iterable[Sequence[str]] | None:
        """Return the paths of a facet's tree, root first, where the values of a product need not be one path of it; None where they are.

        A product in several categories lists all of their paths one behind the other. What lies below what cannot be seen from that.
        By default those of a tree in `trees` where `fields` lead to several rows of it.
        """
        return self.mapped.paths(facet) if self.fields else None

    def encoded_text(self, document: ProductDocument) -> str:
        """Return the text whose embedding stands for the product: "name. brand. keywords"."""
        return ". ".join(part for part in (document.name, document.brand, document.keywords) if part)

    def ambiguous(self) -> Collection[str]:
        """Return the names that several categories have, whose values carry their path; by default those in the tree of `trees`."""
        return self.mapped.repeated(CATEGORY) if self.fields else ()

    @cached_property
    def mapped(self) -> Mapped:
        """The fields that are read by paths."""
        facets = tuple(self.facets)
        return Mapped(
            self.model, self.fields, facets, self.trees, lambda: self.get_queryset().query.annotations
        )


Index = TypeVar("Index", bound=ProductIndex)
_registered: list[ProductIndex] = []
refused: list[type[ProductIndex]] = []  # what was registered in vain, which a system check names


def register(model: type[Model]) -> Callable[[type[Index]], type[Index]]:
    """Register the decorated ProductIndex subclass for `model`.

    There is one for a shop. A later one takes its place where it derives from it, or is the same class loaded again; any other is
    refused, which a system check says (E041).
    """

    def decorate(index: type[Index]) -> type[Index]:
        held = type(_registered[0]) if _registered else index
        named = (held.__module__, held.__qualname__) == (index.__module__, index.__qualname__)
        if not named and not issubclass(index, held):
            refused.append(index)
            return index
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


_TEXTS = tuple(one.name for one in fields(ProductCard) if one.name not in ("price", "in_stock"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """Products by key, and by key the reason why one could not be read; those that are gone are in neither."""

    products: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


@pinned()
def load_each(keys: Iterable[str]) -> Loaded:
    """Read products with all that documents and cards need, in one query; where that raises, find which products it is for.

    Raises:
        Exception: whatever the host's queryset raises for all products, and every error of the database.
    """
    wanted = _primary_keys(keys)
    index, loaded = get_index(), Loaded()
    queryset = index.get_queryset().using(WRITER)
    if index.fields:
        queryset = index.mapped.read_ahead(queryset)
    _read(queryset, wanted, loaded)
    if loaded.failures and not loaded.products:
        # Either these products or all: where another one cannot be read either, the error is the queryset's.
        list(queryset.exclude(pk__in=[pk for _, pk in wanted])[:1])
    return loaded


def load_products(keys: Iterable[str]) -> dict[str, Any]:
    """Return key -> product for those that can be found and read, with all that documents and cards need."""
    return load_each(keys).products


def read_all() -> Iterator[Loaded]:
    """Read all products that can be found, some hundreds at a time, in the order of their primary keys."""
    for keys in read_keys(None, CHUNK):
        yield load_each(keys)


def read_keys(after: str | None, size: int) -> Iterator[list[str]]:
    """Read the keys of all products that can be found, some at a time, in the order of their primary keys.

    Args:
        after: the last key that is not wanted any more; None for all.
        size: keys per read, at most.
    """
    pks = _bare_queryset().order_by("pk").values_list("pk", flat=True)
    rest = pks if after is None else pks.filter(pk__gt=get_index().model._meta.pk.to_python(after))
    while chunk := list(rest[:size]):
        yield [str(pk) for pk in chunk]
        rest = pks.filter(pk__gt=chunk[-1])


@pinned()
def find_present(keys: Iterable[str]) -> set[str]:
    """Return those of the keys whose product can be found, by one query."""
    wanted = [pk for _, pk in _primary_keys(keys)]
    return {str(pk) for pk in _bare_queryset().filter(pk__in=wanted).order_by().values_list("pk", flat=True)}


def _bare_queryset() -> "QuerySet[Any]":
    return get_index().get_queryset().using(WRITER).select_related(None).prefetch_related(None)


def _primary_keys(keys: Iterable[str]) -> list[tuple[str, Any]]:
    """Keys with the primary keys that they stand for; one that cannot be one of the model's is no product's."""
    to_python = get_index().model._meta.pk.to_python
    found = []
    for key in keys:
        with suppress(ValidationError):
            found.append((key, to_python(key)))
    return found


@pinned()
def make_card(product: Any) -> ProductCard | None:
    """Return what lists show of a product; None, with a line in the log and a count, where the host's card() fails.

    Raises:
        OperationalError: the database is away, or took too long; so does InterfaceError.
    """
    from celery.exceptions import SoftTimeLimitExceeded

    index = get_index()
    try:
        with on_primary(), _apart():  # cards may write, as packages for thumbnails do
            return card_of(index, product)
    except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
        raise
    except Exception as error:  # noqa: BLE001 - the host's code; its error is this product's, not the page's
        leave_out(str(product.pk), "card", describe_failure("card", error))
        return None


def _apart() -> AbstractContextManager[None]:
    """A savepoint where each request is one transaction, which a statement that Postgres refuses would end."""
    of = connections[WRITER]
    return atomic(WRITER) if of.in_atomic_block and of.settings_dict["ATOMIC_REQUESTS"] else nullcontext()


def card_of(index: ProductIndex, product: Any) -> ProductCard:
    """Return a product's card with texts that are texts, and a price that can be written.

    Raises:
        Exception: whatever card() raises; TypeError or ValueError where what it returned cannot be shown.
    """
    card = index.card(product)
    if not isinstance(card, ProductCard):
        raise TypeError(f"it returned {type(card).__name__} instead of a ProductCard")
    changed: dict[str, Any] = {}
    for name in _TEXTS:
        given = getattr(card, name)
        if type(given) is not str or not given.isascii():
            text = "" if given is None else f"{given}"
            changed[name] = text.encode("utf-8", "replace").decode()
    if card.price is not None:
        price = card.price if isinstance(card.price, Decimal) else Decimal(str(card.price))
        if not price.is_finite() or abs(price) >= HIGHEST_PRICE:
            raise ValueError(f"price is {card.price}")
        changed["price"] = price
    if type(card.in_stock) is not bool:
        changed["in_stock"] = bool(card.in_stock)
    return replace(card, **changed) if changed else card


def read_cards(keys: Iterable[str]) -> dict[str, ProductCard]:
    """Return the cards of those products that can be found and shown, by key, with one query."""
    from celery.exceptions import SoftTimeLimitExceeded

    try:
        products = load_products(dict.fromkeys(keys))
    except NoIndexRegistered:
        return {}
    except (DatabaseError, SoftTimeLimitExceeded):
        raise
    except Exception as error:  # noqa: BLE001 - the host's code; what a page says without cards is still worth reading
        sparing.warning("queryset", "No product can be read: %s", describe_failure("get_queryset", error))
        return {}
    return {key: card for key, product in products.items() if (card := make_card(product)) is not None}


def leave_out(key: str, by: str, reason: str) -> None:
    """Count and log that a product is missing in a list.

    Args:
        key: the product's.
        by: what failed, "card" or "queryset".
        reason: with the exception's name.
    """
    UNSHOWN.labels(by).inc()
    sparing.warning((by, key), "Product %s is left out of lists: %s", key, reason)


def describe_failure(method: str, error: BaseException) -> str:
    """Return in one line which of the host's methods failed, and with what."""
    said = " ".join(str(error).split())[:300]
    return f"{method}() failed: {type(error).__name__}" + (f": {said}" if said else "")


def _read(queryset: "QuerySet[Any]", wanted: Sequence[tuple[str, Any]], loaded: Loaded) -> None:
    from celery.exceptions import SoftTimeLimitExceeded

    if not wanted:
        return
    try:
        products = list(queryset.filter(pk__in=[pk for _, pk in wanted]))
    except (DatabaseError, SoftTimeLimitExceeded):
        raise
    except Exception as error:  # noqa: BLE001 - the host's code; see which product it is
        if len(wanted) == 1:
            loaded.failures[wanted[0][0]] = describe_failure("get_queryset", error)
            return
        middle = len(wanted) // 2
        _read(queryset, wanted[:middle], loaded)
        _read(queryset, wanted[middle:], loaded)
        return
    loaded.products.update((str(product.pk), product) for product in products)
