"""Ranked results arranged by rules, with the facet values and pinned products that those need from the index."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol, TypeVar

from ..facets import parse_token
from ..merchandising.apply import Spread, apply_rules
from ..merchandising.conflicts import Conflict
from ..merchandising.rules import Fired, Rule
from ..merchandising.snapshots import pinned_by, snapshot, tokens_of
from ..models import IndexEntry
from ..models.entries import EntryQuerySet
from ..models.expressions import concerns
from .candidates import Candidate

Items = Sequence[tuple[Candidate, float]]


@dataclass(frozen=True, slots=True)
class Arranged:
    """Candidates after the rules."""

    items: Items
    matching: int
    fired: tuple[Fired, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    pinned: Mapping[str, int] = field(default_factory=dict)  # product key -> place from 1 that it shall have


def arrange(
    rules: Sequence[Rule],
    items: Items,
    space: EntryQuerySet,
    *,
    tiers: Sequence[int] = (),
    matching: int | None = None,
    spread: Spread | None = None,
) -> Arranged:
    """Arrange candidates by rules; a pinned product that is none of them is fetched if it meets the filters.

    Args:
        rules: those that hold here.
        items: candidates and scores, best first.
        space: the entries that meet the filters.
        tiers: how many items each tier has.
        matching: how many items, from the first on, have all that was asked for.
        spread: orders the keys of tiers anew after boosts.
    """
    matching = len(items) if matching is None else matching
    if not rules:
        return Arranged(items, matching)
    candidates = {candidate.product_key: candidate for candidate, _ in items}
    missing = [key for key in pinned_by(rules) if key not in candidates]
    fetched = dict(space.of_products(missing).values_list("product_key", "pk")) if missing else {}
    candidates |= {key: Candidate(key, pk) for key, pk in fetched.items()}
    tokens = tokens_of(rules)
    among = IndexEntry.objects.among([candidate.entry_id for candidate in candidates.values()])
    bearers = among.filter(facets__overlap=tokens).values_list("product_key", "facets")
    applied = apply_rules(
        rules,
        [(candidate.product_key, score) for candidate, score in items],
        tokens=dict(bearers) if tokens else {},
        fetched=fetched,
        tiers=tiers,
        matching=matching,
        spread=spread,
    )
    return Arranged(
        [(candidates[key], score) for key, score in applied.items],
        applied.matching,
        tuple(applied.fired),
        tuple(applied.conflicts),
        applied.pinned,
    )


@dataclass(frozen=True, slots=True)
class Hidden:
    """What rules hide."""

    keys: tuple[str, ...]  # product keys
    values: tuple[tuple[str, str], ...]  # facets, each with a value


def hidden_on(categories: Sequence[str]) -> Hidden:
    """Return what rules hide on the page of some categories, for a host that lists one without the index.

    Args:
        categories: names, as in the facet.
    """
    hides = [rule for rule in snapshot().rules_for("", categories) if rule.action == "hide"]
    values = [parse_token(rule.token) for rule in hides if rule.token]
    return Hidden(tuple(rule.product_key for rule in hides if not rule.token), tuple(values))


def without_hidden(entries: EntryQuerySet, rules: Sequence[Rule]) -> EntryQuerySet:
    """Return the entries that no rule hides."""
    hides = [rule for rule in rules if rule.action == "hide"]
    keys = [rule.product_key for rule in hides if not rule.token]
    tokens = [rule.token for rule in hides if rule.token]
    return entries.exclude(concerns(keys, tokens)) if hides else entries


# Keep the colours of one style from filling a page.


class HasStyle(Protocol):
    """Anything that is a variant of a style."""

    @property
    def style(self) -> str:
        """What its variants have in common; "" for what has none."""


Item = TypeVar("Item", bound=HasStyle)


def spread_variants(items: Sequence[Item], *, most: int, page: int) -> list[Item]:
    """Return all items with at most so many variants of one style on each page, as far as others can fill it.

    What is too many moves to the next page, before everything that stood there; the order stays otherwise.

    Args:
        items: best first.
        most: variants of one style on a page; 0 leaves the order alone.
        page: items on a page.
    """
    if not most:
        return list(items)
    spread: list[Item] = []
    waiting: list[Item] = list(items)
    while waiting:
        shown, waiting = _one_page(waiting, most, page)
        spread += shown
    return spread


def _one_page(items: Sequence[Item], most: int, page: int) -> tuple[list[Item], list[Item]]:
    """Return a page and what is left, both in order."""
    seen: Counter[str] = Counter()
    shown: list[Item] = []
    held_back: list[Item] = []
    for number, item in enumerate(items):
        if len(shown) == page:
            return shown, [*held_back, *items[number:]]
        if item.style and seen[item.style] >= most:
            held_back.append(item)
        else:
            seen[item.style] += 1
            shown.append(item)
    missing = page - len(shown)
    return [*shown, *held_back[:missing]], held_back[missing:]


def spread_tiers(tiers: Iterable[Sequence[Item]], *, most: int, page: int) -> list[Item]:
    """Spread the variants inside each tier; a later tier never comes before an earlier one."""
    return list(chain.from_iterable(spread_variants(tier, most=most, page=page) for tier in tiers))
