"""The charts of the overview."""

from collections.abc import Callable
from datetime import date

from ..models import SearchDay
from .charts import Chart, Series, bar_chart, line_chart
from .figures import Figures, share


def draw_overview(figures: Figures, days: list[date]) -> list[Chart]:
    """Return the charts of a period."""

    def values(read: Callable[[SearchDay], float | None]) -> list[float | None]:
        return [read(figures.days[day]) if day in figures.days else None for day in days]

    searches = [
        Series("searches", "c1", values(lambda day: day.searches)),
        Series("with a click", "c2", values(lambda day: day.clicked)),
    ]
    latency = [
        Series("p50", "c1", values(lambda day: day.p50_ms)),
        Series("p95", "c3", values(lambda day: day.p95_ms)),
        Series("p99", "c4", values(lambda day: day.p99_ms)),
    ]
    shares = [
        Series("nothing found", "c4", values(lambda day: share(day.zero, day.searches))),
        Series("degraded", "c3", values(lambda day: share(day.degraded, day.pages))),
    ]
    through = [Series("click-through", "c2", values(lambda day: share(day.clicked, day.searches)))]
    return [
        bar_chart("searches", "Searches a day, and those with a click", days, searches, _count),
        line_chart("through", "Click-through", days, through, _share, least=0.1),
        line_chart("latency", "Latency", days, latency, _milliseconds, least=10.0),
        line_chart("shares", "Nothing found, and degraded", days, shares, _share, least=0.1),
    ]


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}\u202fms".replace(",", "\u202f")


def _share(value: float) -> str:
    return f"{100 * value:.1f}\u202f%".replace(".0\u202f", "\u202f")
