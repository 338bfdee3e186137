"""How a query is read, part by part, and from where each meaning comes."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...engine.readings import Reading, ReadPart, read_as_searched
from ...models import IndexVersion
from ...session import pinned

SHOWN = 6  # meanings of a part without --all
EXAMPLES = """
examples:
  manage.py explain_query "navy sneakers for men, not leather, under 2000"
  manage.py explain_query --json "rotes Kleid ohne Muster"

Columns: the part as it was typed; what it stands for, each with its fit from 0 to 1; its share in a product's score; how many products
have it (or, of what is not wanted, are left); and where the meaning comes from: a value of the catalogue, a line of a list, a rule.
"""


class Command(BaseCommand):
    """`manage.py explain_query QUERY`."""

    help = "Print how a query is read: each part, what it became, from where, and how many products have it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Make a parser that keeps the lines of the examples."""
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("query", metavar="QUERY", help="what a shopper types, in quotation marks")
        parser.add_argument("--json", action="store_true", help="print JSON with every meaning")
        parser.add_argument("--all", action="store_true", help=f"print all meanings of a part, not {SHOWN}")

    @pinned()
    def handle(self, *args: Any, query: str, **options: Any) -> None:
        """Read the query and print."""
        version = IndexVersion.objects.active()
        if version is None:
            raise CommandError("There is no active index version: run manage.py search_index rebuild --wait.")
        reading = read_as_searched(query, version)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(reading), indent=2, ensure_ascii=False, default=str))
        else:
            _print(Console(file=cast(TextIO, self.stdout)), reading, None if options["all"] else SHOWN)


def _print(console: Console, reading: Reading, shown: int | None) -> None:
    if reading.searched != reading.typed:
        console.print(
            Text(f"Searched for: {reading.searched} (slips are corrected by the catalogue's words)")
        )
    if reading.language:
        console.print(Text(f"Language: {reading.language} (search/languages/{reading.language}.toml)"))
    table = Table("typed", "read as", "fit", "share", "products", "from", box=SIMPLE)
    for part in reading.parts:
        for row in _rows(part, shown):
            table.add_row(*map(Text, row))
    console.print(table)
    for note in reading.notes:
        console.print(Text(f"Note: {note}"))
    console.print(Text(f"The text encoder reads: {reading.encoded or 'nothing'}"))
    if reading.degraded:
        console.print(Text(f"It was not asked: {reading.degraded}"))
    console.print(Text(f"All that is asked for: {reading.all_parts:,} of {reading.products:,} products"))


def _rows(part: ReadPart, shown: int | None) -> list[tuple[str, ...]]:
    typed = f"{part.typed} (implied)" if part.implied and part.kind != "opposite" else part.typed
    typed = f"{typed} = {part.english}" if part.english else typed
    share = f"{part.importance:.2f}" if part.importance else ""
    products = "" if part.products is None else f"{part.products:,}"
    head, rest = (typed, share, products), ("", "", "")
    rows: list[tuple[str, ...]] = []
    for meaning in part.meanings[:shown]:
        first, worth, count = head if not rows else rest
        fit = f"{meaning.fit:.2f}" if meaning.fit else ""
        rows.append((first, meaning.name, fit, worth, count, meaning.origin))
    if part.says:
        rows.append(("", part.says, "", "", "", "as the chip says it"))
    if left := len(part.meanings) - len(part.meanings[:shown]):
        rows.append(("", f"and {left} more", "", "", "", ""))
    return rows
