"""What a filter panel shows: how many results each choice would leave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..querysets import EntryQuerySet
from .facets import FacetCount, Parents, count_facets
from .filters import Filters
from .price_ranges import PriceRange, count_price_ranges


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of every facet, price ranges and stock; those of each ignore what is chosen of itself."""

    facets: dict[str, list[FacetCount]] = field(default_factory=dict)
    price_ranges: list[PriceRange] = field(default_factory=list)
    in_stock: int = 0

    def packed(self) -> list[Any]:
        """Return the same as JSON can hold."""
        return [
            {name: [(one.value, one.count, one.parent) for one in of] for name, of in self.facets.items()},
            [(_text(one.lowest), _text(one.highest), one.count) for one in self.price_ranges],
            self.in_stock,
        ]

    @classmethod
    def unpacked(cls, packed: Sequence[Any]) -> "Counts":
        """Return what `packed` made of it."""
        facets, ranges, in_stock = packed
        return cls(
            {name: [FacetCount(*one) for one in of] for name, of in facets.items()},
            [PriceRange(_price(lowest), _price(highest), count) for lowest, highest, count in ranges],
            in_stock,
        )


def count_choices(
    names: Sequence[str],
    filters: Filters,
    entries: Callable[[Filters], EntryQuerySet],
    trees: Mapping[str, Parents],
) -> Counts:
    """Count what a filter panel shows, in Postgres.

    Args:
        names: the facets to count; with none, nothing is counted.
        filters: what is chosen.
        entries: gives the results under other filters than the chosen ones.
        trees: of facets whose values lie below each other.
    """
    if not names:
        return Counts()
    return Counts(
        count_facets(names, filters, entries, trees),
        count_price_ranges(entries(filters.without_price)),
        entries(filters.without_stock).count_in_stock(),
    )


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
