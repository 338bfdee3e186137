"""The score of entries for a query, all at once: how much of it each covers, and how similar it is; and their variants spread over pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, overload

import numpy as np

from ..conf import Weights
from ..facets import BRAND, CATEGORY, COLOUR, GENDER, facet_of, token_of
from ..models.measured import Flags, Floats, Measured, MeasuredEntries, Places
from ..models.terms import IN_PART, Term
from ..query.lexicon import PURPOSE, VersionWords
from .request import Filters

# Where a product's own value is what decides, a mention in its texts is nothing: "shirt" stands in every t-shirt's name.
DECIDED = frozenset((CATEGORY, GENDER, COLOUR, BRAND))


class ScoredEntry(NamedTuple):
    """An entry with its score for a query, and what that is made of."""

    row: Measured
    score: float = 0.0
    matching: bool = (
        True  # it has all that was asked for, or where nothing has, all the rest; or a rule pins it
    )
    coverage: float = 0.0  # share of what was asked for, by how well it fits, from 0 to 1
    held: float = 0.0  # share of what was asked for that it does not lack, from 0 to 1
    full: bool = False  # no term is missing
    named: bool = False  # its SKU or name is the query
    compared: bool = False  # False where it was listed or pinned whatever it has of the query
    first: tuple[bool, ...] = ()  # whether it has each of the values that come first
    shown: float = 0.0  # how far its kind is what the photo shows, from 0 to 1
    literal: float = 0.0  # how far it holds the very words that others are taken for as well, from 0 to 1


@dataclass(frozen=True, slots=True)
class ScoredEntries(Sequence[ScoredEntry]):
    """Scored entries in an order; results, filters, sorts and counts read no other shape."""

    rows: MeasuredEntries
    score: Floats
    matching: Flags
    coverage: Floats
    held: Floats
    full: Flags
    named: Flags
    compared: Flags
    first: Flags  # (n, values that come first)
    shown: Floats
    literal: Floats

    @classmethod
    def listed(
        cls, rows: MeasuredEntries, score: Floats | None = None, matching: Flags | None = None
    ) -> ScoredEntries:
        """Return entries that were not compared with a query; without a score it is 0, and without `matching` all match."""
        number = len(rows)
        nothing, no = np.zeros(number), np.zeros(number, np.bool_)
        return cls(
            rows,
            nothing if score is None else score,
            ~no if matching is None else matching,
            nothing,
            nothing,
            no,
            no,
            no,
            np.zeros((number, 0), np.bool_),
            nothing,
            nothing,
        )

    @classmethod
    def of(cls, items: Iterable[ScoredEntry]) -> ScoredEntries:
        """Return the columns of items that were measured alike."""
        every = list(items)
        found = cls.listed(MeasuredEntries.of(item.row for item in every))
        if not every:
            return found
        types = {name: getattr(found, name).dtype for name in _COLUMNS}
        columns = (np.array([getattr(item, name) for item in every], kind) for name, kind in types.items())
        return cls(found.rows, *columns)

    def __len__(self) -> int:
        return len(self.score)

    @overload
    def __getitem__(self, at: int) -> ScoredEntry: ...

    @overload
    def __getitem__(self, at: slice) -> ScoredEntries: ...

    def __getitem__(self, at: int | slice) -> ScoredEntry | ScoredEntries:
        if isinstance(at, slice):
            return self.take(np.arange(len(self))[at])
        values = (getattr(self, name)[at].item() for name in _COLUMNS if name != "first")
        score, matching, coverage, held, full, named, compared, shown, literal = values
        first = tuple(self.first[at].tolist())
        return ScoredEntry(
            self.rows[at], score, matching, coverage, held, full, named, compared, first, shown, literal
        )

    def __iter__(self) -> Iterator[ScoredEntry]:
        return (self[at] for at in range(len(self)))

    @property
    def keys(self) -> list[str]:
        """The product keys, in order."""
        keys: list[str] = self.rows.keys.tolist()
        return keys

    @property
    def scores(self) -> dict[str, float]:
        """The scores by product key, in order."""
        return dict(zip(self.keys, self.score.tolist(), strict=True))

    def take(self, places: Places) -> ScoredEntries:
        """Return the entries at these places, in the order of these."""
        return ScoredEntries(self.rows.take(places), *(getattr(self, name)[places] for name in _COLUMNS))

    def only(self, which: Flags) -> ScoredEntries:
        """Return those for which it holds, in their order."""
        return self if which.all() else self.take(np.flatnonzero(which))

    def with_others(self, others: ScoredEntries) -> ScoredEntries:
        """Return these and then others."""
        pairs = ((getattr(self, name), getattr(others, name)) for name in _COLUMNS)
        return ScoredEntries(self.rows.with_others(others.rows), *(np.concatenate(pair) for pair in pairs))

    def with_listed(self, rows: MeasuredEntries) -> ScoredEntries:
        """Return these and then entries that were not compared with what these were."""
        nothing = np.zeros((len(rows), self.rows.fits.shape[1]))
        listed = ScoredEntries.listed(replace(rows, fits=nothing, places=nothing))
        return self.with_others(replace(listed, first=np.zeros((len(rows), self.first.shape[1]), np.bool_)))

    def are_of(self, product_keys: Collection[str]) -> Flags:
        """Return which of them are of these products."""
        if not product_keys:
            return np.zeros(len(self), np.bool_)
        return np.fromiter((key in product_keys for key in self.rows.keys), np.bool_, len(self))

    def loose(self, terms: Sequence[Term]) -> Floats:
        """Return how many of the terms each has only by what is taken for them, though others have what is called so."""
        number = np.zeros(len(self))
        for place, term in enumerate(terms):
            if DECIDED & {facet_of(token) for token in term.values}:
                is_loose = (
                    self.rows.places[:, place] < IN_PART
                    if term.literal
                    else self.rows.fits[:, place] < PURPOSE
                )
                number += is_loose
        return number

    def are_close(self, words: VersionWords, weights: Weights) -> Flags:
        """Return which of them are worth showing although something is missing.

        They have a good part of what was asked for, or are nearer to it than nonsense comes to anything.
        """
        close: Flags = self.held >= weights.enough_covered
        return close | (self.rows.image > words.image_noise) | (self.rows.text > words.text_noise)

    def meet(self, filters: Filters) -> Flags:
        """Return which of them meet every condition."""
        rows, met = self.rows, np.ones(len(self), np.bool_)
        if filters.in_stock:
            met &= rows.in_stock
        if filters.has_price:
            amounts = rows.amounts
            met &= ~np.isnan(amounts)
            if filters.price_min is not None:
                met &= ~(amounts < float(filters.price_min))
            if filters.price_max is not None:
                met &= ~(amounts > float(filters.price_max))
        for name, values in filters.facets.items():
            if values:
                met &= rows.having_any(token_of(name, value) for value in values)
        return met

    def by_score(self, *leading: Any) -> Places:
        """Return the places of all of them by what leads, lowest first, then by score, highest first; ties by product key.

        Args:
            leading: columns of numbers or flags, the most important first.
        """
        columns = [-self.score, *reversed(leading)]
        places = np.lexsort(columns)
        # Few have the same score; only these are compared as texts.
        ordered = np.stack([np.asarray(column, np.float64)[places] for column in columns])
        same = (ordered[:, 1:] == ordered[:, :-1]).all(axis=0)
        for first, last in _runs(same):
            places[first:last] = sorted(places[first:last].tolist(), key=self.rows.keys.__getitem__)
        return places


_COLUMNS = tuple(field.name for field in fields(ScoredEntries) if field.name != "rows")
NO_ENTRIES = ScoredEntries.listed(MeasuredEntries.of(()))


def _runs(same: Flags) -> list[tuple[int, int]]:
    """Where runs of equals begin and end, given whether each but the first equals the one before."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    return [(int(first), int(last) + 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How entries are scored for a query."""

    terms: Sequence[Term]
    weights: Weights

    def of(
        self,
        rows: MeasuredEntries,
        *,
        named: Flags,
        for_kids: Flags | float = 0.0,
        cheapness: Floats | float = 0.0,
        shown: Floats | None = None,
    ) -> ScoredEntries:
        """Score entries: coverage + image x similarity of its picture + text x that of its text + what a query may add.

        That is + literal x how far it holds the typed words, where other words are taken for them as well, + cheap x cheapness,
        - kids, and for a photo + shown x how far its kind is what the photo shows.

        Args:
            rows: how well each fits each term, and how similar it is.
            named: whether the query is its SKU or name.
            for_kids: whether it is for children, and they were not asked for.
            cheapness: from 0 for the dearest candidate to 1, where the query asks for cheap things.
            shown: how far its kind is what the photo shows, from 0 to 1.
        """
        weights, number = self.weights, len(rows)
        full = np.full(number, bool(self.terms))
        coverage, held, literal = np.zeros(number), np.zeros(number), np.zeros(number)
        for place, term in enumerate(self.terms):
            has = rows.fits[:, place] >= term.needed
            coverage += term.importance * rows.fits[:, place]
            held += term.importance * has
            literal += term.importance * rows.places[:, place]
            full &= has
        wanted = sum(term.importance for term in self.terms)
        if wanted:
            coverage, held, literal = coverage / wanted, held / wanted, np.where(full, literal / wanted, 0.0)
        total = coverage + weights.literal * literal
        total = total + weights.image * _above_zero(rows.image) + weights.text * _above_zero(rows.text)
        shown = np.zeros(number) if shown is None else shown
        total = total + weights.cheap * cheapness + weights.shown * shown - weights.kids * for_kids
        full = full | named
        no_order = np.zeros((number, 0), np.bool_)
        compared = np.ones(number, np.bool_)
        return ScoredEntries(
            rows, total, full, coverage, held, full, named, compared, no_order, shown, literal
        )


