"""The score of one product for one query: how much of it the product covers, and how similar it is."""

from dataclasses import dataclass

from ..querysets import Coverage
from ..retrieval.candidates import Candidate
from ..retrieval.lexicon import VersionWords
from ..weights import Weights


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and what that is made of."""

    candidate: Candidate
    score: float
    coverage: float  # share of what was asked for, from 0 to 1
    full: bool  # nothing is missing
    named: bool  # its SKU or name is the query
    image: float | None  # similarity of its best picture; None without one
    text: float | None  # similarity of its text

    def is_close(self, words: VersionWords, weights: Weights) -> bool:
        """Whether it is worth showing although something is missing.

        It has a good part of what was asked for, or is nearer to it than nonsense comes to anything.
        """
        if self.coverage >= weights.enough_covered:
            return True
        return (self.image or -1.0) > words.image_noise or (self.text or -1.0) > words.text_noise


def score(
    row: Coverage,
    wanted: float,
    similar: tuple[float | None, float | None],
    weights: Weights,
    *,
    named: bool,
) -> Scored:
    """Score a candidate: coverage + image x similarity of its picture + text x similarity of its text.

    Args:
        row: what it covers.
        wanted: what a product gains that has everything.
        similar: similarities of its best picture and of its text, from -1 to 1, or None.
        weights: how much each counts.
        named: whether the query is its SKU or name.
    """
    image, text = similar
    coverage = row.gained / wanted if wanted else 0.0
    total = coverage + weights.image * max(image or 0.0, 0.0) + weights.text * max(text or 0.0, 0.0)
    return Scored(Candidate(row.product_key, row.entry_id), total, coverage, row.full, named, image, text)
