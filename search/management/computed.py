"""Commands that ask for a computation over the active version, and may watch it."""

from argparse import ArgumentParser
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ..indexing import marks
from ..models import IndexVersion
from ..models.quality import Computed
from ..quality.jobs import ask, compute, give_up
from ..routing import pinned

POLL_SECONDS = 0.5
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
