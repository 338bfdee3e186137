"""The score of one product for one query: how much of it the product covers, and how similar it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..querysets import Coverage, Term
from ..retrieval.candidates import Candidate
from ..retrieval.lexicon import VersionWords
from ..weights import Weights


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and what that is made of."""

    candidate: Candidate
    score: float
    fits: Sequence[float]  # of each term
    coverage: float  # share of what was asked for, by how well it fits, from 0 to 1
    held: float  # share of what was asked for that it does not lack, from 0 to 1
    full: bool  # no term is missing
    named: bool  # its SKU or name is the query
    image: float | None  # similarity of its best picture; None without one
    text: float | None  # similarity of its text
    style: str = ""  # what its variants have in common

    def is_close(self, words: VersionWords, weights: Weights) -> bool:
        """Whether it is worth showing although something is missing.

        It has a good part of what was asked for, or is nearer to it than nonsense comes to anything.
        """
        if self.held >= weights.enough_covered:
            return True
        return (self.image or -1.0) > words.image_noise or (self.text or -1.0) > words.text_noise


def score(
    row: Coverage,
    terms: Sequence[Term],
    similar: tuple[float | None, float | None],
    weights: Weights,
    *,
    named: bool,
    cheapness: float = 0.0,
) -> Scored:
    """Score a candidate: coverage + image x similarity of its picture + text x that of its text + cheap x cheapness - kids.

    Args:
        row: how well it fits each term; marked where it is for children, although they were not asked for.
        terms: what was asked for.
        similar: similarities of its best picture and of its text, from -1 to 1, or None.
        weights: how much each counts.
        named: whether the query is its SKU or name.
        cheapness: from 0 for the dearest candidate to 1, where the query asks for cheap things.
    """
    image, text = similar
    wanted = sum(term.importance for term in terms)
    gained = sum(term.importance * fit for term, fit in zip(terms, row.fits, strict=True))
    coverage = gained / wanted if wanted else 0.0
    held = sum(term.importance for term, fit in zip(terms, row.fits, strict=True) if fit >= term.needed)
    full = bool(terms) and all(fit >= term.needed for term, fit in zip(terms, row.fits, strict=True))
    total = coverage + weights.image * max(image or 0.0, 0.0) + weights.text * max(text or 0.0, 0.0)
    total += weights.cheap * cheapness
    total -= weights.kids * row.marked
    candidate = Candidate(row.product_key, row.entry_id)
    return Scored(
        candidate,
        total,
        row.fits,
        coverage,
        held / wanted if wanted else 0.0,
        full,
        named,
        image,
        text,
        row.style,
    )


def cheapness_of(rows: Sequence[Coverage]) -> dict[int, float]:
    """Return how cheap each candidate is among all: 1 for the cheapest, 0 for the dearest and those without a price."""
    prices = sorted({row.price for row in rows if row.price is not None}, reverse=True)
    place = {price: number for number, price in enumerate(prices)}
    last = max(len(prices) - 1, 1)
    return {row.entry_id: place[row.price] / last for row in rows if row.price is not None}
