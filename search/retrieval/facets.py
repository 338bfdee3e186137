"""Facets: how many results each value would leave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..querysets import EntryQuerySet
from .filters import Filters


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet and how many results bear it."""

    value: str
    count: int


def count_facets(
    names: Sequence[str], filters: Filters, entries: Callable[[Filters], EntryQuerySet]
) -> dict[str, list[FacetCount]]:
    """Count the values of every facet, commonest first; a facet's counts ignore its own selection.

    Args:
        names: the facets to count.
        filters: what is chosen; chosen values are listed even where they count 0.
        entries: gives the results under other filters than the chosen ones.
    """
    answer: dict[str, list[FacetCount]] = {}
    shared = _by_facet(entries(filters)) if names else {}
    for name in names:
        chosen = filters.facets.get(name, ())
        counts = (_by_facet(entries(filters.without(name))) if chosen else shared).get(name, {})
        answer[name] = sort_counts(dict.fromkeys(chosen, 0) | counts)
    return answer


def sort_counts(counts: Mapping[str, int]) -> list[FacetCount]:
    """Return counts of values, commonest first, ties by value."""
    return [
        FacetCount(value, counts[value])
        for value in sorted(counts, key=lambda value: (-counts[value], value))
    ]


def _by_facet(entries: EntryQuerySet) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for token, count in entries.facet_counts():
        name, _, value = token.partition("=")
        found.setdefault(name, {})[value] = count
    return found
