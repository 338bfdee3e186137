"""The catalogue without words, newest first, as rules for category pages arrange it; read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from ..merchandising.applying import free_places
from ..merchandising.rules import Fired, Rule, say
from ..querysets import EntryQuerySet
from .merchandised import without_hidden


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries under rules.

    Args:
        rules: those that hold for this page, the oldest first.
    """

    rules: Sequence[Rule] = ()

    def shown(self, entries: EntryQuerySet) -> EntryQuerySet:
        """The entries that are not hidden."""
        return without_hidden(entries, self.rules)

    def window(self, shown: EntryQuerySet, window: slice) -> list[str]:
        """Product keys of one page: pinned ones at their places, others by boosts and buries, then newest first.

        Args:
            shown: the entries that meet the filters, without hidden ones.
            window: first place and the one after the last, from 0.
        """
        lifts = [
            (rule.weight, [rule.product_key] if not rule.token else [], [rule.token] if rule.token else [])
            for rule in self.rules
            if rule.action in ("boost", "bury")
        ]
        wanted: dict[str, int] = {}
        for rule in self.rules:
            if rule.action == "pin":
                wanted.setdefault(rule.product_key, rule.position)
        if not wanted:
            return list(_keys(shown.newest_lifted(lifts))[window])
        there = set(_keys(shown.of_products(list(wanted))))
        pinned = free_places({key: place for key, place in wanted.items() if key in there})
        others = shown.exclude(product_key__in=list(pinned)).newest_lifted(lifts)
        count = others.order_by().count()
        # A place behind the end is the end.
        places = {key: min(place, count + before) for before, (key, place) in enumerate(pinned.items())}
        inside = {key: place for key, place in places.items() if window.start <= place < window.stop}
        start = window.start - sum(place < window.start for place in places.values())
        size = window.stop - window.start - len(inside)
        page = list(_keys(others)[start : start + size])
        for key, place in inside.items():
            page.insert(place - window.start, key)
        return page

    def fired(self, entries: EntryQuerySet) -> tuple[Fired, ...]:
        """The rules that concern any of the entries that meet the filters, hidden ones included."""
        now = timezone.now()
        return tuple(
            Fired(rule.id, say(rule, now), rule.product_key)
            for rule in self.rules
            if entries.concerned(
                [] if rule.token else [rule.product_key], [rule.token] if rule.token else []
            ).exists()
        )


def _keys(entries: EntryQuerySet) -> "EntryQuerySet":
    return entries.values_list("product_key", flat=True)  # type: ignore[return-value]
