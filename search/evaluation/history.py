"""The evaluations of one set, or of one file, over time: a chart, and what was changed between two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..clock import local_time
from ..insight.charts import Chart, Label, Series, line_chart
from ..models import Evaluation

SHOWN = 40  # evaluations of a chart, the latest ones
WORST = 100  # queries of the page of an evaluation


@dataclass(frozen=True, slots=True)
class Entry:
    """One evaluation and what had been changed since the one before it."""

    evaluation: Evaluation
    changes: tuple[str, ...]  # such as "Version 4" and "WEIGHTS image: 0.5 → 1.0"
    number: int | None  # of its mark in the chart; None where nothing was changed


@dataclass(frozen=True, slots=True)
class History:
    """Evaluations, the latest first, and their chart."""

    entries: tuple[Entry, ...]
    chart: Chart
    marks: tuple[Label, ...]  # numbers where something was changed


@dataclass(frozen=True, slots=True)
class JudgedResult:
    """How a query was answered."""

    text: str
    share: float  # of the right answers that there are, or of ten, among the first ten results
    right: int | None  # the rest is unknown of evaluations of an earlier release
    of: int | None
    total: int | None
    wrong: str  # SKU of the first wrong result; "" where all are right


def evaluations_like(evaluation: Evaluation) -> QuerySet[Evaluation]:
    """Return the evaluations of the same set, or of a file of the same name, but trials."""
    same = Evaluation.objects.filter(tried={})
    if evaluation.judged_set_id is not None:
        return same.filter(judged_set=evaluation.judged_set_id)
    return same.filter(judged_set=None, source=evaluation.source)


def read_history(evaluations: QuerySet[Evaluation]) -> History | None:
    """Return the latest evaluations; None where there is none."""
    rows = list(evaluations.defer("queries", "details").order_by("-pk")[:SHOWN])[::-1]
    if not rows:
        return None
    entries: list[Entry] = []
    number = 0
    for place, row in enumerate(rows):
        changes = _changes(rows[place - 1], row) if place else ()
        number += bool(changes)
        entries.append(Entry(row, changes, number if changes else None))
    marks = tuple(
        Label(str(entry.number), f"{100 * (place + 0.5) / len(rows):.3f}%")
        for place, entry in enumerate(entries)
        if entry.number
    )
    return History(tuple(reversed(entries)), _draw(entries), marks)


def _draw(entries: Sequence[Entry]) -> Chart:
    moments = [local_time(entry.evaluation.made_at) for entry in entries]
    series = [
        Series("P@10", "c2", [entry.evaluation.precision for entry in entries]),
        Series("nDCG@10", "c3", [entry.evaluation.ndcg for entry in entries]),
    ]
    chart = line_chart("history", _("P@10 and nDCG@10 over time"), moments, series, _figure, least=1.0)
    columns = [
        replace(
            column,
            title="\n".join(
                (
                    date_format(moment, "SHORT_DATETIME_FORMAT"),
                    f"P@10: {entry.evaluation.precision:.3f}",
                    f"nDCG@10: {entry.evaluation.ndcg:.3f}",
                    *entry.changes,
                )
            ),
        )
        for column, moment, entry in zip(chart.columns, moments, entries, strict=True)
    ]
    return replace(chart, columns=columns)


def _figure(value: float) -> str:
    return f"{value:.2f}"


def _changes(before: Evaluation, after: Evaluation) -> tuple[str, ...]:
    changes = []
    if before.measured != after.measured:
        changes.append(after.measured)
    if before.digest != after.digest:
        changes.append(_("Other judgements"))
    if before.settings and after.settings:  # those of an earlier release are not known
        changes += _changed_settings(before.settings, after.settings)
    return tuple(changes)


def _changed_settings(before: Mapping[str, Any], after: Mapping[str, Any], within: str = "") -> list[str]:
    changes = []
    for name in sorted({*before, *after}):
        former, present = before.get(name), after.get(name)
        if isinstance(former, Mapping) and isinstance(present, Mapping):
            changes += _changed_settings(former, present, f"{name} ")
        elif former != present:
            changes.append(f"{within}{name}: {former} → {present}")
    return changes


def worst_first(evaluation: Evaluation) -> list[JudgedResult]:
    """Return the queries of an evaluation, those with the worst results first, WORST at most."""
    ordered = sorted(evaluation.queries.items(), key=lambda item: (item[1], item[0]))[:WORST]
    found = []
    for text, share in ordered:
        right, of, total, wrong = evaluation.details.get(text, (None, None, None, ""))
        found.append(JudgedResult(text, share, right, of, total, wrong))
    return found
