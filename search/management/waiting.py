"""Show on a terminal what the workers do, until a version is in use or the outbox is empty."""

from time import monotonic, sleep

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ..conf import get_settings
from ..indexing.pictures import why_products_wait
from ..indexing.status import BuildReport, measure_outbox, measure_progress, read_report
from ..indexing.status import Progress as Counts
from ..indexing.versions import REMEDY
from ..models import Build, IndexVersion, StaleProduct

POLL_SECONDS = 0.5
IDLE_SECONDS = 30.0  # without progress for this long, the worker may be missing

State = IndexVersion.State


class _Watch:
    """Notices when nothing moves any more."""

    def __init__(self, console: Console, timeout: float | None) -> None:
        self._console = console
        self._end = None if timeout is None else monotonic() + timeout
        self._seen: object = None
        self._since = monotonic()
        self._warned = False

    def see(self, figures: object) -> None:
        now = monotonic()
        if self._end is not None and now > self._end:
            raise CommandError("The time given by --timeout is over; the workers go on by themselves.")
        if figures != self._seen:
            self._seen, self._since, self._warned = figures, now, False
        elif now - self._since > IDLE_SECONDS and not self._warned:
            self._warned = True
            why = why_products_wait() or "Are a Celery worker and beat running?"
            self._console.print(f"Nothing has moved for {IDLE_SECONDS:.0f} s. {why}", markup=False)


def wait_for_version(version: IndexVersion, console: Console, *, timeout: float | None) -> IndexVersion:
    """Wait until a version is active, with a bar for keywords and one for embeddings.

    One that is held back is waited for while products that failed are tried again, which may mend it.

    Raises:
        CommandError: the version failed, or is held back as worse than the active one, or the time is over.
    """
    watch = _Watch(console, timeout)
    given_up_at: float | None = None
    with _bars(console) as bars:
        keywords, embeddings = bars.add_task("Keywords", total=None), bars.add_task("Embeddings", total=None)
        indexes = bars.add_task("Indexes", total=1, visible=False)
        while True:
            current = IndexVersion.objects.filter(pk=version.pk).first()
            if current is None:
                raise CommandError(f"Version {version.pk} was given up for a newer one.")
            counts = measure_progress().get(version.pk, Counts())
            total = max(current.total or 0, counts.entries)
            bars.update(keywords, total=total or None, completed=counts.entries)
            bars.update(embeddings, total=total or None, completed=counts.embedded)
            bars.update(indexes, visible=bool(total) and counts.embedded == total)
            if current.state == State.ACTIVE:
                bars.update(indexes, completed=1, visible=True)
                return current
            if current.state == State.FAILED or (current.state == State.READY and current.error):
                raise CommandError(current.error)
            if current.state == State.READY and current.held:
                if given_up_at is None:
                    given_up_at = monotonic() + _longest_retry()
                if monotonic() > given_up_at or not _is_retrying():
                    raise CommandError(
                        f"Version {current.pk} is held back, searches use the version that was active before:"
                        f" {current.held} {REMEDY.format(current.pk)}"
                    )
            watch.see((current.state, counts))
            sleep(POLL_SECONDS)


def _longest_retry() -> float:
    settings = get_settings()
    return settings.retry_backoff_seconds * 2.0**settings.max_attempts


def _is_retrying() -> bool:
    return StaleProduct.objects.exclude(last_error="").filter(parked=False).exists()


def wait_for_build(build: Build, console: Console, *, timeout: float | None) -> BuildReport:
    """Wait until a build is done, with a bar for its products; return how it ended.

    Raises:
        CommandError: it failed or was cancelled, or the time is over.
    """
    watch = _Watch(console, timeout)
    with _bars(console) as bars:
        products = bars.add_task("Products", total=build.total)
        while True:
            build.refresh_from_db()
            report = read_report(build)
            bars.update(products, total=report.total, completed=report.done)
            if build.state == Build.State.DONE:
                return report
            if not build.is_running:
                raise CommandError(f"The {build.kind} is {build.state}. {build.reason}".strip())
            watch.see((build.step, report.done, report.retrying, report.parked))
            sleep(POLL_SECONDS)


def wait_for_outbox(console: Console, *, timeout: float | None) -> None:
    """Wait until no product waits in the outbox but for those that failed and will be tried again."""
    watch = _Watch(console, timeout)
    with _bars(console) as bars:
        bar: TaskID | None = None
        total = 0
        while True:
            outbox = measure_outbox()
            if outbox.oldest is None:
                if bar is not None:
                    bars.update(bar, completed=total)
                return
            total = max(total, outbox.waiting)
            bar = bars.add_task("Products") if bar is None else bar
            bars.update(bar, total=total, completed=total - outbox.waiting)
            watch.see(outbox.waiting)
            sleep(POLL_SECONDS)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
