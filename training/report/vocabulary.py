"""The catalogue's own words: values of its columns, and the words of its product names by frequency."""

import re
from collections import Counter
from collections.abc import Sequence

from ..data import Product

KINDS = {"article_type": "article type", "colour": "colour", "pattern": "pattern"}
MOST_WORDS = 1000  # words of names that are compared with each other
LEAST_PRODUCTS = 5  # rarer words are mostly brands, misprints and model numbers

_WORD = re.compile(r"[^\W\d_]{3,}")


def values_of(products: Sequence[Product]) -> dict[str, list[str]]:
    """Return the distinct values of article type, colour and pattern, in alphabetical order."""
    return {
        title: sorted({getattr(product, field) for product in products} - {""})
        for field, title in KINDS.items()
    }


def frequent_words(products: Sequence[Product]) -> dict[str, int]:
    """Return the words of the products' names and in how many names each stands, the most frequent first.

    Words are of letters only, at least three, in lower case; equally frequent ones are in alphabetical order.
    """
    counts = Counter(word for product in products for word in set(_WORD.findall(product.name.lower())))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {word: count for word, count in ordered[:MOST_WORDS] if count >= LEAST_PRODUCTS}


def spread_by_frequency(words: dict[str, int], count: int) -> list[str]:
    """Pick words from the most to the least frequent, each about as many times rarer than the one before.

    Args:
        words: words and counts, the most frequent first.
        count: how many to pick; fewer come back where there are fewer words.
    """
    ordered = list(words)
    if len(ordered) <= count:
        return ordered
    ratio = len(ordered) ** (1 / max(1, count - 1))
    places: list[int] = []
    for step in range(count):
        place = min(round(ratio**step) - 1, len(ordered) - 1)
        places.append(max(place, places[-1] + 1) if places else place)
    return [ordered[min(place, len(ordered) - 1)] for place in places]
