"""`make peers`: this search and others on the same drawn products and queries; prints Markdown tables.

Each engine runs in a process of its own, and one that cannot be measured is a line that says why.
"""

import argparse
import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import psutil

from .catalogue import LISTED
from .charts import write_charts
from .report import markdown
from .run import SECONDS, Outcome, on_drawn_products

SIZES = (1_000, 10_000)


def main() -> int:
    """Measure and print; return 1 where an engine could not be measured."""
    parser = argparse.ArgumentParser(prog="make peers", description=__doc__)
    parser.add_argument(
        "--products",
        type=int,
        action="append",
        metavar="N",
        help=f"sizes; {' and '.join(map(str, SIZES))} by default",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=sorted(LISTED),
        metavar="ENGINE",
        help=f"of {', '.join(LISTED)}; all by default",
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help="that one engine may take at one size"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="also write figures.json, figures.md and the charts there"
    )
    options = parser.parse_args()
    names = options.only or list(LISTED)
    sizes = {size: measure_apart(size, names, options.seconds) for size in sorted(options.products or SIZES)}
    figures = {"machine": machine(), "sizes": {str(size): found for size, found in sizes.items()}}
    text = markdown(figures)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
        (options.out / "figures.md").write_text(text)
        write_charts(figures, options.out)
    print(text)
    return int(any("failed" in found for by_name in sizes.values() for found in by_name.values()))


def measure_apart(size: int, names: list[str], seconds: float) -> dict[str, Outcome]:
    """Measure in a process of its own, since Django keeps to the first database that it is set up with."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(on_drawn_products, size, names, seconds).result()


def machine() -> dict[str, str]:
    """Say in words what this was measured on."""
    names = [
        line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return {
        "date": date.today().isoformat(),
        "processor": f"{os.cpu_count()} cores, {(names or [platform.processor() or platform.machine()])[0]}",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "load": f"{load:.1f} at the end",
    }


def _lines(file: str) -> list[str]:
    path = Path(file)
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    sys.exit(main())
