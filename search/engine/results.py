"""Join what was found to the host's products, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..exceptions import NoVersion
from ..facets import group_by_facet
from ..models import IndexEntry, IndexVersion
from ..registry import ProductCard, get_index, leave_out, load_each, make_card
from ..session import pinned
from ..text import clean_text
from . import answers
from .answers import SearchResult


@dataclass(frozen=True, slots=True)
class Results:
    """The products of a page that can be shown, in their order."""

    shown: list[SearchResult] = field(default_factory=list)
    left_out: tuple[str, ...] = ()  # `reasons.CARDS` where the host's code failed for others


def load_results(found: Iterable[tuple[str, float]]) -> Results:
    """Return results for (product key, score) pairs in their order.

    A product that the host has withdrawn since it was indexed is left out; its entry goes with the next sweep. So is one
    whose card() or reading fails, which is logged and counted, and said.
    """
    scores = dict(found)
    if not scores:
        return Results()
    loaded = load_each(scores)
    for key, reason in loaded.failures.items():
        leave_out(key, "queryset", reason)
    cards = {key: make_card(loaded.products[key]) for key in scores if key in loaded.products}
    shown = [
        SearchResult(product=loaded.products[key], card=card, score=scores[key])
        for key, card in cards.items()
        if card is not None
    ]
    failed = loaded.failures or len(shown) < len(cards)
    return Results(shown, (answers.CARDS,) if failed else ())


# Find one product by its SKU.


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
        raise NoVersion(answers.NO_VERSION)
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
    declared: dict[str, list[str]] = {name: [] for name in get_index().facets}
    return FoundProduct(
        key=entry.product_key,
        product=found[0].product,
        card=found[0].card,
        in_stock=entry.in_stock,
        facets=declared | group_by_facet(entry.facets),
    )
