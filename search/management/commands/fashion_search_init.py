"""The first steps of a shop with search: what its products are, what the settings and servers lack, what is left to do."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, TextIO, cast

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.text import Text

from ...exceptions import NoIndexRegistered
from ...hosting.candidates import Candidate, examine, find_candidates
from ...hosting.configuration import SETTINGS, Need, code_by_place, find_needs, settings_file
from ...hosting.registration import (
    CannotWrite,
    Registration,
    Standing,
    is_own_file,
    plan,
    registered_file,
    write,
)
from ...hosting.services import look_around
from ...hosting.steps import find_steps
from ...hosting.trial import Trial, try_registered, try_registration
from ...monitoring.configuration_probes import probe_settings
from ...monitoring.probes import Finding, State
from ...registry import get_index
from ...session import pinned

MOST_SHOWN = 4  # models that are named beside the chosen one
EXAMPLES = """
examples:
  manage.py fashion_search_init                          look at everything, show the file, change nothing
  manage.py fashion_search_init --write                  write the file
  manage.py fashion_search_init --model catalogue.Product --output shop/search_index.py --write
  manage.py fashion_search_init --check                  exit status 1 while something necessary is left to do

exit status:
  0  the host was looked at; with --write the file stands
  1  no model looks like products, the file cannot be written, or (--check) something necessary is left
  2  an argument is wrong
