"""`make evaluate`: ask the judged queries of the real catalogue that FASHION_DATA names, and print one figure for each kind.

With DATABASE_URL, or while `make demo CATALOGUE=FASHION_DATA/fashion` runs, that shop is asked; else one is started, filled and indexed, which takes minutes.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab.processes import manage
from lab.servers import Servers
from shop.local.machine import LocalError, use_running_demo

EVERY = "all"
# File of judged queries -> the figure that it is judged by, as it is printed and as `evaluate_search` calls it.
JUDGED_BY = {"field_queries.jsonl": ("reach@10", "reachable"), "shopper_queries.jsonl": ("P@10", "precision")}
OWN = Path(__file__).with_name("queries.jsonl")  # sixty more, by rules, written before they were tried
OF_OTHERS = ("reach@10", "reachable")

Figures = dict[str, dict[str, float]]  # kind -> figure


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one file of judged queries came to."""

    file: Path
    figures: Figures
    asked: int  # queries that the file has

    def lines(self) -> list[str]:
        """The file with its figure over all queries, and one line per kind."""
        title, name = JUDGED_BY.get(self.file.name, OF_OTHERS)
        every = self.figures[EVERY]
        lines = [f"{self.file.name}: {title} {every[name]:.3f} over {every['queries']:.0f} queries"]
        lines += [
            f"  {kind:24} {of['queries']:4.0f}  {of[name]:.3f}"
            for kind, of in self.figures.items()
            if kind != EVERY
        ]
        if left := self.asked - int(every["queries"]):
            lines.append(f"  {left} were left out: this shop's catalogue has no right answer to them.")
        return lines


def main(arguments: list[str] | None = None) -> int:
    """Ask, print, and return 1 where the queries cannot be asked."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures into FILE")
    parser.add_argument(
        "--queries",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="one more file of judged queries",
    )
    options = parser.parse_args(arguments)
    data = Path(os.environ.get("FASHION_DATA", "")) / "fashion"
    files = [*(data / name for name in JUDGED_BY), OWN, *options.queries]
    if missing := [str(file) for file in files if not file.is_file()]:
        print(
            f"make evaluate needs {', '.join(missing)}: FASHION_DATA names the folder that holds fashion/",
            file=sys.stderr,
        )
        return 1
    use_running_demo()
    try:
        if "DATABASE_URL" in os.environ:
            evaluated = [evaluate(file) for file in files]
        else:
            with Servers() as servers:
                say("Importing the catalogue")
                servers.import_catalogue(data)
                say("Indexing it through Celery")
                servers.index()
                evaluated = [evaluate(file) for file in files]
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    for one in evaluated:
        print("\n".join(one.lines()))
    if options.json:
        content = {one.file.name: one.figures for one in evaluated}
        options.json.write_text(json.dumps(content, indent=2) + "\n")
    return 0


def evaluate(queries: Path) -> Evaluated:
    """Ask a file of judged queries in the shop that DATABASE_URL names.

    Raises:
        LocalError: they cannot be asked.
    """
    say(f"Asking {queries.name}")
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        done = manage("evaluate_search", str(queries), "--no-store", "--json", str(figures))
        if done.returncode:
            raise LocalError(f"{queries} could not be asked:\n{done.stderr[-2000:]}")
        asked = sum(bool(line.strip()) for line in queries.read_text().splitlines())
        return Evaluated(queries, json.loads(figures.read_text()), asked)


def say(text: str) -> None:
    """Print what is being done, apart from the figures."""
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
