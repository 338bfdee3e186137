"""The index from the command line: look at it, build it, switch it, check it."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from ...conf import get_settings
from ...exceptions import SearchError
from ...indexing import building, failures, marks, versions
from ...indexing.connections import unhurried
from ...indexing.reconcile import describe_round
from ...indexing.removal import find_left_over
from ...indexing.status import read_status
from ...models import Build, IndexVersion, KeptCount
from ...monitoring.verify import lacking, verify
from ...sentences import said
from ...session import pinned
from ..progress import show_reconcile, wait_for_build, wait_for_outbox, wait_for_version


class Command(BaseCommand):
    """`manage.py search_index`: one subcommand per thing that can be done to the index."""

    help = "Look at the search index, build a new version, switch between versions, check that it is right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the subcommands."""
        commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

        def add(name: str, help: str, *, asks: bool = False, waits: bool = False, json: bool = False) -> Any:
            command = commands.add_parser(name, help=help, description=help)
            if json:
                command.add_argument("--json", action="store_true", help="print JSON instead of tables")
            if asks:
                command.add_argument("--noinput", action="store_true", help="do not ask for confirmation")
            if waits:
                command.add_argument(
                    "--wait", action="store_true", help="show what the workers do until it is done"
                )
                command.add_argument(
                    "--timeout", type=float, metavar="SECONDS", help="with --wait: give up after this"
                )
            return command

        add(
            "status",
            "Show the versions, their progress, the outbox, and periodic tasks that do not run.",
            json=True,
        )
        rebuild = add(
            "rebuild", "Build a new version beside the active one and switch to it.", asks=True, waits=True
        )
        rebuild.add_argument(
            "--force", action="store_true", help="build although catalogue and artifact are unchanged"
        )
        reindex = add("reindex", "Index products again in the versions there are.", asks=True, waits=True)
        reindex.add_argument(
            "keys", nargs="*", metavar="KEY", help="primary keys of products; all if none is given"
        )
        activate = add("activate", "Let searches use a ready or retired version.", asks=True)
        activate.add_argument("version", type=int, metavar="VERSION", help="number of the version")
        activate.add_argument(
            "--force",
            action="store_true",
            help="activate it although it is held back as worse than the active one",
        )
        drop = add("drop", "Give up a ready version, such as one that is held back.", asks=True)
        drop.add_argument("version", type=int, metavar="VERSION", help="number of the version")
        rollback = add("rollback", "Let searches use the version that was active before.", asks=True)
        for command in (activate, rollback):
            command.add_argument(
                "--without-artifact",
                action="store_true",
                help="do so even if the version's artifact is missing: searches are by words only",
            )
        add(
            "verify",
            "Check the active version against the catalogue; exit status 1 if a check fails.",
            json=True,
        )
        add("recount", "Count the entries of every version anew, and correct what pages without words show.")
        add("reconcile", "Find products that were changed without signals, and index them.", waits=True)

    @pinned()
    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one subcommand."""
        self.console = Console(file=cast(TextIO, self.stdout), soft_wrap=True)
        actions: dict[str, Callable[[dict[str, Any]], None]] = {
            "status": self._status,
            "rebuild": self._rebuild,
            "reindex": self._reindex,
            "activate": self._activate,
            "drop": self._drop,
            "rollback": self._rollback,
            "verify": self._verify,
            "recount": self._recount,
            "reconcile": self._reconcile,
        }
        try:
            actions[action](options)
        except SearchError as error:
            raise CommandError(str(error)) from error

    def _status(self, options: dict[str, Any]) -> None:
        status = read_status()
        if options["json"]:
            self.stdout.write(json.dumps(status.as_json(), indent=2, default=str))
            return
        table = Table(
            "version", "state", "artifact", "entries", "embedded", "failed", "ANN recall@24", "error"
        )
        for item in status.versions:
            version, progress = item.version, item.progress
            recall = "" if version.ann_recall is None else f"{version.ann_recall:.4f}"
            counts = (progress.entries, progress.embedded, progress.failed)
            figures = [f"{count:,}" for count in counts]
            table.add_row(
                str(version.pk),
                "held back" if item.is_held else version.state,
                version.artifact_name,
                *figures,
                recall,
                version.error or version.lack,
            )
        self.console.print(table)
        for left_over in find_left_over():
            self.console.print(f"To be looked at: {left_over}", markup=False)
        self._tell_held()
        outbox = status.outbox
        since = f", the oldest since {outbox.oldest:%Y-%m-%d %H:%M:%S %Z}" if outbox.oldest else ""
        self.console.print(f"Outbox: {outbox.waiting:,} waiting{since}; {outbox.parked:,} parked.")
        self.console.print(describe_round())
        wrong = [state.trouble for state in status.tasks if state.trouble]
        for trouble in wrong:
            self.console.print(trouble, markup=False)
        self.console.print(f"Periodic tasks: {len(status.tasks)}, {len(wrong)} of them to be looked at.")

    def _tell_held(self) -> None:
        for held in IndexVersion.objects.held():
            remedy = said(versions.REMEDY, version=held.pk)
            self.console.print(f"Version {held.pk} is held back: {held.held} {remedy}", markup=False)

    def _rebuild(self, options: dict[str, Any]) -> None:
        if options["force"]:
            self._confirm("Build a new version of the whole index?", options)
        answer = versions.request_rebuild(force=options["force"])
        self.console.print(answer.sentence)
        self._tell_held()
        self._call_workers()
        if not options["wait"]:
            return
        if answer.version.state == answer.version.State.ACTIVE:
            wait_for_outbox(self.console, timeout=options["timeout"])
            return
        active = wait_for_version(answer.version, self.console, timeout=options["timeout"])
        recall = "" if active.ann_recall is None else f"; ANN recall@24 {active.ann_recall:.4f}"
        self.console.print(f"Version {active.pk} is active{recall}.")
        for check in lacking(active):
            self.stderr.write(f"{check.name}: {check.detail}")

    def _reindex(self, options: dict[str, Any]) -> None:
        if options["keys"]:
            # A few marked products are no build, which would keep others from beginning.
            marked = failures.reindex_products(options["keys"])
            self.console.print(f"{marked:,} products are being indexed again.")
            self._finish(options)
            return
        self._confirm("Index every product again?", options)
        build = building.begin_build_here(Build.Kind.REINDEX)
        self.console.print(f"{build.total or 0:,} products are being indexed again.")
        self._call_workers()
        if options["wait"]:
            done = wait_for_build(build, self.console, timeout=options["timeout"])
            parked = f"; {done.parked:,} are parked" if done.parked else ""
            self.console.print(f"{done.done:,} products are indexed again{parked}.")

    def _activate(self, options: dict[str, Any]) -> None:
        self._confirm(f"Let searches use version {options['version']}?", options)
        version = versions.activate(
            options["version"], without_artifact=options["without_artifact"], force=options["force"]
        )
        self.console.print(f"Version {version.pk} is active.")
        self._call_workers()

    def _drop(self, options: dict[str, Any]) -> None:
        self._confirm(f"Give up version {options['version']}?", options)
        version = versions.discard(options["version"])
        self.console.print(f"Version {version.pk} is given up; a worker drops it.")
        marks.publish("advance_builds", expires=None)

    def _rollback(self, options: dict[str, Any]) -> None:
        self._confirm("Let searches use the version that was active before?", options)
        version = versions.roll_back(without_artifact=options["without_artifact"])
        self.console.print(f"Version {version.pk} is active again.")
        self._call_workers()

    def _verify(self, options: dict[str, Any]) -> None:
        verification = verify()
        if options["json"]:
            self.stdout.write(json.dumps(verification.as_json(), indent=2))
        else:
            for check in verification.checks:
                self.console.print(
                    f"{'ok    ' if check.passed else 'FAILED'} {check.name}: {check.detail}", markup=False
                )
            for failure in verification.failures:
                state = "parked" if failure.parked else f"{failure.attempts} attempts"
                self.console.print(f"product {failure.product_key} ({state}): {failure.reason}", markup=False)
            self.console.print(f"{len(verification.failures)} products cannot be indexed wholly.")
        if not verification.passed:
            sys.exit(1)

    @unhurried()
    def _recount(self, _options: dict[str, Any]) -> None:
        for version in IndexVersion.objects.exclude(state=IndexVersion.State.FAILED).order_by("pk"):
            wrong = KeptCount.objects.recount(version)
            self.console.print(f"Version {version.pk}: {wrong:,} counts were wrong, and are right now.")

    def _reconcile(self, options: dict[str, Any]) -> None:
        self.console.print(f"{show_reconcile(self.console):,} products differ and are being indexed.")
        self._finish(options)

    def _finish(self, options: dict[str, Any]) -> None:
        self._call_workers()
        if options["wait"]:
            wait_for_outbox(self.console, timeout=options["timeout"])

    def _call_workers(self) -> None:
        if not marks.publish("index_stale", times=get_settings().index_parallel):
            self.console.print("The task queue cannot be reached; the next sweep begins the work.")

    def _confirm(self, question: str, options: dict[str, Any]) -> None:
        if options["noinput"]:
            return
        try:
            answer = input(f"{question} [y/N] ")
        except EOFError as error:
            raise CommandError("There is no terminal to ask; give --noinput.") from error
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.")
