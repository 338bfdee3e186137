"""Facets: how many results each value would leave."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..querysets import EntryQuerySet
from .filters import Filters

Parents = Mapping[str, str]  # value -> the value above it, "" for a root
FLAT: Parents = {}


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet and how many results bear it."""

    value: str
    count: int
    parent: str = ""  # the value above it, where the facet is a tree


def count_facets(
    names: Sequence[str],
    filters: Filters,
    entries: Callable[[Filters], EntryQuerySet],
    trees: Mapping[str, Parents],
) -> dict[str, list[FacetCount]]:
    """Count the values of every facet, commonest first; a facet's counts ignore its own selection.

    Args:
        names: the facets to count.
        filters: what is chosen; chosen values are listed even where they count 0.
        entries: gives the results under other filters than the chosen ones.
        trees: of facets whose values lie below each other.
    """
    answer: dict[str, list[FacetCount]] = {}
    unchosen = [name for name in names if not filters.facets.get(name)]
    shared = _by_facet(entries(filters)) if unchosen else {}
    for name in names:
        chosen = filters.facets.get(name, ())
        counts = entries(filters.without(name)).value_counts(name) if chosen else shared.get(name, {})
        answer[name] = sort_counts(dict.fromkeys(chosen, 0) | counts, trees.get(name, FLAT))
    return answer


def sort_counts(counts: Mapping[str, int], parents: Parents = FLAT) -> list[FacetCount]:
    """Return counts of values, commonest first, ties by value; values of a tree each behind the one above it.

    Args:
        counts: value -> number of results.
        parents: the value above each, if the facet is a tree. A value whose parent is not counted stands as a root.
    """
    below: dict[str, list[FacetCount]] = {}
    for value in sorted(counts, key=lambda value: (-counts[value], value)):
        parent = parents.get(value, "")
        parent = parent if parent in counts else ""
        below.setdefault(parent, []).append(FacetCount(value, counts[value], parent))
    ordered: list[FacetCount] = []
    waiting = below.get("", [])[::-1]
    while waiting:
        count = waiting.pop()
        ordered.append(count)
        waiting.extend(below.get(count.value, [])[::-1])
    return ordered


def _by_facet(entries: EntryQuerySet) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for token, count in entries.facet_counts():
        name, _, value = token.partition("=")
        found.setdefault(name, {})[value] = count
    return found
