"""Complete what is being typed, with one misspelling at most in each word."""

from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ..spelling.words import inflections
from .names import Names
from .prefixes import Mask, PrefixIndex

SHORTEST_SLIP = 4  # letters; shorter beginnings are near too many words
WORDS_TYPED = 8  # further words are left aside


def respelt(index: PrefixIndex, prefixes: Sequence[str]) -> list[str]:
    """Return the prefixes, each that begins no word replaced by the nearest that does; the first letter stays."""
    return [
        prefix if index.span(prefix) or len(prefix) < SHORTEST_SLIP else _nearest(index, prefix)
        for prefix in prefixes[:WORDS_TYPED]
    ]


def complete(names: Names, prefixes: Sequence[str], mask: Mask, limit: int) -> list[str]:
    """Return queries: what was typed with its last word completed, those that most products match first.

    Args:
        names: the names of the version.
        prefixes: folded words, the last one unfinished.
        mask: the products that match all prefixes.
        limit: most queries.
    """
    *before, last = prefixes
    index = names.products
    span = index.span(last)
    counts = index.counts(span, mask)
    found: dict[str, None] = {}
    for place in np.argsort(-counts, kind="stable"):
        word = index.words[span.start + int(place)]
        if len(found) == limit or not counts[place]:
            break
        if word not in before and not any(other in found for other in inflections(word)):
            found[word] = None
    return [" ".join([*before, word]) for word in found]


def _nearest(index: PrefixIndex, prefix: str) -> str:
    """The beginning, one edit away, of the words that stand in most rows; the prefix itself where there is none."""
    rows: dict[str, int] = {}
    for number in index.span(prefix[0]):
        count = int(index.starts[number + 1] - index.starts[number])
        for length in {len(prefix), len(prefix) + 1, len(prefix) - 1}:
            beginning = index.words[number][:length]
            rows[beginning] = rows.get(beginning, 0) + count
    near = process.extract(prefix, rows.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
    return max((word for word, _, _ in near), key=lambda word: (len(word), rows[word]), default=prefix)
