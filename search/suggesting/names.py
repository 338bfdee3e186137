"""What suggestions are made from: the names of products, brands and facet values of one version."""

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..spelling.words import chunks, fold, parts
from .prefixes import PrefixIndex

BRAND = ""  # what stands in place of a facet's name where the value is a brand

Value = tuple[str, str, int]  # facet, or BRAND; value; products that bear it


@dataclass(frozen=True, slots=True)
class Names:
    """Products in the order in which they are suggested, and values, commonest first."""

    keys: list[str]  # product keys
    products: PrefixIndex  # over the words of name and brand
    values: list[Value]
    value_words: PrefixIndex

    def pack(self) -> bytes:
        """Return it as bytes for the database."""
        file = io.BytesIO()
        texts = ["\n".join(self.products.words), "\n".join(self.value_words.words), self.keys, self.values]
        text = np.frombuffer(json.dumps(texts).encode(), np.uint8)
        arrays = self.products.arrays("products") | self.value_words.arrays("values")
        np.savez(file, allow_pickle=False, text=text, **arrays)
        return file.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> "Names":
        """Return what `pack` made bytes of."""
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            words, value_words, keys, values = json.loads(arrays["text"].tobytes())
            return cls(
                keys=keys,
                products=PrefixIndex.from_arrays(words, arrays, "products"),
                values=[(facet, value, count) for facet, value, count in values],
                value_words=PrefixIndex.from_arrays(value_words, arrays, "values"),
            )


class NameCollector:
    """Takes products one by one, in the order in which they shall be suggested, and gives the names of all."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._words: list[list[str]] = []
        self._values: Counter[tuple[str, str]] = Counter()

    def add(self, key: str, *, name: str, brand: str, facets: Iterable[tuple[str, str]]) -> None:
        """Add one product.

        Args:
            key: its product key.
            name: its name.
            brand: its brand, or "".
            facets: pairs of facet and value; those of a facet named "brand" are left to `brand`.
        """
        self._keys.append(key)
        self._words.append(words_of(f"{name} {brand}"))
        self._values.update((facet, value) for facet, value in facets if facet != "brand")
        if brand:
            self._values[BRAND, brand] += 1

    def names(self) -> Names:
        """Return what was collected."""
        ranked = sorted(self._values.items(), key=lambda item: (-item[1], item[0]))
        values = [(facet, value, count) for (facet, value), count in ranked]
        return Names(
            keys=self._keys,
            products=PrefixIndex.of(self._words),
            values=values,
            value_words=PrefixIndex.of(words_of(value) for _, value, _ in values),
        )


def words_of(text: str) -> list[str]:
    """The folded words of a text; a hyphened one whole and in parts."""
    return [fold(word) for chunk in chunks(text) for word in dict.fromkeys((chunk[0], *parts(chunk[0])))]


def typed_words(text: str) -> Sequence[str]:
    """The folded words of what is being typed."""
    return list(dict.fromkeys(fold(chunk[0]) for chunk in chunks(text)))
