"""Show on a terminal what the workers do, until a version is in use or the outbox is empty."""

from argparse import ArgumentParser
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ..conf import get_settings
from ..indexing import marks
from ..indexing.reconcile import product_keys, reconcile
from ..indexing.status import BuildReport, VersionProgress, measure_outbox, measure_progress, read_report
from ..indexing.storage_probe import why_products_wait
from ..indexing.versions import REMEDY
from ..models import Build, IndexVersion, StaleProduct
from ..models.quality import Computed
from ..quality.jobs import ask, compute, give_up
from ..sentences import said
from ..session import pinned

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
            counts = measure_progress().get(version.pk, VersionProgress())
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
                        f" {current.held} {said(REMEDY, version=current.pk)}"
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


def show_reconcile(console: Console) -> int:
    """Compare all products with their entries in this process, on a terminal with a bar; return how many differ."""
    if not console.is_terminal:
        return reconcile()
    with _bars(console) as bars:
        bar = bars.add_task("Products", total=product_keys().count())
        return reconcile(lambda compared: bars.update(bar, completed=compared))


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


# Commands that ask for a computation over the active version, and may watch it.


AWAY = "The task queue cannot be reached, so nothing was begun."


class ComputedCommand(BaseCommand):
    """Asks a worker for a computation; `--wait` watches it, `--here` does it in this process."""

    kind: type[Computed]
    task: str

    def work(self) -> Callable[..., Any]:
        """Return what computes it."""
        raise NotImplementedError

    def tell(self, row: Any) -> str:
        """Return what came of it, in a sentence."""
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--here", action="store_true", help="compute in this process, without a worker")
        parser.add_argument("--wait", action="store_true", help="show how far it is until it is done")
        parser.add_argument(
            "--timeout", type=float, metavar="SECONDS", help="with --wait: give up after this"
        )

    @pinned()
    def handle(self, *args: Any, here: bool, wait: bool, timeout: float | None, **options: Any) -> None:
        """Ask for it, and perhaps watch it."""
        version = IndexVersion.objects.active()
        if version is None:
            raise CommandError("There is no active index version: run manage.py search_index rebuild --wait.")
        asked = ask(self.kind, version)
        if not asked:
            self.stdout.write("It is being computed already.")
        elif here:
            compute(self.kind, version.pk, self.work())
        elif not marks.publish(self.task, version.pk, expires=None):
            give_up(self.kind, version, AWAY)
            raise CommandError(AWAY)
        else:
            self.stdout.write("A worker computes it.")
        if wait or here:
            self._watch(version, timeout)

    def _watch(self, version: IndexVersion, timeout: float | None) -> None:
        end = None if timeout is None else monotonic() + timeout
        console = Console(file=cast(TextIO, self.stdout), soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            bar = bars.add_task("waiting for a worker", total=1.0)
            row = self._read(version)
            while row.is_under_way:
                if end is not None and monotonic() > end:
                    raise CommandError("The time given by --timeout is over; the worker goes on by itself.")
                bars.update(bar, completed=row.share, description=row.step or row.get_state_display())
                sleep(POLL_SECONDS)
                row = self._read(version)
        if row.state != Computed.State.READY:
            raise CommandError(row.error or "It gives no sign of life: is a Celery worker running?")
        self.stdout.write(self.tell(row))

    def _read(self, version: IndexVersion) -> Any:
        row = self.kind._default_manager.filter(version=version).first()
        if row is None:
            raise CommandError(f"Version {version.pk} is gone.")
        return row
