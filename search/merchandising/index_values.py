"""What the index says about what merchandisers type: SKUs, categories, values of facets."""

from collections.abc import Collection
from difflib import get_close_matches

from ..facets import token_of, values_of
from ..models import IndexEntry, IndexVersion
from ..models.entries import EntryQuerySet


def key_of_sku(sku: str) -> str | None:
    """Return the key of the indexed product with this SKU, in any case of letters, or None."""
    entries = _entries()
    found = entries and entries.filter(sku=sku.strip().lower()).order_by("product_key").first()
    return found.product_key if found else None


def value_as_indexed(facet: str, value: str) -> str | None:
    """Return a facet's value as products have it, in any case of letters; None where none has it."""
    entries = _entries()
    if entries is None:
        return None
    if entries.filter(facets__overlap=[token_of(facet, value)]).exists():
        return value
    return {name.casefold(): name for name in _values(entries, facet)}.get(value.casefold())


def near_values(facet: str, value: str) -> list[str]:
    """Return values of a facet that are spelled alike."""
    entries = _entries()
    names = {name.casefold(): name for name in _values(entries, facet)} if entries is not None else {}
    return [names[near] for near in get_close_matches(value.casefold(), names, n=3)]


def tokens_of_products(keys: Collection[str]) -> dict[str, list[str]]:
    """Return the facet tokens of indexed products, by product key."""
    entries = _entries()
    if entries is None or not keys:
        return {}
    return dict(entries.of_products(list(keys)).values_list("product_key", "facets"))


def _entries() -> EntryQuerySet | None:
    version = IndexVersion.objects.serving()
    return IndexEntry.objects.in_version(version.pk) if version else None


def _values(entries: EntryQuerySet, facet: str) -> list[str]:
    return values_of(facet, (token for token, _ in entries.facet_counts()))
