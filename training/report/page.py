"""The report as one HTML page: measure each subject, render every section, compare figures and settings."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from .cases import FIELDS, Answers, groups, picture_cases, text_cases
from .curves import loss_chart, overlay_chart, validation_chart
from .plane import plane
from .subjects import Subject, Thumbnails, examine, labels
from .words import first_tag_right, similar_words, tagged_pictures

TEMPLATES = Path(__file__).parent / "templates"
WORDS = 14  # words shown with their neighbours
TAGGED = 12  # pictures shown with their tags


def write_report(
    folders: Sequence[Path],
    data: Path,
    out: Path,
    *,
    cache: Path,
    sample: int = 300,
    cases: int = 3,
    seed: int = 1,
) -> None:
    """Compare runs and artifacts on the val products of a catalogue, in one self-contained HTML file.

    Args:
        folders: run folders and artifact folders.
        data: a catalogue folder.
        out: the file; its folder is created.
        cache: folder for decoded pictures.
        sample: products in the t-SNE plane.
        cases: queries to show of each level: good, middle and bad.
        seed: seed of all random samples.

    Raises:
        FileNotFoundError: a folder holds no run, no artifact or no catalogue.
        ValueError: a folder is named twice, or the catalogue has no val products.
    """
    names = labels(folders)
    out.parent.mkdir(parents=True, exist_ok=True)
    subjects = []
    for folder, label in zip(folders, names, strict=True):
        print(f"measure {label}", file=sys.stderr, flush=True)
        subjects.append(examine(folder, label, data, cache))
    out.write_text(
        render(subjects, catalogue=data.resolve().name, sample=sample, cases=cases, seed=seed),
        encoding="utf-8",
    )


def render(subjects: Sequence[Subject], *, catalogue: str, sample: int, cases: int, seed: int) -> str:
    """Return the page of measured subjects; the same subjects and seed give the same page."""
    thumbnails = Thumbnails()
    answers = [Answers(subject) for subject in subjects]
    views = [
        _view(one, [other for other in answers if other is not one], thumbnails, sample, cases, seed)
        for one in tqdm(answers, "draw", unit="subject")
    ]
    runs = [subject for subject in subjects if subject.settings]
    differing, shared = setting_rows(runs)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cosine"] = _cosine
    return environment.get_template("page.html").render(
        catalogue=catalogue,
        subjects=subjects,
        views=views,
        figures=figure_rows(subjects),
        about=about_rows(subjects),
        runs=runs,
        differing=differing,
        shared=shared,
        overlay=overlay_chart({subject.label: subject.history for subject in subjects if subject.history}),
        mistakes=[(title, groups(answers, field)) for field, title in FIELDS.items()],
        thumbnails=thumbnails.rules,
        sample=sample,
        cases=cases,
    )


def _view(
    answers: Answers,
    others: Sequence[Answers],
    thumbnails: Thumbnails,
    sample: int,
    cases: int,
    seed: int,
) -> dict[str, Any]:
    subject = answers.subject
    return {
        "loss": loss_chart(subject.history),
        "validation": validation_chart(subject.history),
        "plane": plane(subject, thumbnails, sample=sample, seed=seed),
        "texts": text_cases(answers, others, thumbnails, count=cases, seed=seed),
        "pictures": picture_cases(answers, others, thumbnails, count=cases, seed=seed),
        "tagged": tagged_pictures(subject, thumbnails, count=TAGGED, seed=seed),
        "right": first_tag_right(subject),
        "words": similar_words(subject, count=WORDS),
    }


def _cosine(value: float) -> str:
    """Return a similarity with two digits and no leading zero: .62, -.05."""
    return f"{value:.2f}".replace("0.", ".", 1).replace("-.00", ".00")


SIZES = ("queries", "gallery")  # sizes, for which none is best
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

    place: int  # position in the order of measurement
    direction: str
    metric: str
    cells: tuple[Cell, ...]


def figure_rows(subjects: Sequence[Subject]) -> list[Row]:
    """Return every metric of any subject; the best value is marked where the printed values differ."""
    names = dict.fromkeys(
        (direction, metric)
        for subject in subjects
        for direction, figures in subject.figures.items()
        for metric in figures
    )
    return [_row(subjects, place, direction, metric) for place, (direction, metric) in enumerate(names)]


def printed(metric: str, value: float | None) -> str:
    """Return a figure as printed: shares with three digits, ranks and counts unrounded."""
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
    """Return the description of the subjects, one value for each of them."""
    names = dict.fromkeys(name for subject in subjects for name in subject.about)
    return [(name, [subject.about.get(name, NOT_MEASURED) for subject in subjects]) for name in names]


def setting_rows(runs: Sequence[Subject]) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Return the settings in which runs differ, with one value per run, and those that all share.

    A setting that is missing from a run's file has its default.
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
