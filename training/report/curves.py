"""Line charts of a run's epochs, as coordinates for an inline SVG of 400 by 240 units."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 42, 392, 26, 210  # the plot's edges
COLOURS = 8  # the page's palette

SHOWN = (
    ("recall@10", "text_to_image", "recall@10"),
    ("success@10", "text_to_image", "success@10"),
    ("MRR@10", "text_to_image", "mrr@10"),
    ("similar: same article type, P@10", "image_to_image", "article_type precision@10"),
    ("similar: same colour, P@10", "image_to_image", "colour precision@10"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One series, ready to render."""

    label: str
    colour: int
    path: str
    dots: tuple[tuple[float, float, str], ...]  # x, y, text on hover


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready to render."""

    title: str
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    bands: tuple[tuple[float, float, str], ...]  # left edge, width and name of each stage


Points = Sequence[tuple[float, float]]


def loss_chart(history: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Draw the training loss by epoch; None where no epoch has one."""
    points = _points(history, lambda entry: entry.get("loss"))
    return chart("training loss", [("loss", points)], bands=stages(history)) if points else None


def validation_chart(history: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Draw the validation figures by epoch; None where no epoch has any."""
    series = [
        (label, _points(history, lambda entry, d=direction, m=metric: entry.get(d, {}).get(m)))
        for label, direction, metric in SHOWN
    ]
    series = [(label, points) for label, points in series if points]
    return chart("validation", series, bands=stages(history), floor=0.0) if series else None


def overlay_chart(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Chart | None:
    """Draw the validation MRR@10 of several runs in one chart; None where fewer than two have any."""
    series = [
        (label, _points(history, lambda entry: entry.get("text_to_image", {}).get("mrr@10")))
        for label, history in histories.items()
    ]
    series = [(label, points) for label, points in series if points]
    return chart("validation MRR@10, text to image", series, floor=0.0) if len(series) > 1 else None


def chart(
    title: str,
    series: Sequence[tuple[str, Points]],
    *,
    bands: Sequence[tuple[float, float, str]] = (),
    floor: float | None = None,
) -> Chart:
    """Place series of (epoch, value) in the plot; the axis starts at or below `floor`."""
    xs = [x for _, points in series for x, _ in points]
    ys = [y for _, points in series for _, y in points]
    low, high, step = _nice(min(ys) if floor is None else min(floor, *ys), max(ys))
    first, last = min(xs) - 0.5, max(xs) + 0.5

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - first) / (last - first) * (RIGHT - LEFT)
        return round(across, 1), round(BOTTOM - (y - low) / (high - low) * (BOTTOM - TOP), 1)

    lines = []
    for number, (label, points) in enumerate(series):
        dots = tuple((*place(x, y), f"{label}, epoch {x:g}: {y:.3f}") for x, y in points)
        path = "M" + " L".join(f"{x} {y}" for x, y, _ in dots)
        lines.append(Line(label, number % COLOURS, path, dots))
    every = max(1, math.ceil((max(xs) - min(xs) + 1) / 10))
    epochs = range(int(min(xs)), int(max(xs)) + 1, every)
    values = [low + number * step for number in range(round((high - low) / step) + 1)]
    placed = []
    for start, end, name in bands:
        left, right = place(max(start - 0.5, first), low)[0], place(min(end + 0.5, last), low)[0]
        placed.append((left, round(right - left, 1), name))
    return Chart(
        title=title,
        lines=tuple(lines),
        x_ticks=tuple((place(epoch, low)[0], str(epoch)) for epoch in epochs),
        y_ticks=tuple((place(first, value)[1], f"{value:.4g}") for value in values),
        bands=tuple(placed),
    )


def stages(history: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, str]]:
    """Return first epoch, last epoch and name of each stage; the mean of several epochs is not a stage."""
    trained = [entry for entry in history if entry.get("loss") is not None]
    found = []
    for name, entries in groupby(trained, key=lambda entry: str(entry.get("stage", ""))):
        epochs = [entry["epoch"] for entry in entries]
        found.append((epochs[0], epochs[-1], name))
    return found


def _points(history: Sequence[Mapping[str, Any]], value: Any) -> list[tuple[float, float]]:
    found = [(float(entry["epoch"]), value(entry)) for entry in history]
    # The mean of several epochs is evaluated after the last one, and placed 0.4 epochs later.
    shifted = [
        (epoch + 0.4 if number and epoch == found[number - 1][0] else epoch, figure)
        for number, (epoch, figure) in enumerate(found)
    ]
    return [
        (epoch, float(figure)) for epoch, figure in shifted if figure is not None and math.isfinite(figure)
    ]


def _nice(low: float, high: float) -> tuple[float, float, float]:
    """Return round limits that include both values, and a round step between them."""
    span = (high - low) or max(abs(high), 1.0)
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if span / (power * factor) <= 5)
    bottom, top = math.floor(low / step) * step, math.ceil(high / step) * step
    return bottom, top if top > bottom else bottom + step, step
