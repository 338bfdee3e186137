"""Figures of a period, read from the daily tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from ..models import SearchDay, StageDay
from .period import Period


@dataclass(frozen=True, slots=True)
class Totals:
    """All searches of a period."""

    searches: int = 0
    pages: int = 0
    visits: int = 0
    zero: int = 0
    clicked: int = 0
    clicks: int = 0
    carts: int = 0
    degraded: int = 0
    p95_ms: float | None = None  # the median of the days: percentiles of several days cannot be joined

    @property
    def click_through(self) -> float | None:
        """Share of searches of which a result was clicked."""
        return share(self.clicked, self.searches)

    @property
    def zero_share(self) -> float | None:
        """Share of searches that found nothing."""
        return share(self.zero, self.searches)

    @property
    def degraded_share(self) -> float | None:
        """Share of pages that were degraded."""
        return share(self.degraded, self.pages)


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Latency of a stage: medians of the days' percentiles, in milliseconds."""

    stage: str
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """Searches of one mode."""

    mode: str
    searches: int
    click_through: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview shows of a period."""

    days: dict[date, SearchDay]  # days without a search are not there
    totals: Totals
    before: Totals  # the same for as many days before
    modes: list[ModeFigures]
    stages: list[StageFigures]


def share(part: int, whole: int) -> float | None:
    """Return part of whole, at most 1; None of nothing."""
    return min(1.0, part / whole) if whole else None


def read_figures(period: Period) -> Figures:
    """Read a period with four queries, however long it is."""
    days = _rows(period)
    return Figures(
        days={row.day: row for row in days},
        totals=_totals(days),
        before=_totals(_rows(period.before)),
        modes=_modes(period),
        stages=_stages(period),
    )


def is_empty() -> bool:
    """Whether nothing has ever been counted."""
    return not SearchDay.objects.exists()


def _rows(period: Period) -> list[SearchDay]:
    return list(SearchDay.objects.filter(mode="", day__range=(period.first, period.last)).order_by("day"))


def _totals(rows: Sequence[SearchDay]) -> Totals:
    names = ("searches", "pages", "visits", "zero", "clicked", "clicks", "carts", "degraded")
    sums = {name: sum(getattr(row, name) for row in rows) for name in names}
    return Totals(**sums, p95_ms=median(row.p95_ms for row in rows) if rows else None)


def _modes(period: Period) -> list[ModeFigures]:
    counts: dict[str, list[int]] = {}
    rows = SearchDay.objects.exclude(mode="").filter(day__range=(period.first, period.last))
    for mode, searches, clicked in rows.values_list("mode", "searches", "clicked"):
        total = counts.setdefault(mode, [0, 0])
        total[0] += searches
        total[1] += clicked
    return [
        ModeFigures(mode, searches, share(clicked, searches))
        for mode, (searches, clicked) in sorted(counts.items(), key=lambda item: -item[1][0])
    ]


def _stages(period: Period) -> list[StageFigures]:
    samples: dict[str, list[StageDay]] = {}
    for row in StageDay.objects.filter(day__range=(period.first, period.last)):
        samples.setdefault(row.stage, []).append(row)
    stages = [
        StageFigures(
            stage,
            median(row.p50_ms for row in rows),
            median(row.p95_ms for row in rows),
            median(row.p99_ms for row in rows),
        )
        for stage, rows in samples.items()
    ]
    return sorted(stages, key=lambda stage: -stage.p95_ms)
