"""The latest build in words and figures, the same for the page with and without its script."""

from collections.abc import Callable
from typing import Any

from ..conf import get_settings
from ..indexing.status import BuildReport, read_report
from ..indexing.storage_probe import why_products_wait
from ..models import Build
from .probes import count, span
from .service_probes import count_workers

State = Build.State
Step = Build.Step
KEYWORDS = "writing keywords"


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
        "state": build.state,
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
        "rate_words": "" if report.rate is None else f"{report.rate:,.1f}/s",
        "left_words": "" if report.seconds_left is None else span(report.seconds_left),
        "stalled": report.stalled,
        "steps": _steps(report),
    }


def _headline(build: Build) -> str:
    number = f" {build.version}" if build.version is not None else ""
    if build.kind == Build.Kind.REBUILD:
        return f"Rebuild: version{number}" if number else "Rebuild"
    return f"Reindex of version{number}" if number else "Reindex"


def _sentence(report: BuildReport) -> str:
    build = report.build
    if build.step == Step.ENCODING and report.total is not None:
        if report.words_written is not None:
            return f"Writing keywords: {report.words_written:,} of {count(report.total, 'product')}."
        return f"Encoding products: {report.done:,} of {report.total:,} done."
    label = str(Step(build.step).label)
    return f"{label[0].upper()}{label[1:]}."


def _ending(report: BuildReport) -> str:
    build = report.build
    whole = "" if report.total is None else f" {report.done:,} of {count(report.total, 'product')}"
    if build.state == State.DONE:
        became = "The version is active" if build.kind == Build.Kind.REBUILD else "The index is up to date"
        return f"{became}.{whole} in {span(report.seconds)}."
    after = f" after{whole}" if whole else ""
    rows = ""
    if build.state == State.CANCELLED:
        rows = (
            " What it had written is removed."
            if build.cleared_at
            else " What it had written is being removed."
        )
    return f"{build.reason.rstrip('.')}{after}; searches use the version that was active before.{rows}"


def _figures(report: BuildReport) -> str:
    if not report.build.is_running:
        return ""
    parts = [f"for {span(report.seconds)}"]
    if report.rate is not None:
        parts.append(f"{report.rate:,.1f} products/s")
    if report.seconds_left is not None:
        parts.append(f"about {span(report.seconds_left)} left in this step")
    if report.retrying:
        parts.append(f"{count(report.retrying, 'product')} failed and will be tried again")
    if report.parked:
        parts.append(f"{count(report.parked, 'product')} parked")
    return " · ".join(parts)


def _advice(report: BuildReport, ping: Callable[[], int | None]) -> str:
    still = f"Nothing has moved for {span(report.still_seconds)}."
    workers = ping()
    if workers is None:
        return (
            f"{still} The task queue cannot be reached. Start Redis and see that the workers reach it;"
            " the build goes on by itself from where it stopped."
        )
    if not workers:
        return (
            f"{still} No Celery worker answers. Start one; the build goes on by itself from where it stopped,"
            " nothing is lost."
        )
    if why := why_products_wait():
        return f"{still} {why}"
    return (
        f"{still} {count(workers, 'worker')} answered. What a killed worker held is taken over within"
        f" {span(get_settings().claim_lease_seconds)} if Celery beat runs; see that it does, and read the worker's log. If that does not help, cancel and begin again."
    )


def _steps(report: BuildReport) -> list[dict[str, str]]:
    build = report.build
    steps = list(build.steps)
    names = [str(step.label) for step in steps]
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
