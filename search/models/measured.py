"""Entries as ranking reads them: one column of all entries for each thing that is known of an entry, so that thousands are scored at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

BETWEEN = (
    "\x1f"  # stands before, between and after the facet tokens of an entry, which hold no control characters
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]  # numbers of entries, in an order
Objects = NDArray[np.object_]


class Measured(NamedTuple):
    """An entry with all that ranking, filters, facets and sorts read of it."""

    product_key: str
    entry_id: int
    style: str  # what its variants have in common
    price: Decimal | None
    in_stock: bool
    created: float  # seconds since 1970
    facets: list[str]  # "colour=Navy Blue"
    image: float | None = None  # similarity of its best picture, from -1 to 1; None where there is none
    text: float | None = None  # similarity of its text
    fits: tuple[float, ...] = ()  # how well it fits each of the terms
    places: tuple[float, ...] = ()  # how near to its name it has the typed words of each, from 0 to 1


@dataclass(frozen=True, slots=True)
class MeasuredEntries(Sequence[Measured]):
    """Measured entries in an order; n of them, measured by t terms."""

    keys: Objects  # product keys, texts
    ids: NDArray[np.int64]  # primary keys
    styles: Objects  # texts
    prices: Objects  # as Postgres writes them; None where there is none
    in_stock: Flags
    created: Floats  # seconds since 1970
    facets: Objects  # the tokens of each in one text, see BETWEEN
    image: Floats  # NaN where there is none
    text: Floats
    fits: Floats  # (n, t)
    places: Floats  # (n, t)

    @classmethod
    def of_rows(
        cls, rows: Sequence[Sequence[Any]], *, terms: int, similar: bool, placed: Sequence[int]
    ) -> MeasuredEntries:
        """Return the entries of rows, which hold the columns in their order and may hold others behind them.

        Args:
            rows: key, primary key, style, price, stock, seconds, tokens, then similarities, fits and places.
            terms: how many fits each has.
            similar: whether they hold two similarities.
            placed: numbers of the terms that they hold places of.
        """
        number = len(rows)
        columns = list(zip(*rows, strict=True)) if rows else [()] * (9 + terms + len(placed))
        first = 9 if similar else 7
        unknown = np.full(number, np.nan)
        places = np.zeros((number, terms))
        for term, column in zip(placed, columns[first + terms :], strict=False):
            places[:, term] = column
        return cls(
            keys=_objects(columns[0]),
            ids=np.array(columns[1], np.int64),
            styles=_objects(columns[2]),
            prices=_objects(columns[3]),
            in_stock=np.array(columns[4], np.bool_),
            created=np.array(columns[5], np.float64),
            facets=_objects(columns[6]),
            image=np.array(columns[7], np.float64) if similar else unknown,
            text=np.array(columns[8], np.float64) if similar else unknown,
            fits=np.array(columns[first : first + terms], np.float64).reshape(terms, number).T,
            places=places,
        )

    @classmethod
    def of(cls, entries: Iterable[Measured]) -> MeasuredEntries:
        """Return the columns of entries, all of which are measured by as many terms."""
        rows = list(entries)
        terms = len(rows[0].fits) if rows else 0
        flat = [
            (
                *row[:3],
                None if row.price is None else str(row.price),
                row.in_stock,
                row.created,
                joined(row.facets),
                *row[7:9],
                *row.fits,
                *(row.places or (0.0,) * terms),
            )
            for row in rows
        ]
        return cls.of_rows(flat, terms=terms, similar=True, placed=range(terms))

    @classmethod
    def listed(cls, keys: Sequence[str], prices: Sequence[str | None], created: Floats) -> MeasuredEntries:
        """Return entries of a list that was ranked before, with what the sorts read; everything else is blank."""
        number = len(keys)
        blank, unknown = np.full(number, "", object), np.full(number, np.nan)
        return cls(
            keys=_objects(keys),
            ids=np.zeros(number, np.int64),
            styles=blank,
            prices=_objects(prices),
            in_stock=np.ones(number, np.bool_),
            created=created,
            facets=blank,
            image=unknown,
            text=unknown,
            fits=np.zeros((number, 0)),
            places=np.zeros((number, 0)),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Measured: ...

    @overload
    def __getitem__(self, at: slice) -> MeasuredEntries: ...

    def __getitem__(self, at: int | slice) -> Measured | MeasuredEntries:
        if isinstance(at, slice):
            return self.take(np.arange(len(self))[at])
        price, image, text = self.prices[at], float(self.image[at]), float(self.text[at])
        return Measured(
            self.keys[at],
            int(self.ids[at]),
            self.styles[at],
            None if price is None else Decimal(price),
            bool(self.in_stock[at]),
            float(self.created[at]),
            tokens_in(self.facets[at]),
            None if np.isnan(image) else image,
            None if np.isnan(text) else text,
            tuple(self.fits[at].tolist()),
            tuple(self.places[at].tolist()),
        )

    def take(self, places: Places) -> MeasuredEntries:
        """Return the entries at these places, in the order of these."""
        return MeasuredEntries(*(getattr(self, name)[places] for name in _COLUMNS))

    def with_others(self, others: MeasuredEntries) -> MeasuredEntries:
        """Return these and then others, measured by the same terms."""
        if not len(others):
            return self
        pairs = ((getattr(self, name), getattr(others, name)) for name in _COLUMNS)
        return MeasuredEntries(*(np.concatenate(pair) for pair in pairs))

    @property
    def amounts(self) -> Floats:
        """The prices as numbers, NaN where there is none; with four decimals at most, they compare as the prices do."""
        return np.array([np.nan if price is None else float(price) for price in self.prices], np.float64)

    def by_price(self, *, falling: bool) -> tuple[Flags, Floats]:
        """Return what orders them by price, lowest first: whether there is none, and the price, which counts downwards if falling."""
        amounts = self.amounts
        priceless = np.isnan(amounts)
        return priceless, np.where(priceless, 0.0, -amounts if falling else amounts)

    def having_any(self, tokens: Iterable[str]) -> Flags:
        """Return which of them have any of some facet tokens."""
        found = np.zeros(len(self), np.bool_)
        for token in tokens:
            sought = f"{BETWEEN}{token}{BETWEEN}"
            found |= np.fromiter((sought in text for text in self.facets), np.bool_, len(self))
        return found

    def count_tokens(self) -> Counter[str]:
        """Return how many of them have each facet token."""
        counts = Counter("".join(self.facets).split(BETWEEN))
        del counts[""]  # between two entries
        return counts


_COLUMNS = tuple(field.name for field in fields(MeasuredEntries))


def joined(tokens: Iterable[str]) -> str:
    """Return the tokens of an entry as one text; "" for none."""
    text = BETWEEN.join(tokens)
    return f"{BETWEEN}{text}{BETWEEN}" if text else ""


def tokens_in(text: str) -> list[str]:
    """Return the tokens that `joined` made it of."""
    return text[1:-1].split(BETWEEN) if text else []


def _objects(values: Sequence[Any]) -> Objects:
    column = np.empty(len(values), object)
    column[:] = values
    return column