def _above_zero(similarities: Floats) -> Floats:
    return np.where(similarities > 0, similarities, 0.0)


def cheapness_of(rows: MeasuredEntries) -> Floats:
    """Return how cheap each candidate is among all: 1 for the cheapest, 0 for the dearest and those without a price."""
    amounts = rows.amounts
    priced = ~np.isnan(amounts)
    prices = np.unique(amounts[priced])
    cheapness = np.zeros(len(rows))
    last = max(len(prices) - 1, 1)
    cheapness[priced] = (len(prices) - 1 - np.searchsorted(prices, amounts[priced])) / last
    return cheapness


# Variants: the colours of one style do not fill a page.


def spread_variants(styles: Sequence[str], *, most: int, page: int) -> list[int]:
    """Return the places of all items with at most so many variants of one style on each page, as far as others can fill it.

    What is too many moves to the next page, before everything that stood there; the order stays otherwise.

    Args:
        styles: what the variants of each item have in common, best item first; "" for what has none.
        most: variants of one style on a page; 0 leaves the order alone.
        page: items on a page.
    """
    if not most:
        return list(range(len(styles)))
    spread: list[int] = []
    held_back: list[int] = []
    unseen = 0  # the first that no page has come to
    while held_back or unseen < len(styles):
        if not held_back and _fit(styles[unseen : unseen + page], most):
            shown = list(range(unseen, min(unseen + page, len(styles))))
            unseen += len(shown)
        else:
            shown, held_back, unseen = _one_page(styles, held_back, unseen, most, page)
        spread += shown
    return spread


