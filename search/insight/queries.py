"""Queries of a period: the commonest, those that find nothing, and those whose results nobody opens."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, FloatField, Max, Q, QuerySet, Sum
from django.db.models.functions import Cast, Greatest

from ..models import QueryDay, SearchEvent
from .draining import normalise
from .figures import share
from .period import Period

LOW_SEARCHES = 5  # fewer say nothing about a query
LOW_SHARE = 0.1  # a query of which fewer searches lead to a click is a low-click query
KINDS = ("top", "zero", "close", "low")


@dataclass(frozen=True, slots=True)
class QueryFigures:
    """One query of a period."""

    query: str
    text: str
    corrected: str
    searches: int
    zero: int
    close: int
    clicked: int
    clicks: int
    position: float | None  # mean position of clicked results
    last_day: date

    @property
    def click_through(self) -> float | None:
        """Share of its searches of which a result was clicked."""
        return share(self.clicked, self.searches)

    @property
    def zero_share(self) -> float | None:
        """Share of its searches that found nothing."""
        return share(self.zero, self.searches)

    @property
    def close_share(self) -> float | None:
        """Share of its searches that found close matches only."""
        return share(self.close, self.searches)


@dataclass(frozen=True, slots=True)
class ClickedResult:
    """A product that was opened from the results of a query."""

    sku: str
    clicks: int
    position: float | None


class Queries:
    """The queries of a kind, as a paginator takes them.

    Args:
        kind: "top" by searches; "zero" by searches that found nothing; "close" by those that
            found close matches only; "low" by searches without a click, of queries
            with 5 searches or more that find something and lead to a click in less than a tenth of them.
        period: days that count.
        containing: part of the queries' text, in any capital letters.
    """

    ordered = True

    def __init__(self, kind: str, period: Period, containing: str = "") -> None:
        rows = _summed(QueryDay.objects.filter(day__range=(period.first, period.last)))
        if containing:
            rows = rows.filter(query__contains=normalise(containing))
        if kind == "zero":
            rows = rows.filter(sum_zero__gt=0).order_by("-sum_zero", "query")
        elif kind == "close":
            rows = rows.filter(sum_close__gt=0).order_by("-sum_close", "query")
        elif kind == "low":
            rows = rows.filter(
                Q(sum_searches__gte=LOW_SEARCHES)
                & Q(sum_zero__lt=F("sum_searches"))
                & Q(_share__lt=LOW_SHARE)
            ).order_by(F("sum_clicked") - F("sum_searches"), "query")
        else:
            rows = rows.order_by("-sum_searches", "query")
        self._rows = rows

    def count(self) -> int:
        """Return how many queries there are."""
        return int(self._rows.count())

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, window: Any) -> list[QueryFigures]:
        return [_figures(row) for row in self._rows[window]]


def read_query(text: str, period: Period) -> QueryFigures | None:
    """Return the figures of one query, or None where nobody searched for it."""
    rows = QueryDay.objects.filter(query=normalise(text), day__range=(period.first, period.last))
    row = _summed(rows).order_by("query").first()
    return _figures(row) if row else None


def clicked_results(text: str, limit: int = 10) -> list[ClickedResult]:
    """Return what was opened from the results of a query, most clicked first; of searches that are still kept."""
    clicks: dict[str, list[int | None]] = {}
    for sku, position in SearchEvent.objects.of_query(normalise(text)):
        clicks.setdefault(sku, []).append(position)
    ranked = sorted(clicks.items(), key=lambda item: (-len(item[1]), item[0]))
    return [ClickedResult(sku, len(positions), _mean(positions)) for sku, positions in ranked[:limit]]


def _summed(rows: QuerySet[QueryDay]) -> Any:
    return (
        rows.order_by()
        .values("query")
        .annotate(
            sum_searches=Sum("searches"),
            sum_zero=Sum("zero"),
            sum_close=Sum("close"),
            sum_clicked=Sum("clicked"),
            sum_clicks=Sum("clicks"),
            sum_placed=Sum("placed"),
            sum_positions=Sum("positions"),
            _texts=ArrayAgg("text", order_by=("-searches", "-day")),
            _corrections=ArrayAgg("corrected", order_by="-day"),
            _last=Max("day"),
        )
        .annotate(_share=Cast("sum_clicked", FloatField()) / Greatest(F("sum_searches"), 1))
    )


def _figures(row: dict[str, Any]) -> QueryFigures:
    return QueryFigures(
        query=row["query"],
        text=row["_texts"][0],  # of the day with most searches
        corrected=row["_corrections"][0],
        searches=row["sum_searches"],
        zero=row["sum_zero"],
        close=row["sum_close"],
        clicked=row["sum_clicked"],
        clicks=row["sum_clicks"],
        position=row["sum_positions"] / row["sum_placed"] if row["sum_placed"] else None,
        last_day=row["_last"],
    )


def _mean(positions: list[int | None]) -> float | None:
    known = [position for position in positions if position is not None]
    return sum(known) / len(known) if known else None
