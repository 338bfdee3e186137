"""Find one product by its SKU."""

from dataclasses import dataclass
from typing import Any

from ..exceptions import NoVersion
from ..models import IndexEntry, IndexVersion
from ..query.clean import clean_text
from ..registry import ProductCard, get_index
from ..routing import pinned
from . import reasons
from .products import load_results


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundProduct:
    """A product and what the index knows about it."""

    key: str
    product: Any
    card: ProductCard
    in_stock: bool
    facets: dict[str, list[str]]


@pinned()
def find_product(sku: str) -> FoundProduct | None:
    """Return the product with this SKU, in any case of letters, or None where no published product has it.

    Raises:
        InvalidQuery: the SKU is longer than 200 characters or holds NUL.
        NoVersion: there is no index yet, so that nobody knows.
    """
    cleaned = clean_text(sku, "sku")
    version = IndexVersion.objects.serving()
    if version is None:
        raise NoVersion(reasons.NO_VERSION)
    if not cleaned:
        return None
    entry = (
        IndexEntry.objects.filter(version_id=version.pk, sku=cleaned.lower())
        .order_by("product_key")
        .only("product_key", "facets", "in_stock")
        .first()
    )
    found = load_results([(entry.product_key, 1.0)]).shown if entry else []
    if entry is None or not found:
        return None
    facets: dict[str, list[str]] = {name: [] for name in get_index().facets}
    for token in entry.facets:
        name, _, value = token.partition("=")
        facets.setdefault(name, []).append(value)
    return FoundProduct(
        key=entry.product_key,
        product=found[0].product,
        card=found[0].card,
        in_stock=entry.in_stock,
        facets=facets,
    )
