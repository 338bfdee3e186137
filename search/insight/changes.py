"""Queries that fall or rise: those whose searches or clicks differ from the period before by more than chance does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ..models import QueryDay
from ..models.insight import normalise
from .reports import Period, covers, share, texts_of

# The rule, which the page says.
LEAST_SEARCHES = 20  # in the period that had more of them; for click-through in both
LEAST_CHANGE = 0.3  # of searches, as a share of those before
LEAST_POINTS = 0.1  # of click-through
ERRORS = 2.0  # standard errors that a change has at least: chance alone makes one of twenty as large

KINDS = ("searches", "clicks", "rising")


@dataclass(frozen=True, slots=True)
class Change:
    """One query in a period and in the one before."""

    text: str
    searches: int
    searches_before: int
    clicked: int
    clicked_before: int

    @property
    def rate(self) -> float | None:
        """Click-through now."""
        return share(self.clicked, self.searches)

    @property
    def rate_before(self) -> float | None:
        """Click-through before."""
        return share(self.clicked_before, self.searches_before)

    @property
    def change(self) -> float | None:
        """By how much searches changed, as a share of those before; None where there were none."""
        return self.searches / self.searches_before - 1 if self.searches_before else None

    @property
    def points(self) -> float | None:
        """By how much click-through changed, as a share of 1; None where one of both has no searches."""
        now, before = self.rate, self.rate_before
        return None if now is None or before is None else now - before


def whole_days(period: Period, today: date) -> Period:
    """Return a period without today, which is not over, where it has other days."""
    last = min(period.last, today - timedelta(days=1))
    return Period(period.first, last) if period.first <= last else period


def changed_queries(kind: str, period: Period, containing: str = "") -> list[Change]:
    """Return the queries that changed most.

    Args:
        kind: "searches" where they fell, the greatest loss first; "clicks" where click-through fell, those with most lost
            clicks first; "rising" where searches rose, the greatest gain first.
        period: days that are compared with as many before.
        containing: part of the queries' text, in any capital letters.

    Returns:
        The changes; none where the log began later than the days before, which are then nothing to compare with.
    """
    if not covers(period.before):
        return []
    test = {"searches": _falls, "clicks": _falls_in_clicks, "rising": _rises}[kind]
    found = {query: change for query, change in _candidates(period, containing) if test(change)}
    both = QueryDay.objects.filter(
        query__in=list(found), day__range=(period.before.first, period.last)
    )  # a query that is gone was written before only
    texts = texts_of(both)
    named = [
        Change(texts[query], *counts)
        for query, counts in ((query, _counts(change)) for query, change in found.items())
    ]
    return sorted(named, key=lambda change: (_weight(kind, change), change.text))


def _candidates(period: Period, containing: str) -> Iterator[tuple[str, Change]]:
    """Queries with enough searches for either rule, which are few: a search engine's log has mostly rare ones."""
    before = period.before
    now_days = Q(day__range=(period.first, period.last))
    days: QuerySet[QueryDay] = QueryDay.objects.filter(day__range=(before.first, period.last))
    if containing:
        days = days.filter(query__contains=normalise(containing))

    def total(field: str, when: Q) -> Any:
        return Coalesce(Sum(field, filter=when), 0)

    rows = (
        days.order_by()
        .values("query")
        .annotate(
            now=total("searches", now_days),
            then=total("searches", ~now_days),
            clicked_now=total("clicked", now_days),
            clicked_then=total("clicked", ~now_days),
        )
        .filter(Q(now__gte=LEAST_SEARCHES) | Q(then__gte=LEAST_SEARCHES))
        .exclude(now=F("then"), clicked_now=F("clicked_then"))
    )
    for row in rows.iterator():
        yield (
            row["query"],
            Change(row["query"], row["now"], row["then"], row["clicked_now"], row["clicked_then"]),
        )


def _counts(change: Change) -> tuple[int, int, int, int]:
    return change.searches, change.searches_before, change.clicked, change.clicked_before


def _falls(change: Change) -> bool:
    return _differ(change.searches_before, change.searches) and (
        change.searches <= (1 - LEAST_CHANGE) * change.searches_before
    )


def _rises(change: Change) -> bool:
    return _differ(change.searches, change.searches_before) and (
        change.searches >= (1 + LEAST_CHANGE) * change.searches_before
    )


def _differ(more: int, fewer: int) -> bool:
    """Whether two counts differ by more than chance: the variance of a count of rare events is the count itself."""
    return more >= LEAST_SEARCHES and more - fewer >= ERRORS * sqrt(more + fewer)


def _falls_in_clicks(change: Change) -> bool:
    now, before = change.searches, change.searches_before
    if min(now, before) < LEAST_SEARCHES or change.points is None or change.points > -LEAST_POINTS:
        return False
    both = (change.clicked + change.clicked_before) / (now + before)
    error = sqrt(both * (1 - both) * (1 / now + 1 / before)) if both < 1 else 0.0
    return -change.points >= ERRORS * error


def _weight(kind: str, change: Change) -> float:
    if kind == "clicks":
        return (change.points or 0.0) * change.searches
    gain = change.searches - change.searches_before
    return -gain if kind == "rising" else gain
