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
    shared = _by_facet(entries(filters), unchosen) if unchosen else {}
    for name in names:
        chosen = filters.facets.get(name, ())
        counts = entries(filters.without(name)).value_counts(name) if chosen else shared.get(name, {})
        answer[name] = sort_counts(dict.fromkeys(chosen, 0) | counts, trees.get(name, FLAT))
    return answer


def sort_counts(counts: Mapping[str, int], parents: Parents = FLAT) -> list[FacetCount]:
    """Return counts of values, commonest first, ties by value; values of a tree each behind the one above it.

    Every value comes once, whatever the tree is like; but for blank ones, which nobody can choose.

    Args:
        counts: value -> number of results.
        parents: the value above each, if the facet is a tree. A value whose parent is not counted stands as a root; of
            values that lie above themselves, the commonest.
    """
    ranked = sorted((value for value in counts if value.strip()), key=lambda value: (-counts[value], value))
    shown = set(ranked)
    above = {value: parent for value in ranked if (parent := parents.get(value, "")) in shown}
    below: dict[str, list[str]] = {}
    for value in ranked:
        if value in above:
            below.setdefault(above[value], []).append(value)
    ordered: dict[str, FacetCount] = {}
    for value in [*(value for value in ranked if value not in above), *ranked]:
        if value in ordered:
            continue
        root = _root_of(value, above, ranked)
        above.pop(root, None)
        waiting = [root]
        while waiting:
            found = waiting.pop()
            if found not in ordered:
                ordered[found] = FacetCount(found, counts[found], above.get(found, ""))
                waiting.extend(below.get(found, [])[::-1])
    return list(ordered.values())


def _root_of(value: str, above: Mapping[str, str], ranked: Sequence[str]) -> str:
    """The topmost value above this one; the commonest of those that lie above themselves, where the way up leads to such."""
    way: dict[str, None] = {}
    while value in above and value not in way:
        way[value] = None
        value = above[value]
    if value not in way:
        return value
    ring = list(way)[list(way).index(value) :]
    return min(ring, key=ranked.index)


def _by_facet(entries: EntryQuerySet, names: Sequence[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    prefixes = {f"{name}=": found[name] for name in names}
    for token, count in entries.facet_counts():
        for prefix, values in prefixes.items():  # a value may hold "=", and so may the name of an older index
            if token.startswith(prefix):
                values[token[len(prefix) :]] = count
    return found
