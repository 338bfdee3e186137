"""`make bench`: measure on the real catalogue that FASHION_DATA names, print a table, and fail below a target."""

import argparse
import csv
import dataclasses
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.processes import ROOT
from lab.servers import Servers
from shop.local.machine import LocalError

from . import filters, relevance
from .large_shop import PRODUCTS
from .speed import measure_in_django, measure_indexing, measure_stages, measure_web, report_stages

QUERIES = 1000
KERAS_PICTURES = 100


def main() -> int:
    """Measure, print, and return 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    parser.add_argument("--limit", type=int, metavar="N", help="only N products, for a quick look")
    parser.add_argument(
        "--without-keras", action="store_true", help="leave out the comparison with keras.predict"
    )
    parser.add_argument(
        "--without-large", action="store_true", help=f"leave out the shop of {PRODUCTS} drawn products"
    )
    options = parser.parse_args()
    data = Path(os.environ.get("FASHION_DATA", "")) / "fashion"
    if not (data / "products.csv.gz").exists():
        print(
            "make bench needs the real catalogue: set FASHION_DATA to the folder that holds fashion/",
            file=sys.stderr,
        )
        return 1
    try:
        figures = measure(data, options)
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return report(figures)


def measure(data: Path, options: argparse.Namespace) -> dict:
    """Return all figures, by name."""
    queries = read_queries(data / "products.csv.gz")
    with Servers() as servers:
        say("Importing the catalogue")
        import_seconds = servers.import_catalogue(data, limit=options.limit)
        say("Indexing it through Celery")
        pictures = count_pictures()
        indexing = measure_indexing(servers, pictures)
        say("Searching inside Django")
        django = measure_in_django(queries)
        stages = measure_stages([query.text for query in read_judged(data / "shopper_queries.jsonl")])
        say("Asking judged queries of this and other engines")
        judged = relevance.measure(data / "shopper_queries.jsonl")
        say("Searching over HTTP")
        web = measure_web(servers, queries)
        artifact = artifact_folder()
    keras = None
    if not options.without_keras:
        say(f"keras.predict on {KERAS_PICTURES} pictures, one at a time")
        keras = measure_keras(artifact, data / "images_large.zip")
    large = None
    if not options.without_large:
        say(f"Filling a shop of {PRODUCTS} drawn products and searching it")
        large = measure_large()
    return {
        "import_seconds": import_seconds,
        "indexing": dataclasses.asdict(indexing),
        "keras_predict_pictures_per_second": keras,
        "ratio": keras and indexing.pictures_per_second / keras,
        "search_in_django": dataclasses.asdict(django),
        "stages": stages,
        "relevance": judged,
        "web": dataclasses.asdict(web),
        "large": large,
    }


def report(figures: dict) -> int:
    """Print the figures beside their targets and return 1 if one is missed."""
    indexing, django, web = figures["indexing"], figures["search_in_django"], figures["web"]
    rows = [
        (
            "products imported in",
            f"{figures['import_seconds']:.0f} s",
            "under 180 s",
            figures["import_seconds"] < 180,
        ),
        ("pictures indexed, through Celery", f"{indexing['pictures_per_second']:.1f} per second", "", True),
        (
            "index verified, ANN recall@24",
            f"{indexing['ann_recall_at_24']:.4f}",
            "at least 0.98",
            indexing["ann_recall_at_24"] >= 0.98,
        ),
        ("text search in Django, p50", f"{django['p50_ms']:.1f} ms", "", True),
        ("text search in Django, p99", f"{django['p99_ms']:.1f} ms", "", True),
        ("text search over HTTP, p50", f"{web['http']['p50_ms']:.1f} ms", "", True),
        ("text search over HTTP, p99", f"{web['http']['p99_ms']:.1f} ms", "", True),
        ("web process starts in", f"{web['start_seconds']:.2f} s", "under 3 s", web["start_seconds"] < 3),
        (
            "web process after 1,000 searches",
            f"{web['megabytes_after_1000_searches']:.0f} MB",
            "under 250 MB",
            web["megabytes_after_1000_searches"] < 250,
        ),
        (
            "web process without TensorFlow",
            "no" if web["imports_tensorflow"] else "yes",
            "yes",
            not web["imports_tensorflow"],
        ),
    ]
    if figures["ratio"]:
        keras, ratio = figures["keras_predict_pictures_per_second"], figures["ratio"]
        rows.insert(2, ("keras.predict, one at a time", f"{keras:.1f} per second", "", True))
        rows.insert(3, ("ratio of the two", f"{ratio:.1f}", "at least 6", ratio >= 6))
    rows += relevance.rows(figures["relevance"])
    for name, value, target, met in rows:
        print(f"{name:34} {value:>18}   {target}{'' if met else '   MISSED'}")
    relevance.report(figures["relevance"])
    report_stages("shoppers' queries", figures["stages"])
    missed = not all(met for *_, met in rows)
    if large := figures["large"]:
        report_stages(f"{PRODUCTS} drawn products", large["stages"])
        missed |= bool(filters.report([filters.Line(**line) for line in large["filters"]]))
    return int(missed)


def read_judged(file: Path) -> list:
    """Return the judged queries of the file."""
    from search.evaluation.judged_queries import read_queries as read

    return read(file)


def read_queries(products: Path) -> list[str]:
    """Return distinct product names of the validation split, in the file's order."""
    with gzip.open(products, "rt", newline="") as file:
        names = dict.fromkeys(row["name"] for row in csv.DictReader(file) if row["split"] == "val")
    return list(names)[:QUERIES]


def count_pictures() -> int:
    """Return how many pictures the shop holds."""
    import django

    django.setup()
    from shop.models import ProductImage

    return ProductImage.objects.filter(product__published=True).count()


def artifact_folder() -> Path:
    """Return the artifact that was measured."""
    from search.conf import get_settings

    return get_settings().artifact


def measure_keras(artifact: Path, archive: Path) -> float:
    """Return pictures per second of `keras.predict`, measured in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "lab.bench.keras_baseline",
        str(artifact),
        str(archive),
        str(KERAS_PICTURES),
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise LocalError(f"keras.predict could not be measured:\n{result.stderr[-2000:]}")
    return float(result.stdout.split()[-1])


def measure_large() -> dict:
    """Return the figures of `lab.bench.filters`, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "lab.bench.filters", "--json", str(file)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not file.exists():  # 1 is also the exit status where a limit is missed
            raise LocalError(f"The large shop could not be measured:\n{result.stderr[-2000:]}")
        figures: dict = json.loads(file.read_text())
    return figures


def say(text: str) -> None:
    """Print what is being done, apart from the figures."""
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
