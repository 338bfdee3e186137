"""`python -m training report`: runs and artifacts side by side in one HTML page."""

import argparse
import sys
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser("report", help="compare runs and artifacts in one HTML page")
    parser.add_argument("folders", type=Path, nargs="+", help="run folders and artifact folders")
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder; its val products judge")
    parser.add_argument("--out", type=Path, required=True, help="the HTML file")
    parser.add_argument(
        "--cache", type=Path, default=Path(".local/training"), help="folder for decoded pictures"
    )
    parser.add_argument("--sample", type=_at_least(2), default=300, help="products in the t-SNE plane")
    parser.add_argument(
        "--cases", type=_at_least(1), default=3, help="queries of each level: good, middle, bad"
    )
    parser.add_argument("--seed", type=int, default=1, help="of every lot that is drawn")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page, and say how large it is."""
    from ..report.building import write_report

    write_report(
        options.folders,
        options.data,
        options.out,
        cache=options.cache,
        sample=options.sample,
        cases=options.cases,
        seed=options.seed,
    )
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return 0


def _at_least(least: int) -> "type[int]":
    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is below {least}")
        return number

    return whole  # type: ignore[return-value]
