"""What shoppers look for, and how quickly they are answered: today, yesterday and the last seven days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from django.utils import timezone

from ..conf import get_settings
from ..insight.reports import Period, Queries, QueryFigures, last_days, share
from ..models import SearchDay
from .checks import Check, State

WEEK = 7
FIRST = 8  # queries of each kind
SLOW_MS = 1000.0
MANY_DEGRADED = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """How the searches of some days were answered."""

    label: str
    searches: int
    zero_share: float | None  # found nothing
    degraded_share: float | None
    p50_ms: float | None  # of several days, the median of theirs
    p95_ms: float | None


def week() -> Period:
    """Return the days that the dashboard is about."""
    return last_days(WEEK, timezone.localdate())


def read_answers() -> list[Answers]:
    """Return today, yesterday and the week, read with one query."""
    period = week()
    rows = {row.day: row for row in SearchDay.objects.filter(mode="", day__range=(period.first, period.last))}
    return [
        _answers("Today", _of(rows, period.last)),
        _answers("Yesterday", _of(rows, period.last - timedelta(days=1))),
        _answers(f"Last {WEEK} days", list(rows.values())),
    ]


def top_queries() -> list[QueryFigures]:
    """Return the commonest queries of the week."""
    return Queries("top", week())[:FIRST]


def zero_queries() -> list[QueryFigures]:
    """Return the queries of the week that found nothing, the commonest first."""
    return Queries("zero", week())[:FIRST]


def check_answers(answers: Sequence[Answers]) -> Check:
    """Look at the latest of today and yesterday that has searches."""
    name = "Response times"
    if not get_settings().insight:
        return Check(name, State.OK, "Searches are not being logged: the setting INSIGHT is off.")
    latest = next((row for row in answers[:2] if row.searches), None)
    if latest is None or latest.p95_ms is None:
        week = max((row.searches for row in answers[2:]), default=0)
        if not week:
            return Check(
                name, State.OK, f"No search was logged in the last {WEEK} days, so nothing was measured."
            )
        return Check(
            name,
            State.ATTENTION,
            f"No search was logged since yesterday, {week:,} on the days before.",
            "See that Celery beat runs drain_log and roll_up_log, and that the shop's search page can be reached.",
        )
    sentence = f"{latest.label}, 95 % of searches were answered within {latest.p95_ms:,.0f} ms."
    degraded = latest.degraded_share or 0.0
    if degraded > MANY_DEGRADED:
        return Check(
            name,
            State.ATTENTION,
            f"{sentence} {100 * degraded:.0f} % of pages were degraded, by keyword only.",
            "The search log tells why; often the encoder or Postgres has too little time or processor.",
        )
    if latest.p95_ms > SLOW_MS:
        return Check(name, State.ATTENTION, sentence, "Insight shows which stage takes the time.")
    return Check(name, State.OK, sentence)


def _of(rows: dict[date, SearchDay], day: date) -> list[SearchDay]:
    return [rows[day]] if day in rows else []


def _answers(label: str, rows: list[SearchDay]) -> Answers:
    searches = sum(row.searches for row in rows)
    return Answers(
        label=label,
        searches=searches,
        zero_share=share(sum(row.zero for row in rows), searches),
        degraded_share=share(sum(row.degraded for row in rows), sum(row.pages for row in rows)),
        p50_ms=median(row.p50_ms for row in rows) if rows else None,
        p95_ms=median(row.p95_ms for row in rows) if rows else None,
    )
