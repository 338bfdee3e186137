"""Command line: `python -m sample_catalogue --count 600 --out DIR`, `python -m sample_catalogue sheet --out sheet.png`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from .writer import contact_sheet, write_catalogue


def main(arguments: list[str] | None = None) -> int:
    """Draw a catalogue or a contact sheet and return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(
        prog="python -m sample_catalogue", description="Draw a sample catalogue of fashion products."
    )
    parser.add_argument("what", nargs="?", choices=("catalogue", "sheet"), default="catalogue")
    parser.add_argument(
        "--count", type=_positive, default=None, help="products (600), or pictures on the sheet (48)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the catalogue, or file of the sheet"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=_positive, default=None, help="default: one per core")
    parser.add_argument("--first", type=int, default=0, help="sheet: number of the first product")
    parser.add_argument("--columns", type=_positive, default=8, help="sheet: products in a row")
    parser.add_argument("--width", type=_positive, default=180, help="sheet: width of one picture")
    options = parser.parse_args(given)
    if options.what == "sheet":
        numbers = range(options.first, options.first + (options.count or 48))
        contact_sheet(numbers, options.seed, options.columns, options.width).save(options.out)
        return 0
    count = options.count or 600
    began = time.monotonic()
    show = _bar(count) if sys.stderr.isatty() else _quiet
    if not write_catalogue(options.out, count, options.seed, options.processes, show):
        print(f"{options.out} already holds these {count} products")
        return 0
    print(f"{count} products drawn in {time.monotonic() - began:.1f} s: {options.out}")
    return 0


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _quiet(done: int) -> None:
    pass


def _bar(count: int):
    def show(done: int) -> None:
        filled = 30 * done // count
        print(
            f"\rDrawing products [{'#' * filled}{'.' * (30 - filled)}] {done}/{count}",
            end="\n" if done == count else "",
            file=sys.stderr,
            flush=True,
        )

    return show


if __name__ == "__main__":
    sys.exit(main())
