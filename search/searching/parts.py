"""What was understood of a query, as pages and clients show it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..query.terms import Understood

SHOWN_VALUES = 5  # of a part; the best fitting


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderstoodPart:
    """A stretch of the query that names values of a facet, or a price."""

    text: str  # as typed
    facet: str  # "price" for a price
    values: tuple[str, ...]  # best fitting first
    implied: bool = False  # not typed, but asked for by something that was
    without: str  # the query without it


def parts_of(query: str, understood: Understood) -> Iterator[UnderstoodPart]:
    """Return the parts of a query, in the order in which they were read; a price comes last.

    Args:
        query: as the shopper reads it again.
        understood: what was made of it.
    """
    for unit in understood.parts:
        facet = unit.facets[0]
        best = sorted(unit.values, key=lambda token: (-unit.values[token], token))
        values = [token.partition("=")[2] for token in best if token.startswith(f"{facet}=")]
        yield UnderstoodPart(
            text=unit.text,
            facet=facet,
            values=tuple(values[:SHOWN_VALUES]),
            implied=unit.implied,
            without=query if unit.implied else _without(query, unit.text),
        )
    if price := understood.price:
        ends = ("" if end is None else f"{end:f}" for end in (price.lowest, price.highest))
        yield UnderstoodPart(
            text=price.text, facet="price", values=tuple(ends), without=_without(query, price.text)
        )


def _without(query: str, text: str) -> str:
    """The query without a text, and without the ending that a possessive leaves behind."""
    pattern = r"\s+".join(re.escape(word) for word in text.split())
    rest = re.sub(rf"(?<!\w){pattern}(?:['\u2019]s?)?(?!\w)", " ", query, count=1, flags=re.IGNORECASE)
    return " ".join(rest.split())
