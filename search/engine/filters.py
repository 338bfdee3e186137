"""Filters: the conditions that every result meets, checked before they reach SQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..exceptions import InvalidQuery
from ..models.entries import FINEST_PRICE, HIGHEST_PRICE
from ..text import clean_text

BLANK = " "  # what a value of blanks becomes: no product has it, and a filter that was dropped would show all


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Facet values and a price range; values of one facet are alternatives, everything else must hold together."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    in_stock: bool = False  # only what is in stock

    def __bool__(self) -> bool:
        return bool(self.selected) or self.has_price or self.in_stock

    @property
    def has_price(self) -> bool:
        """Whether an end of the price range is set."""
        return self.price_min is not None or self.price_max is not None

    @property
    def selected(self) -> tuple[str, ...]:
        """Facets of which a value is chosen."""
        return tuple(name for name, values in self.facets.items() if values)

    @property
    def without_price(self) -> "Filters":
        """The same filters without the price range."""
        return replace(self, price_min=None, price_max=None)

    @property
    def without_stock(self) -> "Filters":
        """The same filters, sold out products too."""
        return replace(self, in_stock=False)

    def without(self, facet: str) -> "Filters":
        """The same filters without those of one facet."""
        return replace(self, facets={name: values for name, values in self.facets.items() if name != facet})


def clean_filters(filters: Filters, facets: Collection[str]) -> Filters:
    """Return the filters with their values cleaned, and ends of prices as fine as the column is; empty values are none.

    Args:
        filters: what was asked for.
        facets: names of the facets that the host's ProductIndex declares.

    Raises:
        InvalidQuery: an unknown facet, a value that cannot be searched for, or a price that is not a price.
    """
    cleaned = {}
    for name, values in filters.facets.items():
        if name not in facets:
            raise InvalidQuery(
                "unknown_facet", f"{name!r} is not a facet; the facets are {', '.join(facets)}."
            )
        given = (clean_text(value, name) or BLANK for value in values if value)
        cleaned[name] = tuple(dict.fromkeys(given))
    for name, price in (("price_min", filters.price_min), ("price_max", filters.price_max)):
        if price is not None and not (price.is_finite() and 0 <= price < HIGHEST_PRICE):
            raise InvalidQuery("invalid_price", f"{name} must be a number from 0, such as 1500.")
    if None not in (filters.price_min, filters.price_max) and filters.price_min > filters.price_max:  # type: ignore[operator]
        raise InvalidQuery("invalid_price", "price_min is above price_max; swap the two.")
    return replace(
        filters,
        facets=cleaned,
        price_min=_as_fine(filters.price_min, ROUND_CEILING),
        price_max=_as_fine(filters.price_max, ROUND_FLOOR),
    )


def _as_fine(price: Decimal | None, rounding: str) -> Decimal | None:
    """The end of a range with four decimals at most; the same prices lie in the range.

    Postgres refuses numbers with more than 16,383 decimals, and 1E-20000 is one that Python takes.
    """
    if price is None or -4 <= int(price.as_tuple().exponent) <= 0:
        return price
    return price.quantize(FINEST_PRICE, rounding)
