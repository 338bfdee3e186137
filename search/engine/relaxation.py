"""Where nothing has all that a query asks for: which parts are dropped, the least important first, and which filters leave nothing."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from django.db.models import Count, Q

from ..conf import get_settings
from ..facets import CATEGORY
from ..models.entries import EntryQuerySet
from ..models.expressions import meets
from ..models.terms import Holding, all_of, holds
from ..query.parse import Understood, shown_values
from ..query.words import Unit
from .answers import Blocking, RelaxedPart
from .candidates import Term
from .request import Filters
from .scored import ScoredEntries

Parts = frozenset[int]  # numbers of units, and of their terms
NONE: Parts = frozenset()


def soft_parts(units: Sequence[Unit]) -> Parts:
    """Return the purposes and occasions; where nothing else is asked for, without the most important one."""
    soft = [number for number, unit in enumerate(units) if unit.is_soft]
    if soft and all(unit.is_soft or unit.implied for unit in units):
        soft.remove(max(soft, key=lambda number: units[number].importance))
    return frozenset(soft)


def kinds_among(units: Sequence[Unit]) -> Parts:
    """Return the units that name what kind of product it is; a purpose does where nothing else does."""
    named = {n: unit for n, unit in enumerate(units) if unit.facets[:1] == (CATEGORY,) and not unit.implied}
    return frozenset(n for n, unit in named.items() if not unit.serving) or frozenset(named)


def relax(
    units: Sequence[Unit], terms: Sequence[Term], items: ScoredEntries, pinned: Collection[str] = ()
) -> tuple[ScoredEntries, Parts | None]:
    """Return the items with what leads them marked as matching, and which parts of the query are dropped for that.

    What lacks nothing but purposes and occasions matches. Where nothing does, the parts are dropped that cost least and leave
    something: a kind of product costs more than all else, then what is typed counts by its importance, and what is implied
    only decides between equals. What is left must name a kind, or be the share `enough_covered` of all.

    Args:
        units: what is asked for.
        terms: the same, as it is looked up.
        items: the candidates, with how well they fit the terms.
        pinned: product keys of what stays marked, whatever it lacks.

    Returns:
        The items in their order, and the numbers of the dropped units: none where anything matches, None where nothing may be
        dropped.
    """
    soft = soft_parts(units)
    lacks = items.rows.fits < np.array([term.needed for term in terms])
    lacks[:, sorted(soft)] = False
    # Few combinations of parts are lacking, however many items there are.
    combinations, which, found = np.unique(
        lacks[items.compared], axis=0, return_inverse=True, return_counts=True
    )
    lacking: list[Parts] = [frozenset(np.flatnonzero(combination).tolist()) for combination in combinations]
    if items.named.any() or NONE in lacking:
        dropped: Parts | None = NONE
    else:
        kinds = kinds_among(units)
        counts = dict(zip(lacking, found.tolist(), strict=True))
        allowed = [lack for lack in counts if _may_be_dropped(lack, units, kinds)]
        dropped = min(allowed, key=lambda lack: _cost(lack, units, kinds, counts[lack]), default=None)
    matching = items.named | items.are_of(pinned)
    if dropped is not None and lacking:
        does = np.array([lack <= dropped for lack in lacking])
        matching[items.compared] |= does[which.reshape(-1)]
    return replace(items, matching=matching), dropped


def _may_be_dropped(parts: Parts, units: Sequence[Unit], kinds: Parts) -> bool:
    if kinds - parts:
        return True
    whole = sum(unit.importance for unit in units)
    rest = whole - sum(units[number].importance for number in parts)
    return rest > 0 and rest >= get_settings().weights.enough_covered * whole


def _cost(parts: Parts, units: Sequence[Unit], kinds: Parts, found: int) -> tuple[object, ...]:
    """What it costs to drop some parts; of equal costs, the more products are found and the later the parts stand, the better."""
    light = {number for number in parts if units[number].implied or units[number].serving}
    sums = (round(sum(units[number].importance for number in some), 6) for some in (parts - light, light))
    later = sorted((-number for number in parts), reverse=True)
    return len(parts & kinds), *sums, -found, later


def parts_dropped(text: str, understood: Understood, dropped: Parts | None) -> tuple[RelaxedPart, ...]:
    """Return what of a query is not asked for any more, as typed and as understood, in the order in which it was typed.

    Args:
        text: the query.
        understood: what was made of it; words that no product holds are dropped as well.
        dropped: numbers of the units that are.
    """
    units = [understood.units[number] for number in sorted(dropped or ())]
    parts = [RelaxedPart(unit.text, *shown_values(unit)) for unit in units]
    parts += [RelaxedPart(word, "", ()) for word in understood.unknown]
    return tuple(sorted(parts, key=lambda part: begin_of(part.text, text)))


def text_kept(text: str, understood: Understood, dropped: Parts | None) -> str:
    """Return the parts of a query that are still asked for, as typed; "" where nothing is."""
    if dropped is None or not understood.units:
        return ""
    kept = [unit for number, unit in enumerate(understood.units) if number not in dropped]
    texts = [unit.text for unit in kept if not unit.implied]
    texts += [one.text for one in (understood.price, *understood.negated) if one is not None]
    ordered = sorted(dict.fromkeys(texts), key=lambda part: (begin_of(part, text), -len(part)))
    shown: list[str] = []
    end = 0
    for part in ordered:
        begins = begin_of(part, text)
        if begins + len(part) > end:  # "sports" is said with "sports watch"
            shown.append(part)
            end = begins + len(part)
    return " ".join(shown)


def begin_of(part: str, text: str) -> int:
    """Return where in a text a part begins, whatever its case; the text's length where it does not stand there."""
    place = text.lower().find(part.lower())
    return place if place >= 0 else len(text)


