"""Charts of insight as plain numbers, which a template writes as SVG: every length is a percentage of the plot.

So text keeps its size however wide a page is, colours are those of the style sheet in light and dark, and no style stands
in the page itself, which its content security policy would refuse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10

from django.utils.formats import date_format
from django.utils.translation import gettext

from ..models import SearchDay
from ..sentences import lazily as _
from .breakdowns import DeviceFigures, PlaceFigures
from .reports import Figures, share

LABELS = 6  # dates below a plot at most
DEVICE_CSS = {"phone": "c2", "tablet": "c3", "desktop": "c1", "app": "c4", "": "c5"}
GAP = 0.25  # share of a day's column between two bars
NICE = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # highest values, to be multiplied by a power of ten
LEAST_COUNT = 10.0  # so that half of a count is a whole number, too

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One value per day or place, or None where there is none; `css` is the class that colours it."""

    name: str
    css: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle."""

    css: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line from one value to the next."""

    css: str
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place of an axis."""

    text: str
    at: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Column:
    """The part of the plot of a day or place, and what a pointer reads there."""

    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands below a plot, in order."""

    head: str  # what its points are, for the table
    names: Sequence[str]  # of each point, in the table
    titles: Sequence[str]  # of each point, for a pointer
    labels: list[Label]
    newest_first: bool = False  # whether the table begins with the last one

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, with everything that the template writes."""

    name: str
    caption: str
    axis: Axis
    series: Sequence[Series]
    bars: list[Bar]
    strokes: list[Stroke]
    grid: list[Label]
    columns: list[Column]
    rows: list[tuple[str, list[str]]]  # the same figures as a table, in the order of the axis

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        """The rows in the order in which they are read."""
        return self.rows[::-1] if self.axis.newest_first else self.rows

    @property
    def is_empty(self) -> bool:
        """Whether no value is above 0."""
        return not any(value for series in self.series for value in series.values)


def draw_overview(figures: Figures, days: list[date]) -> list[Chart]:
    """Return the charts of a period."""

    def values(read: Callable[[SearchDay], float | None]) -> list[float | None]:
        return [read(figures.days[day]) if day in figures.days else None for day in days]

    searches = [
        Series(_("searches"), "c1", values(lambda day: day.searches)),
        Series(_("with a click"), "c2", values(lambda day: day.clicked)),
    ]
    latency = [
        Series("p50", "c1", values(lambda day: day.p50_ms)),
        Series("p95", "c3", values(lambda day: day.p95_ms)),
        Series("p99", "c4", values(lambda day: day.p99_ms)),
    ]
    shares = [
        Series(_("nothing found"), "c4", values(lambda day: share(day.zero, day.searches))),
        Series(_("degraded"), "c3", values(lambda day: share(day.degraded, day.pages))),
    ]
    through = [Series(_("click-through"), "c2", values(lambda day: share(day.clicked, day.searches)))]
    axis = day_axis(days)
    return [
        bar_chart("searches", _("Searches a day, and those with a click"), axis, searches, _count),
        line_chart("through", _("Click-through"), axis, through, _share, least=0.1),
        line_chart("latency", _("Latency"), axis, latency, _milliseconds, least=10.0),
        line_chart("shares", _("Nothing found, and degraded"), axis, shares, _share, least=0.1),
    ]


def draw_places(figures: Sequence[PlaceFigures]) -> list[Chart]:
    """Return the charts of places: how much is shown there and how often it is clicked."""
    axis = place_axis([row.place for row in figures])
    rates = [
        Series(_("clicked"), "c2", [row.rate for row in figures]),
        Series(_("added to a cart"), "c3", [row.add_rate for row in figures]),
    ]
    shown = [Series(_("shown"), "c1", [row.shown for row in figures])]
    return [
        line_chart("rates", _("Click rate and add rate by place"), axis, rates, _share, least=0.1),
        bar_chart("shown", _("Results shown by place"), axis, shown, _count),
    ]


def draw_devices(figures: Sequence[DeviceFigures], days: list[date]) -> Chart:
    """Return the chart of searches a day by kind of device."""
    series = [
        Series(str(row.device.label), DEVICE_CSS[row.device], [row.days.get(day) for day in days])
        for row in figures
    ]
    return line_chart(
        "devices", _("Searches a day by device"), day_axis(days), series, _count, least=LEAST_COUNT
    )


def day_axis(days: Sequence[date]) -> Axis:
    """Return an axis of days, one after the other."""
    names = [date_format(day, gettext("j M Y")) for day in days]
    titles = [date_format(day, gettext("D j M Y")) for day in days]
    return Axis(_("Day"), names, titles, _dates(days), newest_first=True)


def place_axis(places: Sequence[int]) -> Axis:
    """Return an axis of places, each with its number."""
    names = [str(place) for place in places]
    titles = [gettext("Place %(number)s") % {"number": name} for name in names]
    width = 100 / max(1, len(places))
    labels = [
        Label(name, _percent(width * (number + 0.5)))
        for number, name in enumerate(names)
        if not number or (number + 1) % 4 == 0
    ]
    return Axis(_("Place"), names, titles, labels)


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}\u202fms".replace(",", "\u202f")


def _share(value: float) -> str:
    return f"{100 * value:.1f}\u202f%".replace(".0\u202f", "\u202f")


def bar_chart(name: str, caption: str, axis: Axis, series: Sequence[Series], show: Format) -> Chart:
    """Draw bars, the later series before the earlier ones: for parts of a whole."""
    top = _nice(series, least=LEAST_COUNT)
    width = 100 / len(axis)
    bars = [
        Bar(
            each.css,
            _percent(width * (place + GAP / 2)),
            _percent(100 - 100 * value / top),
            _percent(width * (1 - GAP)),
            _percent(100 * value / top),
        )
        for each in series
        for place, value in enumerate(each.values)
        if value
    ]
    return _chart(name, caption, axis, series, show, top, bars=bars)


def line_chart(
    name: str, caption: str, axis: Axis, series: Sequence[Series], show: Format, *, least: float
) -> Chart:
    """Draw lines, with gaps where there is no value.

    Args:
        name: id of the figure.
        caption: what it shows.
        axis: what stands below.
        series: one value per point of the axis each.
        show: how a value is written.
        least: the plot is at least this high.
    """
    top = _nice(series, least=least)
    strokes = [stroke for each in series for stroke in _strokes(each, top, 100 / len(axis))]
    return _chart(name, caption, axis, series, show, top, strokes=strokes)


def _strokes(series: Series, top: float, width: float) -> list[Stroke]:
    values = series.values
    heights = [None if value is None else _percent(100 - 100 * value / top) for value in values]
    strokes = []
    for place, height in enumerate(heights):
        if height is None:
            continue
        after = heights[place + 1] if place + 1 < len(heights) else None
        middle = width * (place + 0.5)
        if after is not None:
            strokes.append(Stroke(series.css, _percent(middle), height, _percent(middle + width), after))
        elif place == 0 or heights[place - 1] is None:  # a point alone
            ends = (_percent(middle - width / 4), _percent(middle + width / 4))
            strokes.append(Stroke(series.css, ends[0], height, ends[1], height))
    return strokes


def _chart(
    name: str,
    caption: str,
    axis: Axis,
    series: Sequence[Series],
    show: Format,
    top: float,
    *,
    bars: Sequence[Bar] = (),
    strokes: Sequence[Stroke] = (),
) -> Chart:
    width = 100 / len(axis)
    shown = [["" if value is None else show(value) for value in each.values] for each in series]
    rows = [(point, [column[place] for column in shown]) for place, point in enumerate(axis.names)]
    columns = [
        Column(
            _percent(width * place),
            _percent(width),
            "\n".join(
                [
                    axis.titles[place],
                    *(f"{each.name}: {value}" for each, value in zip(series, values, strict=True)),
                ]
            ),
        )
        for place, (_name, values) in enumerate(rows)
    ]
    grid = [Label(show(top * part), _percent(100 - 100 * part)) for part in (0.0, 0.5, 1.0)]
    return Chart(name, caption, axis, series, list(bars), list(strokes), grid, columns, rows)


def _dates(days: Sequence[date]) -> list[Label]:
    """A few dates at even distances; the first and the last stay inside the plot."""
    count = min(LABELS, len(days))
    places = [round(number * (len(days) - 1) / max(1, count - 1)) for number in range(count)]
    labels = []
    for place in dict.fromkeys(places):
        at = (place + 0.5) / len(days)
        anchor = "start" if at < 0.04 else "end" if at > 0.96 else "middle"
        at = {"start": 0.0, "end": 1.0}.get(anchor, at)
        labels.append(Label(date_format(days[place], gettext("j M")), _percent(100 * at), anchor))
    return labels


def _nice(series: Sequence[Series], *, least: float) -> float:
    highest = max((value for each in series for value in each.values if value is not None), default=0.0)
    highest = max(highest, least)
    power = 10.0 ** floor(log10(highest))
    return next(step * power for step in NICE if step * power >= highest * (1 - 1e-9))


def _percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"
