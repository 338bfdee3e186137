"""Price ranges to choose from: round bounds that part the results about evenly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from ..querysets import EntryQuerySet

SHARES = (0.2, 0.4, 0.6, 0.8)  # of the results below each bound, before it is rounded
CENT = Decimal("0.01")
_STEPS = tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")))


@dataclass(frozen=True, slots=True)
class PriceRange:
    """A range of prices and how many results lie in it."""

    lowest: Decimal | None  # None: from the cheapest
    highest: Decimal | None  # included, as in filters; None: to the dearest
    count: int


def price_ranges_of(prices: Sequence[Decimal]) -> list[PriceRange]:
    """Return the ranges of some prices, cheapest first; none where they lie too close together to be parted."""
    ordered = sorted(prices)
    if not ordered:
        return []
    bounds = round_bounds([ordered[max(ceil(share * len(ordered)) - 1, 0)] for share in SHARES])
    return _worth_choosing(
        PriceRange(
            lowest,
            highest,
            sum(
                (lowest is None or price >= lowest) and (highest is None or price <= highest)
                for price in ordered
            ),
        )
        for lowest, highest in ends_of(bounds)
    )


def count_price_ranges(entries: EntryQuerySet) -> list[PriceRange]:
    """Return the ranges of the entries' prices; as `price_ranges_of` does, in two queries."""
    ends = ends_of(round_bounds(entries.price_quantiles(SHARES)))
    if not ends:
        return []
    counts = entries.count_priced(ends)
    return _worth_choosing(PriceRange(*pair, count) for pair, count in zip(ends, counts, strict=True))


def round_bounds(prices: Sequence[Decimal]) -> list[Decimal]:
    """Return the round numbers next to some prices, each once, ascending: 1, 1.5, 2, 2.5, 3... times a power of ten."""
    return sorted({_round(price) for price in prices if price > 0})


def ends_of(bounds: Sequence[Decimal]) -> list[tuple[Decimal | None, Decimal | None]]:
    """Return lowest and highest price of the ranges that bounds part; both ends belong to a range."""
    if not bounds:
        return []
    lows = [None, *bounds]
    highs = [*(bound - CENT for bound in bounds), None]
    return list(zip(lows, highs, strict=True))


def _worth_choosing(ranges: Iterable[PriceRange]) -> list[PriceRange]:
    filled = [one for one in ranges if one.count]
    return filled if len(filled) > 1 else []


def _round(price: Decimal) -> Decimal:
    unit = Decimal(10) ** price.adjusted()
    return min((step * unit for step in _STEPS), key=lambda bound: abs(bound - price))
