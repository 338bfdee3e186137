"""The latest build in words and figures, the same for the page with and without its script."""

from collections.abc import Callable
from typing import Any

from ..conf import get_settings
from ..indexing.status import BuildReport, read_report
from ..indexing.storage_probe import why_products_wait
from ..models import Build
from ..sentences import changed, figure, joined, said
from ..sentences import lazily as _
from .probes import count, span
from .service_probes import count_workers

State = Build.State
Step = Build.Step
KEYWORDS = _("writing keywords")


def read_progress(ping: Callable[[], int | None] = count_workers) -> dict[str, Any] | None:
    """Return what is to be shown of the build that runs, else of the last one; None where there was none.

    Args:
        ping: returns how many workers answer, None where that cannot be asked; only called where nothing moves.
    """
    build = Build.objects.running().first() or Build.objects.first()
    return None if build is None else describe(read_report(build), ping)


def describe(report: BuildReport, ping: Callable[[], int | None]) -> dict[str, Any]:
    """Return a report as JSON takes it: plain values and whole sentences."""
    build = report.build
    return {
        "id": build.pk,
        "kind": build.kind,
        "kind_name": build.get_kind_display(),
        "state": build.state,
        "state_name": build.get_state_display(),
        "step": build.step,
        "running": build.is_running,
        "headline": _headline(build),
        "sentence": _sentence(report) if build.is_running else _ending(report),
        "figures": _figures(report),
        "advice": _advice(report, ping) if report.stalled else "",
        "trouble": build.reason if build.is_running else "",
        "done": report.done,
        "total": report.total,
        "percent": None if report.share is None else round(100 * report.share, 1),
        "rate": None if report.rate is None else round(report.rate, 1),
        "seconds_left": None if report.seconds_left is None else round(report.seconds_left),
        "rate_words": "" if report.rate is None else joined((figure(report.rate, 1), "/s"), ""),
        "left_words": "" if report.seconds_left is None else span(report.seconds_left),
        "stalled": report.stalled,
        "steps": _steps(report),
    }


def _headline(build: Build) -> str:
    if build.kind == Build.Kind.REBUILD:
        headline = _("Rebuild") if build.version is None else _("Rebuild: version %(number)s")
    else:
        headline = _("Reindex") if build.version is None else _("Reindex of version %(number)s")
    return said(headline, number=build.version)


def _sentence(report: BuildReport) -> str:
    build = report.build
    if build.step == Step.ENCODING and report.total is not None:
        if report.words_written is not None:
            return said(
                _("Writing keywords: %(done)s of %(total)s products."),
                done=figure(report.words_written),
                total=figure(report.total),
            )
        return said(
            _("Encoding products: %(done)s of %(total)s done."),
            done=figure(report.done),
            total=figure(report.total),
        )
    return changed(Step(build.step).label, lambda label: f"{label[0].upper()}{label[1:]}.")


def _ending(report: BuildReport) -> str:
    build = report.build
    done, total = figure(report.done), figure(report.total or 0)
    if build.state == State.DONE:
        became = (
            _("The version is active.") if build.kind == Build.Kind.REBUILD else _("The index is up to date.")
        )
        took = (
            _("It took %(span)s.")
            if report.total is None
            else _("%(done)s of %(total)s products in %(span)s.")
        )
        return joined((became, said(took, done=done, total=total, span=span(report.seconds))))
    sentences = [
        f"{build.reason.rstrip('.')}.",
        ""
        if report.total is None
        else said(_("It ended after %(done)s of %(total)s products."), done=done, total=total),
        _("Searches use the version that was active before."),
    ]
    if build.state == State.CANCELLED:
        sentences.append(
            _("What it had written is removed.")
            if build.cleared_at
            else _("What it had written is being removed.")
        )
    return joined(sentences)


def _figures(report: BuildReport) -> str:
    if not report.build.is_running:
        return ""
    parts = [said(_("for %(span)s"), span=span(report.seconds))]
    if report.rate is not None:
        parts.append(said(_("%(rate)s products/s"), rate=figure(report.rate, 1)))
    if report.seconds_left is not None:
        parts.append(said(_("about %(span)s left in this step"), span=span(report.seconds_left)))
    if report.retrying:
        parts.append(
            said(_("%(products)s failed and will be tried again"), products=count(report.retrying, "product"))
        )
    if report.parked:
        parts.append(said(_("%(products)s parked"), products=count(report.parked, "product")))
    return joined(parts, " · ")


def _advice(report: BuildReport, ping: Callable[[], int | None]) -> str:
    still = said(_("Nothing has moved for %(span)s."), span=span(report.still_seconds))
    workers = ping()
    if workers is None:
        why = _(
            "The task queue cannot be reached. Start Redis and see that the workers reach it;"
            " the build goes on by itself from where it stopped."
        )
    elif not workers:
        why = _(
            "No Celery worker answers. Start one; the build goes on by itself from where it stopped,"
            " nothing is lost."
        )
    else:
        why = why_products_wait() or said(
            _(
                "%(workers)s answered. What a killed worker held is taken over within %(span)s if Celery beat runs; see that"
                " it does, and read the worker's log. If that does not help, cancel and begin again."
            ),
            workers=count(workers, "worker"),
            span=span(get_settings().claim_lease_seconds),
        )
    return joined((still, why))


def _steps(report: BuildReport) -> list[dict[str, str]]:
    build = report.build
    steps = list(build.steps)
    names = [step.label for step in steps]
    encoding = steps.index(Step.ENCODING)
    names.insert(encoding, KEYWORDS)  # done before a product is encoded, but no step of its own in the record
    position = steps.index(Step(build.step)) if build.step in steps else 0
    if position > encoding or (position == encoding and report.words_written is None):
        position += 1
    now = "current" if build.is_running else "ended"
    states = ["done" if at < position else now if at == position else "ahead" for at in range(len(names))]
    if build.state == State.DONE:
        states = ["done"] * len(names)
    return [{"name": name, "state": state} for name, state in zip(names, states, strict=True)]
