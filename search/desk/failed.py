"""What could not be indexed: the products that failed last, with their names, and how many there are."""

from dataclasses import dataclass
from datetime import datetime

from ..exceptions import NoIndexRegistered
from ..models import IndexEntry, IndexVersion, StaleProduct
from ..products import read_cards
from ..registry import ProductCard, get_index

FAILED_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FailedProduct:
    """One product that failed."""

    product_key: str
    name: str  # its SKU and name, or its key where it is gone
    reason: str
    parked: bool
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The products that failed."""

    first: tuple[FailedProduct, ...]  # parked ones before those that are tried again, the latest first
    parked: int
    retrying: int
    incomplete: int  # entries of the version that searches use with an error, mostly of a picture
    entries: int = 0  # of that version


def read_failed() -> Failed:
    """Read what failed with a few queries, however much it is."""
    failed = StaleProduct.objects.exclude(last_error="")
    rows = list(failed.order_by("-parked", "-marked_at")[:FAILED_SHOWN])
    cards = read_cards([row.product_key for row in rows])
    parked = StaleProduct.objects.filter(parked=True).count()
    version = IndexVersion.objects.serving()
    entries = IndexEntry.objects.filter(version=version) if version else IndexEntry.objects.none()
    return Failed(
        first=tuple(
            FailedProduct(
                row.product_key,
                _name(cards.get(row.product_key), row.product_key),
                row.last_error,
                row.parked,
                row.marked_at,
            )
            for row in rows
        ),
        parked=parked,
        retrying=failed.filter(parked=False).count(),
        incomplete=entries.exclude(error="").count(),
        entries=entries.count(),
    )


def product_label() -> str:
    """Return the label of the product model, such as "shop.product", or "" where none is registered."""
    try:
        return get_index().model._meta.label_lower
    except NoIndexRegistered:
        return ""


def _name(card: ProductCard | None, key: str) -> str:
    return f"{card.sku}: {card.name}" if card else f"product {key}"
