"""How likely one word was typed for another: a weighted edit distance.

Slips that people make often cost less: neighbouring letters swapped, a letter doubled or not, one vowel for another,
letters that sound alike, keys side by side. The first letter is seldom wrong.
"""

from itertools import pairwise

SWAPPED = 0.6  # ab for ba
DOUBLED = 0.4  # ll for l, l for ll
VOWEL_LEFT_OUT = 0.7
LETTER_LEFT_OUT = 0.9
ALIKE = 0.6  # one vowel for another, k for c
NEIGHBOUR = 0.8  # a key beside the right one
OTHER = 1.1
FIRST = 0.25  # more, where the first letter is concerned

VOWELS = frozenset("aeiouy")
_SOUNDS = ("ck", "kq", "cs", "sz", "cz", "fv", "vw", "gj", "iy", "ie", "td", "pb", "xz", "mn")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _sides() -> frozenset[tuple[str, str]]:
    pairs = {pair for row in _ROWS for pair in pairwise(row)}
    for upper, lower in pairwise(_ROWS):
        pairs |= set(zip(upper, lower, strict=False)) | set(zip(upper[1:], lower, strict=False))
    return frozenset(pairs | {(right, left) for left, right in pairs})


_KEYS = _sides()
_ALIKE = frozenset((pair[0], pair[1]) for sound in _SOUNDS for pair in (sound, sound[::-1]))


def cost(typed: str, meant: str) -> float:
    """Return how unlikely it is that `typed` stands for `meant`: 0 for equal words, about 1 per slip."""
    before: list[float] = []
    row = [0.0]
    for j, letter in enumerate(meant):
        row.append(row[-1] + _gap(letter, meant, j) + (FIRST if j == 0 else 0))
    for i, letter in enumerate(typed):
        earlier, before = before, row
        row = [before[0] + _gap(letter, typed, i) + (FIRST if i == 0 else 0)]
        for j, other in enumerate(meant):
            first = FIRST if i == 0 or j == 0 else 0.0
            both_first = FIRST if i == 0 and j == 0 else 0.0
            best = min(
                before[j] + (0 if letter == other else _substituted(letter, other) + both_first),
                before[j + 1] + _gap(letter, typed, i) + (first if i == 0 else 0),
                row[j] + _gap(other, meant, j) + (first if j == 0 else 0),
            )
            if i and j and letter == meant[j - 1] and other == typed[i - 1] and letter != other:
                best = min(best, earlier[j - 1] + SWAPPED)
            row.append(best)
    return row[-1]


def _gap(letter: str, word: str, place: int) -> float:
    if place and word[place - 1] == letter:
        return DOUBLED
    return VOWEL_LEFT_OUT if letter in VOWELS else LETTER_LEFT_OUT


def _substituted(letter: str, other: str) -> float:
    if (letter in VOWELS and other in VOWELS) or (letter, other) in _ALIKE:
        return ALIKE
    return NEIGHBOUR if (letter, other) in _KEYS else OTHER
