"""The score of one product for one query: how much of it the product covers, and how similar it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..conf import Weights
from ..facets import BRAND, CATEGORY, COLOUR, GENDER
from ..models.entries import Measured
from ..query.lexicon import NEAR, VersionWords
from ..query.parse import Unit
from .candidates import Candidate

# Where a product's own value is what decides, a mention in its texts is nothing: "shirt" stands in every t-shirt's name.
DECIDED = frozenset((CATEGORY, GENDER, COLOUR, BRAND))


@dataclass(frozen=True, slots=True)
class Term:
    """A unit with the fits of its matches."""

    values: Mapping[str, float]
    phrases: Sequence[str]
    fits: tuple[float, float, float]  # in title, keywords, description
    importance: float
    needed: float
    near: Sequence[str] = ()  # phrases that may have been meant
    near_share: float = NEAR  # how well they fit, as a share of the fits of `phrases`


def terms_of(units: Sequence[Unit], weights: Weights) -> list[Term]:
    """Return one term per unit, in their order."""
    return [_term(unit, weights) for unit in units]


def _term(unit: Unit, weights: Weights) -> Term:
    if DECIDED.intersection(unit.facets):
        return Term(unit.values, (), (0.0, 0.0, 0.0), unit.importance, weights.covered)
    share = weights.mentioned if unit.values else 1.0
    fits = (share * weights.title, share * weights.keyword, share * weights.description)
    return Term(unit.values, unit.phrases, fits, unit.importance, weights.covered, unit.near)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and what that is made of."""

    row: Measured
    score: float
    coverage: float  # share of what was asked for, by how well it fits, from 0 to 1
    held: float  # share of what was asked for that it does not lack, from 0 to 1
    full: bool  # no term is missing
    named: bool  # its SKU or name is the query

    @property
    def candidate(self) -> Candidate:
        """The entry."""
        return Candidate(self.row.product_key, self.row.entry_id)

    @property
    def style(self) -> str:
        """What its variants have in common."""
        return self.row.style

    def is_close(self, words: VersionWords, weights: Weights) -> bool:
        """Whether it is worth showing although something is missing.

        It has a good part of what was asked for, or is nearer to it than nonsense comes to anything.
        """
        if self.held >= weights.enough_covered:
            return True
        return (self.row.image or -1.0) > words.image_noise or (self.row.text or -1.0) > words.text_noise


def score(
    row: Measured,
    terms: Sequence[Term],
    weights: Weights,
    *,
    named: bool,
    unasked: bool = False,
    cheapness: float = 0.0,
) -> Scored:
    """Score a candidate: coverage + image x similarity of its picture + text x that of its text + cheap x cheapness - kids.

    Args:
        row: how well it fits each term, and how similar it is.
        terms: what was asked for.
        weights: how much each counts.
        named: whether the query is its SKU or name.
        unasked: whether it is for children, and they were not asked for.
        cheapness: from 0 for the dearest candidate to 1, where the query asks for cheap things.
    """
    wanted = gained = held = 0.0
    full = bool(terms)
    for term, fit in zip(terms, row.fits, strict=True):
        wanted += term.importance
        gained += term.importance * fit
        if fit >= term.needed:
            held += term.importance
        else:
            full = False
    coverage = gained / wanted if wanted else 0.0
    total = coverage + weights.image * max(row.image or 0.0, 0.0) + weights.text * max(row.text or 0.0, 0.0)
    total += weights.cheap * cheapness
    total -= weights.kids * unasked
    return Scored(row, total, coverage, held / wanted if wanted else 0.0, full, named)


def cheapness_of(rows: Sequence[Measured]) -> dict[int, float]:
    """Return how cheap each candidate is among all: 1 for the cheapest, 0 for the dearest and those without a price."""
    prices = sorted({row.price for row in rows if row.price is not None}, reverse=True)
    place = {price: number for number, price in enumerate(prices)}
    last = max(len(prices) - 1, 1)
    return {row.entry_id: place[row.price] / last for row in rows if row.price is not None}


# What a ranking looked at on its way to the list, kept for those who ask why.


@dataclass(frozen=True, slots=True)
class Steps:
    """The candidates of a ranking, step by step."""

    named: Collection[int]  # entries whose SKU or name is the query
    scored: Sequence[Scored]  # every candidate
    closest: bool  # whether the closest might fill up; not where enough have everything before filters
    few: bool  # so few have all that was asked for that the closest were let in
    kept: Sequence[
        Scored
    ]  # candidates worth showing, by score, before variants were spread and rules applied