"""


class Command(BaseCommand):
    """`manage.py fashion_search_init`."""

    help = (
        "Look at this shop: find the model of its products, write the search_index.py that registers it, and say what settings and"
        " servers still lack. Without --write nothing is changed."
    )
    # It says itself what is missing, and is run where much is.
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Make a parser that keeps the lines of the examples."""
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--model", metavar="APP.MODEL", help="the model of the products; the likeliest by default"
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="where to write; search_index.py in the model's app by default",
        )
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--write", action="store_true", help="write the file")
        mode.add_argument("--dry-run", action="store_true", help="change nothing, which is the default")
        mode.add_argument(
            "--check",
            action="store_true",
            help="change nothing; exit status 1 while something necessary is left",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="with --write: replace a file that says something else, and keep a copy of it",
        )

    @pinned()
    def handle(self, *args: Any, **options: Any) -> None:
        """Look, write if told to, and say what is left."""
        self.console = Console(file=cast(TextIO, self.stdout), soft_wrap=True, highlight=False)
        if options["force"] and not options["write"]:
            raise CommandError("--force only changes what --write does: give both.", returncode=2)
        settings = probe_settings()
        if not settings.passed:
            raise CommandError(f"{settings.sentence} Correct FASHION_SEARCH first.")
        named = self._named(options["model"])
        registered = _registered()
        chosen, others = self._choose(named, registered)
        stands = registered is chosen.model
        try:
            own = registered_file() if stands and is_own_file(registered_file()) else None
            registration = plan(chosen, options["output"] or own)
            trial = try_registered() if stands else try_registration(registration)
            self._tell_models(chosen, others, registered)
            self._tell_file(registration, trial, written=options["write"], stands=stands)
            if options["write"]:
                self._write(registration, stands=stands, force=options["force"])
        except CannotWrite as error:
            raise CommandError(str(error)) from error
        needs, services = find_needs(), look_around()
        self._tell_settings(needs)
        self._tell_services(services)
        left = find_steps(registration, stands, trial, needs, services)
        self._title("Left to do")
        for number, step in enumerate(left, 1):
            self._say(f"{number}. {step.sentence}" + ("" if step.required else " (search works without it)"))
        if options["check"] and any(step.required for step in left):
            raise CommandError("Something necessary is left to do.")

    def _named(self, label: str | None) -> Candidate | None:
        if label is None:
            return None
        try:
            return examine(apps.get_model(label))
        except (LookupError, ValueError) as error:
            known = ", ".join(one.label for one in find_candidates()[:MOST_SHOWN]) or "none"
            raise CommandError(
                f"There is no model {label!r}: {error}. Write it as APP.MODEL; those that may be products: {known}.",
                returncode=2,
            ) from error

    def _choose(self, named: Candidate | None, registered: Any) -> tuple[Candidate, list[Candidate]]:
        found = find_candidates()
        chosen = (
            named
            or (examine(registered) if registered else None)
            or next((one for one in found if one.fits), None)
        )
        if chosen is None:
            near = "; ".join(
                f"{one.label} ({', '.join(one.doubts) or 'too little speaks for it'})"
                for one in found[:MOST_SHOWN]
            )
            raise CommandError(
                "No model looks like products: one needs a name, and a price or pictures, of its own or in related tables."
                f" Name yours with --model APP.MODEL. The nearest: {near or 'none'}."
            )
        return chosen, [one for one in found if one.model is not chosen.model]

    def _tell_models(self, chosen: Candidate, others: list[Candidate], registered: Any) -> None:
        self._title("Products")
        why = "registered" if registered is chosen.model else "taken for the products"
        self._say(f"{chosen.label}: {why} ({chosen.points:g} points, {chosen.counted})")
        self._say(f"  for it: {'; '.join(chosen.reasons) or 'nothing'}")
        if chosen.doubts:
            self._say(f"  against it: {'; '.join(chosen.doubts)}")
        if registered and registered is not chosen.model:
            self._say(
                f"{registered._meta.label} is registered already, in {registered_file()}. One registration counts, the one that is"
                " loaded last: remove the other."
            )
        for other in others[:MOST_SHOWN]:
            against = f"; {'; '.join(other.doubts)}" if other.doubts else ""
            self._say(
                f"{other.label}: {'also possible' if other.fits else 'less likely'} ({other.points:g} points, {other.counted}{against})"
            )
        if any(other.fits for other in others):
            self._say("Another one is chosen with --model.")

    def _tell_file(self, registration: Registration, trial: Trial, *, written: bool, stands: bool) -> None:
        self._title("search_index.py")
        standing = registration.standing
        self._say(f"{registration.path} {standing.value}.")
        if stands and registration.path != registered_file():
            self._say(
                f"{registration.candidate.label} is registered by {registered_file()}, so that it is not needed."
            )
        elif standing is Standing.ABSENT and not written:
            self._say("It would be:")
            self.stdout.write(f"\n{registration.text}\n")
        elif registration.differs and standing is not Standing.FOREIGN:
            self._say("As it would be written now, it differs:")
            self.stdout.write(f"\n{registration.diff}\n")
        for sentence in trial.sentences:
            self._say(f"  {sentence}")
        if not stands:
            for sentence in registration.lines.lacking:
                self._say(f"  {sentence}")

    def _write(self, registration: Registration, *, stands: bool, force: bool) -> None:
        if registration.standing is not Standing.ABSENT and not registration.differs:
            self._say("Nothing is written: it stands.")
        elif stands and not force:
            self._say(
                f"Nothing is written: {registered_file()} registers this model. --force writes, and keeps a copy of what is there."
            )
        else:
            kept = write(registration, force=force)
            self._say("It is written." + (f" The former one is kept as {kept}." if kept else ""))

    def _tell_settings(self, needs: list[Need]) -> None:
        self._title("Settings")
        for need in needs:
            mark = "ok     " if need.stands else "missing" if need.required else "advised"
            self._say(f"{mark} {need.name}: {need.sentence}")
        for place, codes in code_by_place(needs).items():
            where = settings_file() or place if place == SETTINGS else place
            self._say(f"Add to {where}:")
            self.stdout.write(
                "\n"
                + "\n".join(f"    {line}".rstrip() for code in codes for line in code.splitlines())
                + "\n"
            )

    def _tell_services(self, services: list[Finding]) -> None:
        self._title("Servers and processes")
        marks = {State.OK: "ok     ", State.ATTENTION: "look   ", State.BROKEN: "missing"}
        for found in services:
            self._say(f"{marks[found.state]} {found.name}: {found.sentence}")

    def _title(self, text: str) -> None:
        self.console.print(Text(f"\n{text}", style="bold"))

    def _say(self, text: str) -> None:
        self.console.print(Text(text))


def _registered() -> Any:
    try:
        return get_index().model
    except NoIndexRegistered:
        return None
