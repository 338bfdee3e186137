"""`manage.py import_catalogue`: fill the catalogue from a product file and its pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from search.exceptions import StorageAway
from shop.importer import ImportOptions, ImportResult, import_catalogue
from shop.importer.pictures import PictureSourceError
from shop.importer.product_files import ProductFileError, write_report
from shop.importer.run import PROFILES
from shop.importer.summary import summary, undo_summary
from shop.importer.undo import UndoError, undo_import

HELP = """\
Import products from a table, PRODUCTS.csv or PRODUCTS.csv.gz, or from a feed in XML into the catalogue, with their pictures.

Profiles:
  catalogue       The project's own format, columns found by name: id is needed, for new products name and category, too;
                  brand, gender, subcategory, article_type, colour, season, year, usage, price, currency,
                  description, style_note, materials_care, size_fit, attributes (a JSON object), created,
                  sizes ("S:4|M:0|L", stock after the colon) and images ("a.jpg|b.jpg") may be there.
                  created counts for new products only.
  kaggle-fashion  The Kaggle data set "Fashion Product Images": styles.csv as Kaggle ships it (a product
                  name may hold commas without quotes), or a table with its details under the columns above.
  google          A feed as Google Merchant Center defines it, as a table or in XML: id, title, description, image_link,
                  additional_image_link, price (24.99 EUR), sale_price, sale_price_effective_date, availability, quantity,
                  brand, gender, age_group, color, size, item_group_id, product_type or google_product_category, material,
                  pattern, product_detail (section:name:value, which becomes an attribute). A category is a path in words, or
                  Google's number. Rows of one item_group_id and color are one product, whose SKU is
                  item_group_id-color, in several sizes; title, description and pictures are those of its first row. A sale
                  price counts on its days. While a row is bad, no size of a product is taken away. Links are not fetched: their
                  file names are looked for in --images.

A feed in XML is RSS or Atom, with Google's namespace; it needs no --profile, since its content tells. An element that an item
lacks is a column that the file lacks, and one that is empty is an empty cell. additional_image_link, size and product_detail
may be repeated; of several product_type the first counts. An item that is not well-formed is listed with the line on which it
begins, and the others come in. A feed with a DOCTYPE is refused.

A table: separated by commas, semicolons, tabs or pipes, with or without a first line sep=; in UTF-8, UTF-16 or, with a
warning, Windows-1252. Upper and lower case of the header do not matter. Columns that are not used are named.

The SKU is the column id. A product's category is the path category > subcategory > article_type (in
styles.csv masterCategory > subCategory > articleType), a level that repeats the one above it left out.
Its pictures are those of the column images, else ID.jpg (or .jpeg, .png, .webp, .gif, .avif, .heic), anywhere
in the folder or ZIP archive; where the column names folders, they must be the picture's. Upper and lower case do not
matter. Without --images, stored pictures stay and new products have none.
A price of 0 means unknown. Sizes may be written "S, M, L" and "S/M/L", too; S/M is one size. A size without a stock
keeps its own, and a new one gets a plausible stock. Where the source has no sizes, plausible sizes and stock are derived
from type and SKU, always the same ones, and only for a product that has none. Where it has no date, the product is dated
inside its season and year.

Run it again, after an interruption or with a newer file: products are found by SKU, changed ones are
updated, nothing is doubled, nothing is deleted. A column that the file lacks leaves alone what a product has: a file
of id and price changes prices. An empty cell (or NA, N/A, NaN, None, Null, a dash) empties what a product
has (except currency, created, sizes and images, which stay), unless --keep-empty is given. Rows that cannot be imported are listed by line and reason
in the report file; then the exit status is 1. --dry-run prints what would change, and changes nothing.