def _fit(styles: Sequence[str], most: int) -> bool:
    """Whether no style has too many variants among these."""
    counts = Counter(styles)
    counts.pop("", None)
    return max(counts.values(), default=0) <= most


def _one_page(
    styles: Sequence[str], waiting: Sequence[int], unseen: int, most: int, page: int
) -> tuple[list[int], list[int], int]:
    """Fill a page with what waits and then with what no page has come to; return it, what waits then, and what is unseen then."""
    seen: Counter[str] = Counter()
    shown: list[int] = []
    held_back: list[int] = []
    taken = 0
    fresh = range(unseen, len(styles))
    for places in (waiting, fresh):
        for place in places:
            if len(shown) == page:
                break
            taken += 1
            style = styles[place]
            if style and seen[style] >= most:
                held_back.append(place)
            else:
                seen[style] += 1
                shown.append(place)
    untouched = list(waiting[taken:])
    unseen += max(taken - len(waiting), 0)
    if missing := page - len(shown):  # nothing else could fill it
        shown += held_back[:missing]
        held_back = held_back[missing:]
    return shown, held_back + untouched, unseen


def spread_tiers(styles: Sequence[str], tiers: Iterable[int], *, most: int, page: int) -> list[int]:
    """Return the places of all items with the variants inside each tier spread; a later tier never comes before an earlier one.

    Args:
        styles: of the items, as in `spread_variants`.
        tiers: how many items each tier has, from the first on.
        most: variants of one style on a page.
        page: items on a page.
    """
    places: list[int] = []
    for length in tiers:
        begin = len(places)
        of_tier = styles[begin : begin + length]
        places += [begin + place for place in spread_variants(of_tier, most=most, page=page)]
    return places