# Filters and prices are never dropped: what would be found without one of them is counted, so that it can be offered.


def blocking_filters(
    entries: EntryQuerySet,
    filters: Filters,
    *,
    config: str = "english",
    units: Sequence[Unit] = (),
    terms: Sequence[Term] = (),
) -> tuple[Blocking, ...]:
    """Return the filters without which something would be found, each with how much; one statement.

    Args:
        entries: those without the filters.
        filters: that are set.
        config: text search configuration.
        units: what is asked for.
        terms: the same, as it is looked up.
    """
    choices = [(name, filters.facets[name], filters.without(name)) for name in filters.selected]
    choices += [("price", (), filters.without_price)] if filters.has_price else []
    choices += [("in_stock", (), filters.without_stock)] if filters.in_stock else []
    soft, kinds = soft_parts(units), kinds_among(units)
    every = _all_of([term for number, term in enumerate(terms) if number not in soft], config)
    alike = _all_of([terms[number] for number in sorted(kinds)], config) if kinds else every
    counted = {}
    for number, (_, _, rest) in enumerate(choices):
        counted[f"_matching{number}"] = Count("pk", filter=meets(rest) & every)
        counted[f"_found{number}"] = Count("pk", filter=meets(rest))
    counts = entries.filter(alike).order_by().aggregate(**counted)
    return tuple(
        Blocking(name, tuple(values), counts[f"_matching{number}"], found - counts[f"_matching{number}"])
        for number, (name, values, _) in enumerate(choices)
        if (found := counts[f"_found{number}"])
    )


def _all_of(terms: Sequence[Term], config: str) -> Q:
    return Q(Holding(all_of(holds(term, config) for term in terms)))


def offered(blocking: Sequence[Blocking], text: str, without: str) -> tuple[Blocking, ...]:
    """Return the filters with the words that state the price, where a query does, and the query without them."""
    return tuple(
        replace(one, text=text, without=without) if one.filter == "price" else one for one in blocking
    )