Each run that changes something writes an undo record beside the report file and prints where. --undo RECORD takes the run
back within a day: products get their earlier values, new ones are deleted, and so are brands and categories that it made and
that are empty. Products that changed since are named and left as they are. Files of pictures stay in the storage.
"""


class Command(BaseCommand):
    """Parses options, runs the import, prints what became of the rows."""

    help = HELP

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        """Keep the line breaks of the help."""
        return super().create_parser(*args, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("products", type=Path, nargs="?", metavar="PRODUCTS.csv|xml[.gz]")
        parser.add_argument("--images", type=Path, metavar="FOLDER|ZIP", help="Where the pictures are.")
        parser.add_argument("--profile", choices=sorted(PROFILES), default="catalogue")
        parser.add_argument(
            "--decimal",
            choices=["point", "comma"],
            help="How prices are written: 1,299.00 (point) or 1.299,00 (comma). Without it, only 1299.00 is taken.",
        )
        parser.add_argument(
            "--keep-empty", action="store_true", help="An empty cell leaves alone what a product has."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Print what would change, and change nothing."
        )
        parser.add_argument(
            "--undo",
            type=Path,
            metavar="RECORD",
            help="Take back the import that wrote this record, within a day.",
        )
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
            help="Where bad rows are listed (default: import_report.csv); written only if there are any. In its folder lie the"
            " undo records.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import, or take one back.

        Raises:
            CommandError: nothing could be read, some rows were bad, or some products could not be taken back (exit status 1).
        """
        if options["undo"]:
            self._undo(options)
            return
        if not options["products"]:
            raise CommandError("Name a product file, or a record with --undo.")
        report: Path = options["report"]
        chosen = ImportOptions(
            products=options["products"],
            images=options["images"],
            profile=options["profile"],
            decimal=options["decimal"],
            keep_empty=options["keep_empty"],
            only_large=options["only_large"],
            with_picture_only=options["with_picture_only"],
            limit=options["limit"],
            dry_run=options["dry_run"],
            undo=report.with_name(f"import_undo_{timezone.now():%Y%m%d_%H%M%S_%f}.jsonl"),
        )
        if report.resolve() == chosen.products.resolve():
            raise CommandError("--report would overwrite the product file.")
        if report.is_dir():
            raise CommandError(f"--report {report} is a folder; name a file in it.")
        try:
            with self._record_named(chosen):
                result = self._import(chosen, quiet=options["verbosity"] == 0)
        except (ProductFileError, PictureSourceError, UndoError) as error:
            raise CommandError(str(error)) from error
        except StorageAway as error:
            raise CommandError(
                f"The storage of the pictures does not answer: {error}. Import again; what is stored already is passed over."
            ) from error
        if options["verbosity"] > 0:
            self.stdout.write(summary(result, chosen))
        # An older list must not outlive the rows it names.
        if not chosen.dry_run and (result.bad or report.exists()):
            write_report(report, result.bad)
        if result.bad:
            first = result.bad[0]
            listed = "" if chosen.dry_run else f" are listed in {report}"
            raise CommandError(
                f"{len(result.bad)} bad rows{listed}; the first is line {first.line}: {first.reason}",
                returncode=1,
            )

    @contextmanager
    def _record_named(self, options: ImportOptions) -> Iterator[None]:
        """Say where the undo record of an import lies that ends before its time."""
        try:
            yield
        except BaseException:
            if options.undo and options.undo.exists():
                self.stderr.write(f"Undo record of what was imported until then: {options.undo}")
            raise

    def _undo(self, options: Mapping[str, Any]) -> None:
        if options["products"]:
            raise CommandError("Name a product file or --undo, not both.")
        try:
            result = undo_import(options["undo"], keep=not options["dry_run"])
        except UndoError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] > 0:
            self.stdout.write(undo_summary(result, dry_run=options["dry_run"]))
        if left := len(result.refused):
            many = (
                "1 product was changed since the import and was"
                if left == 1
                else f"{left} products were changed since the import and were"
            )
            raise CommandError(f"{many} not taken back.", returncode=1)

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


def _positive(value: str) -> int:
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
