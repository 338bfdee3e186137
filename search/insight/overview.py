"""What the overview adds to the reports: how often the commonest queries were searched for before."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from ..models import QueryDay
from .reports import Period, QueryFigures


@dataclass(frozen=True, slots=True)
class Trend:
    """A query of a period, and its searches in as many days before; None where the log has not covered these."""

    row: QueryFigures
    before: int | None


def read_trends(rows: Iterable[QueryFigures], period: Period, *, covered: bool) -> list[Trend]:
    """Compare queries with the period before, with one statement.

    Args:
        rows: queries of the period.
        period: their days.
        covered: whether the log reaches back over the days before.
    """
    rows = list(rows)
    earlier = period.before
    counted = QueryDay.objects.filter(
        query__in=[row.query for row in rows], day__range=(earlier.first, earlier.last)
    )
    before = dict(counted.order_by().values_list("query").annotate(Sum("searches"))) if covered else {}
    return [Trend(row, before.get(row.query, 0) if covered else None) for row in rows]
