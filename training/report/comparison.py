"""Subjects side by side: figures with the best marked, and the settings in which they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from .subjects import Subject

SIZES = ("queries", "gallery")  # what was measured, not how well
LOWER_IS_BETTER = ("median_rank",)
WHOLE_NUMBERS = (*SIZES, *LOWER_IS_BETTER)
NOT_MEASURED = "-"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as it is printed."""

    text: str
    best: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A metric, and its figure for each subject."""

    place: int  # in the order in which the figures were measured
    direction: str
    metric: str
    cells: tuple[Cell, ...]


def figure_rows(subjects: Sequence[Subject]) -> list[Row]:
    """Return every metric that any subject has; the best is marked where two or more differ as printed."""
    names = dict.fromkeys(
        (direction, metric)
        for subject in subjects
        for direction, figures in subject.figures.items()
        for metric in figures
    )
    return [_row(subjects, place, direction, metric) for place, (direction, metric) in enumerate(names)]


def printed(metric: str, value: float | None) -> str:
    """Return a figure as the page shows it: shares with three digits, ranks and counts as they are."""
    if value is None:
        return NOT_MEASURED
    return f"{value:,.10g}" if metric in WHOLE_NUMBERS else f"{value:.3f}"


def _row(subjects: Sequence[Subject], place: int, direction: str, metric: str) -> Row:
    values = [subject.figures.get(direction, {}).get(metric) for subject in subjects]
    texts = [printed(metric, value) for value in values]
    known = [value for value in values if value is not None]
    best = (min if metric in LOWER_IS_BETTER else max)(known)
    marked = metric not in SIZES and len({text for text in texts if text != NOT_MEASURED}) > 1
    cells = tuple(Cell(text, marked and text == printed(metric, best)) for text in texts)
    return Row(place, direction, metric.replace("_", " "), cells)


def about_rows(subjects: Sequence[Subject]) -> list[tuple[str, list[str]]]:
    """Return what the subjects are, a value for each of them."""
    names = dict.fromkeys(name for subject in subjects for name in subject.about)
    return [(name, [subject.about.get(name, NOT_MEASURED) for subject in subjects]) for name in names]


def setting_rows(runs: Sequence[Subject]) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Return the settings in which runs differ, a value for each of them, and those that all share.

    A setting that a run's file does not name has its default.
    """
    names = dict.fromkeys(name for run in runs for name in run.settings)
    differing, shared = [], []
    for name in names:
        values = [run.settings.get(name, DEFAULT) for run in runs]
        if len(set(values)) > 1:
            differing.append((name, values))
        else:
            shared.append((name, values[0]))
    return differing, shared
