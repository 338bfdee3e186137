"""Products that cannot be indexed as they should be: which, why, and once more."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from ..marking import mark_stale
from ..models import EntryImage, IndexEntry, StaleProduct
from .catalogue import product_keys
from .hints import hint_after_commit


@dataclass(frozen=True, slots=True)
class Failure:
    """One product with the reason why it is not, or not wholly, indexed."""

    product_key: str
    reason: str
    attempts: int
    parked: bool
    pictures: tuple[str, ...] = ()  # storage names of the pictures that cannot be used


def list_failures() -> list[Failure]:
    """Return the products that failed, by product key."""
    pictures: dict[str, dict[str, None]] = {}
    for key, name in EntryImage.objects.exclude(error="").values_list("entry__product_key", "name"):
        pictures.setdefault(key, {})[name] = None
    stale = StaleProduct.objects.exclude(last_error="")
    failures = {
        row.product_key: Failure(
            row.product_key,
            row.last_error,
            row.attempts,
            row.parked,
            tuple(pictures.get(row.product_key, ())),
        )
        for row in stale
    }
    for key, error in IndexEntry.objects.exclude(error="").values_list("product_key", "error"):
        failures.setdefault(key, Failure(key, error, 0, False, tuple(pictures.get(key, ()))))
    return [failures[key] for key in sorted(failures)]


def reindex_products(keys: Iterable[str]) -> int:
    """Have products indexed again, their pictures read anew, from the first attempt on; return how many."""
    marked = mark_stale(keys)
    hint_after_commit()
    return marked


def reindex_all() -> int:
    """Have every product indexed again in the versions there are, behind what people change meanwhile."""
    with transaction.atomic():
        marked = mark_stale(product_keys().iterator(), backfill=True)
        hint_after_commit()
    return marked
