"""Arrange results by rules: hide, then boost and bury, then pin."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from .conflicts import Conflict, Tokens, clashes
from .rules import Fired, Rule, say

Scores = Sequence[tuple[str, float]]  # product keys and scores, best first
Spread = Callable[[list[list[str]]], list[str]]  # tiers of product keys -> their order
NO_TOKENS: Tokens = {}


@dataclass(frozen=True, slots=True)
class Applied:
    """What rules made of results."""

    items: list[tuple[str, float]]  # best first, without what is hidden, each once
    fired: list[Fired]
    conflicts: list[Conflict]
    pinned: Mapping[str, int]  # product key -> its place from 1, the oldest rule's first


def apply_rules(
    rules: Iterable[Rule],
    items: Scores,
    *,
    tokens: Tokens = NO_TOKENS,
    fetched: Collection[str] = (),
    tiers: Sequence[int] = (),
    spread: Spread | None = None,
    now: datetime | None = None,
) -> Applied:
    """Arrange results by the rules that hold for them.

    Only hidden products are taken out, and only pinned products among `fetched` come in. Boosts and buries act
    inside a tier: what lacks a part of the query does not pass what has all of it. Pins are placed last.

    Args:
        rules: those that are running where the results are shown, in any order.
        items: product keys and scores, best first.
        tokens: facet tokens of products, as far as rules name them: "brand=Nike".
        fetched: keys of pinned products that are not among the items but meet the filters.
        tiers: how many items each tier has, the best tier first; what is left is one more.
        spread: orders the keys of the tiers after boosts have moved them, as the ranking had done before.
        now: when the sentences are read; the present by default.
    """
    chosen = sorted(rules, key=lambda rule: rule.id)
    now = now or timezone.now()
    sentences = {rule.id: say(rule, now) for rule in chosen}
    fired: list[Fired] = []

    def fire(rule: Rule, key: str) -> None:
        fired.append(Fired(rule.id, sentences[rule.id], key))

    scores = dict(items)
    hidden = _hidden(chosen, [*scores, *sorted(set(fetched) - scores.keys())], tokens, fire)
    pinned = _pinned(chosen, (scores.keys() | set(fetched)) - hidden, fire)
    kept = [
        [key for key in tier if key not in hidden and key not in pinned]
        for tier in _cut([key for key, _ in items], tiers)
    ]
    moving = [rule for rule in chosen if rule.action in ("boost", "bury")]
    tiers_now, scores, moved = _boosted(moving, kept, scores, tokens, fire)
    order = spread(tiers_now) if spread and moved else [key for tier in tiers_now for key in tier]
    order = _placed(order, pinned)
    return Applied(
        [(key, scores.get(key, 0.0)) for key in order],
        fired,
        clashes(chosen, tokens) if len(chosen) > 1 else [],
        pinned,
    )


def free_places(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return the place, from 0, of each pinned product: its own, or the next free one.

    Args:
        wanted: product key -> place from 1, the oldest rule's first.
    """
    taken: dict[int, str] = {}
    for key, position in wanted.items():
        place = position - 1
        while place in taken:
            place += 1
        taken[place] = key
    return {key: taken_place for taken_place, key in sorted(taken.items())}


def _hidden(
    rules: Sequence[Rule],
    keys: Sequence[str],
    tokens: Tokens,
    fire: Callable[[Rule, str], None],
) -> set[str]:
    hidden = set()
    for rule in rules:
        if rule.action == "hide":
            for key in keys:
                if rule.concerns(key, tokens.get(key, ())):
                    hidden.add(key)
                    fire(rule, key)
    return hidden


def _pinned(rules: Sequence[Rule], shown: set[str], fire: Callable[[Rule, str], None]) -> dict[str, int]:
    """The pinned products that are there with their places from 1, the oldest rule's first."""
    pinned: dict[str, int] = {}
    for rule in rules:
        if rule.action == "pin" and rule.product_key in shown and rule.product_key not in pinned:
            pinned[rule.product_key] = rule.position
            fire(rule, rule.product_key)
    return pinned


def _placed(order: list[str], pinned: Mapping[str, int]) -> list[str]:
    placed = list(order)
    for key, place in free_places(pinned).items():
        placed.insert(place, key)  # behind the end, at the end
    return placed


def _boosted(
    rules: Sequence[Rule],
    tiers: list[list[str]],
    scores: Mapping[str, float],
    tokens: Tokens,
    fire: Callable[[Rule, str], None],
) -> tuple[list[list[str]], dict[str, float], bool]:
    """The tiers in their new order, the new scores, and whether anything moved; other tiers keep their order."""
    changed = dict(scores)
    ordered, moved = [], False
    for tier in tiers:
        found = [scores[key] for key in tier]
        # In a list without scores, such as the newest of a category, any boost comes before all others.
        distance = (max(found) - min(found) if found else 0.0) or 1.0
        touched = False
        for key in tier:
            for rule in rules:
                if rule.concerns(key, tokens.get(key, ())):
                    changed[key] += rule.weight * distance
                    touched = True
                    fire(rule, key)
        ordered.append(sorted(tier, key=lambda key: -changed[key]) if touched else tier)
        moved = moved or touched
    return ordered, changed, moved


def _cut(keys: list[str], sizes: Sequence[int]) -> list[list[str]]:
    tiers, start = [], 0
    for size in sizes:
        tiers.append(keys[start : start + size])
        start += size
    return [*tiers, keys[start:]]
