"""Results arranged by rules, with the facet values and pinned products that those need from the index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from ..facets import parse_token
from ..merchandising.apply import Spread, apply_rules
from ..merchandising.conflicts import Conflict
from ..merchandising.rules import Fired, Rule
from ..merchandising.snapshots import pinned_by, snapshot, tokens_of
from ..models import IndexEntry
from ..models.entries import EntryQuerySet
from ..models.expressions import concerns
from ..models.finding import Row


@dataclass(frozen=True, slots=True)
class Arranged:
    """Entries after the rules."""

    items: Sequence[Row]  # with their scores, best first
    fired: tuple[Fired, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    pinned: Mapping[str, int] = field(default_factory=dict)  # product key -> place from 1 that it is to have


def arrange(
    rules: Sequence[Rule],
    items: Sequence[Row],
    space: EntryQuerySet,
    *,
    tiers: Sequence[int] = (),
    spread: Spread | None = None,
) -> Arranged:
    """Arrange entries by rules; a pinned product that is not among them is fetched if it meets the filters.

    Args:
        rules: those that hold here.
        items: entries and scores, best first.
        space: the entries that meet the filters.
        tiers: how many items each tier has.
        spread: reorders the keys of tiers after boosts.
    """
    if not rules:
        return Arranged(items)
    ids = {key: pk for key, pk, _ in items}
    missing = [key for key in pinned_by(rules) if key not in ids]
    fetched = dict(space.of_products(missing).values_list("product_key", "pk")) if missing else {}
    ids |= fetched
    tokens = tokens_of(rules)
    bearers = IndexEntry.objects.among(list(ids.values())).filter(facets__overlap=tokens)
    applied = apply_rules(
        rules,
        [(key, score) for key, _, score in items],
        tokens=dict(bearers.values_list("product_key", "facets")) if tokens else {},
        fetched=fetched,
        tiers=tiers,
        spread=spread,
    )
    return Arranged(
        [(key, ids[key], score) for key, score in applied.items],
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
    hidden = _hidden_by(rules)
    return entries.exclude(hidden) if hidden else entries


def only_hidden(entries: EntryQuerySet, rules: Sequence[Rule]) -> EntryQuerySet:
    """Return the entries that any rule hides."""
    hidden = _hidden_by(rules)
    return entries.filter(hidden) if hidden else entries.none()


def _hidden_by(rules: Sequence[Rule]) -> Q:
    """Whether an entry is hidden; empty where no rule hides."""
    hides = [rule for rule in rules if rule.action == "hide"]
    keys = [rule.product_key for rule in hides if not rule.token]
    return concerns(keys, [rule.token for rule in hides if rule.token]) if hides else Q()
