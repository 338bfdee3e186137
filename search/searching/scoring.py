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
    coverage: float  # share of what was asked for, from 0 to 1
    full: bool  # no term is missing
    named: bool  # its SKU or name is the query
    image: float | None  # similarity of its best picture; None without one
    text: float | None  # similarity of its text
    style: str = ""  # what its variants have in common

    def is_close(self, words: VersionWords, weights: Weights) -> bool:
        """Whether it is worth showing although something is missing.

        It has a good part of what was asked for, or is nearer to it than nonsense comes to anything.
        """
        if self.coverage >= weights.enough_covered:
            return True
        return (self.image or -1.0) > words.image_noise or (self.text or -1.0) > words.text_noise


def score(
    row: Coverage,
    terms: Sequence[Term],
    similar: tuple[float | None, float | None],
    weights: Weights,
    *,
    named: bool,
) -> Scored:
    """Score a candidate: coverage + image x similarity of its picture + text x similarity of its text.

    Args:
        row: how well it fits each term.
        terms: what was asked for.
        similar: similarities of its best picture and of its text, from -1 to 1, or None.
        weights: how much each counts.
        named: whether the query is its SKU or name.
    """
    image, text = similar
    wanted = sum(term.importance for term in terms)
    gained = sum(term.importance * fit for term, fit in zip(terms, row.fits, strict=True))
    coverage = gained / wanted if wanted else 0.0
    full = bool(terms) and all(fit >= term.needed for term, fit in zip(terms, row.fits, strict=True))
    total = coverage + weights.image * max(image or 0.0, 0.0) + weights.text * max(text or 0.0, 0.0)
    candidate = Candidate(row.product_key, row.entry_id)
    return Scored(candidate, total, row.fits, coverage, full, named, image, text, row.style)
