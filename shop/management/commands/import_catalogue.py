"""`manage.py import_catalogue`: fill the catalogue from a product file and its pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from search.exceptions import StorageAway
from shop.importer import ImportOptions, ImportResult, import_catalogue
from shop.importer.pictures import PictureSourceError
from shop.importer.product_files import LackingColumnsError, ProductFileError, write_report
from shop.importer.run import PROFILES

HELP = """\
Import products from PRODUCTS.csv or PRODUCTS.csv.gz into the catalogue, with their pictures.

Profiles:
  catalogue       The project's own format, columns found by name: id, name and category are needed;
                  brand, gender, subcategory, article_type, colour, season, year, usage, price, currency,
                  description, style_note, materials_care, size_fit, attributes (a JSON object), created,
                  sizes ("S:4|M:0|L", stock after the colon) and images ("a.jpg|b.jpg") may be there.
  kaggle-fashion  The Kaggle data set "Fashion Product Images": styles.csv as Kaggle ships it (a product
                  name may hold commas without quotes), or a table with its details under the columns above.

The SKU is the column id. A product's category is the path category > subcategory > article_type (in
styles.csv masterCategory > subCategory > articleType), a level that repeats the one above it left out.
Its picture is ID.jpg (or .jpeg, .png, .webp, .gif, .avif, .heic) in the folder, in a folder images inside it, or anywhere
in the ZIP archive. A price of 0 means unknown. Where the source has no sizes, plausible sizes and stock
are derived from type and SKU, always the same ones, and only for a product that has none. Where it has
no date, the product is dated inside its season and year.

Run it again, after an interruption or with a newer file: products are found by SKU, changed ones are
updated, nothing is doubled, nothing is deleted. A blank cell empties what a product has; a file that lacks
a column of which products that exist have values is refused before anything is changed. Rows that cannot be imported are listed by line and reason
in the report file; then the exit status is 1.
"""


class Command(BaseCommand):
    """Parses options, runs the import, prints what became of the rows."""

    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the line breaks of the help."""
        return super().create_parser(*args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("products", type=Path, metavar="PRODUCTS.csv[.gz]")
        parser.add_argument("--images", type=Path, metavar="FOLDER|ZIP", help="Where the pictures are.")
        parser.add_argument("--profile", choices=sorted(PROFILES), default="catalogue")
        parser.add_argument(
            "--only-large", action="store_true", help="Only rows whose column large_image is 1."
        )
        parser.add_argument(
            "--with-picture-only",
            action="store_true",
            help="Skip and count rows without a picture instead of reporting them as bad.",
        )
        parser.add_argument("--limit", type=_positive, metavar="N", help="Stop after N good rows.")
        parser.add_argument(
            "--report",
            type=Path,
            default=Path("import_report.csv"),
            help="Where bad rows are listed (default: import_report.csv); written only if there are any.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import.

        Raises:
            CommandError: nothing could be read, or some rows were bad (exit status 1).
        """
        chosen = ImportOptions(
            products=options["products"],
            images=options["images"],
            profile=options["profile"],
            only_large=options["only_large"],
            with_picture_only=options["with_picture_only"],
            limit=options["limit"],
        )
        report: Path = options["report"]
        if report.resolve() == chosen.products.resolve():
            raise CommandError("--report would overwrite the product file.")
        try:
            result = self._import(chosen, quiet=options["verbosity"] == 0)
        except (ProductFileError, PictureSourceError, LackingColumnsError) as error:
            raise CommandError(str(error)) from error
        except StorageAway as error:
            raise CommandError(
                f"The storage of the pictures does not answer: {error}. Import again; what is stored already is passed over."
            ) from error
        if options["verbosity"] > 0:
            self.stdout.write(_summary(result))
        if result.bad or report.exists():  # an older list must not outlive the rows it names
            write_report(report, result.bad)
        if result.bad:
            first = result.bad[0]
            raise CommandError(
                f"{len(result.bad)} bad rows are listed in {report}; the first is line {first.line}: "
                f"{first.reason}",
                returncode=1,
            )

    def _import(self, options: ImportOptions, *, quiet: bool) -> ImportResult:
        if quiet:
            return import_catalogue(options)
        console = Console(file=sys.stderr)
        if not console.is_terminal:
            return import_catalogue(options, progress=_line_per_thousand(self.stderr.write))
        columns = (
            TextColumn("Importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
        )  # fmt: skip
        with Progress(*columns, console=console, transient=True) as bar:
            total = options.products.stat().st_size if options.products.is_file() else None
            task = bar.add_task("import", total=total, counts="")
            return import_catalogue(
                options,
                progress=lambda read, result: bar.update(
                    task, completed=read, counts=f"{result.imported} products, {len(result.bad)} bad rows"
                ),
            )


def _line_per_thousand(write: Callable[[str], Any]) -> Callable[[int, ImportResult], None]:
    """Progress for logs: a line whenever another thousand products are in."""
    thousands = 0

    def progress(_read: int, result: ImportResult) -> None:
        nonlocal thousands
        if result.imported // 1000 > thousands:
            thousands = result.imported // 1000
            write(f"{result.imported} products imported")

    return progress


def _summary(result: ImportResult) -> str:
    counts = f"{result.added} new, {result.changed} changed, {result.unchanged} unchanged"
    parts = [f"{result.imported} products imported: {counts}"]
    if result.not_wanted:
        parts.append(f"{result.not_wanted} rows without a large picture passed over")
    if result.without_picture:
        parts.append(f"{result.without_picture} rows without a picture passed over")
    return "; ".join(parts) + "."


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
