"""The word of a vocabulary that was most probably meant."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from heapq import nsmallest
from math import log10

from rapidfuzz import process
from rapidfuzz.distance import OSA

from .costs import cost
from .vocabulary import Word

# Measured by `python -m lab.bench.spell`: one random edit to 1,000 words, against names from outside the catalogue.
SHORT = 5  # letters; up to here one edit is allowed, beyond it two
LIMIT, LIMIT_PER_LETTER = 0.8, 0.1  # cost at which a candidate is believed, by the letters of the typed word
RARE = 0.2  # by how much a word of one product must be nearer than one of ten
WEIGHED = 32  # candidates, fewest edits and most products first, whose slips are weighed
COMMON = 0.25  # what ten times as many products are worth, in cost
BESIDE = 0.3  # what standing beside the next or previous word in products is worth


class NearestWords:
    """Words by length, so that only those that can be near are compared."""

    def __init__(self, words: Mapping[str, Word]) -> None:
        self._words = words
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for key in words:
            self._by_length[len(key)].append(key)

    def nearest(self, key: str, fits: Callable[[str], bool]) -> str | None:
        """Return how the word is shown that was most probably meant by `key`, or None where none is near enough.

        Args:
            key: a folded word that is not among the words.
            fits: tells whether products hold a word beside the query's next or previous one.
        """
        best: tuple[float, str] | None = None
        limit = LIMIT + LIMIT_PER_LETTER * len(key)
        for word in self._near(key):
            slips = cost(key, word)
            common = log10(max(self._words[word][1], 1))
            ranked = (slips - COMMON * common - BESIDE * fits(word), word)
            if slips <= limit - RARE * max(0.0, 1 - common) and (best is None or ranked < best):
                best = ranked
        return None if best is None else self._words[best[1]][0]

    def _near(self, key: str) -> list[str]:
        edits = 1 if len(key) <= SHORT else 2
        near = [
            (distance, -self._words[word][1], word)
            for length in range(len(key) - edits, len(key) + edits + 1)
            for word, distance, _ in process.extract(
                key, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=edits, limit=None
            )
        ]
        return [word for _, _, word in nsmallest(WEIGHED, near)]
