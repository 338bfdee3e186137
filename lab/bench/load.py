"""Ten minutes of many shoppers, while five products a second change: requests per second, times, errors, memory, lag of the index.

Then more and more shoppers, to find what the shop can sustain, and twice as many requests as that, at random moments.

Run as `python -m lab.bench.load [--users N] [--seconds N] [--overload N] [--json FILE]` or `make load`. FASHION_DATA names the real
catalogue and its shoppers' photos; without it a catalogue is drawn. Exits with 1 where a limit is missed.
"""

import argparse
import csv
import dataclasses
import gzip
import json
import os
import random
import sys
import time
import zipfile
from pathlib import Path

from lab.servers import Servers
from lab.traffic import ask

from .shoppers import Figures, shop_for

DRAWN = 2000  # products, where there is no real catalogue
WEB_PROCESSES = 2
PHOTOS = 40
QUERIES = 2000
SUSTAINED_P95_MS = 500.0  # what the shop sustains is answered within this, and nobody is turned away
STEP_SECONDS = 30  # of each number of shoppers while that is looked for
LAG_SECONDS = 30.0  # that a changed product may take into the index
SLOPE_MB_PER_MINUTE = 2.0  # of all web and worker processes together, after the first third
FLAT_SECONDS = 300  # a shorter load says nothing about memory
RECOVERY_SECONDS = 5.0


def main() -> int:
    """Load a shop, print, and return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--users", type=int, default=12, metavar="N", help="shoppers at once; default 12")
    parser.add_argument("--seconds", type=int, default=600, metavar="N", help="of the load; default 600")
    parser.add_argument(
        "--overload", type=int, default=60, metavar="N", help="seconds of the overload; default 60"
    )
    parser.add_argument("--products", type=int, metavar="N", help="only so many products")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    options = parser.parse_args()
    data = Path(os.environ["FASHION_DATA"]) if "FASHION_DATA" in os.environ else None
    with Servers() as servers:
        _fill(servers, data, options.products)
        os.environ["LOAD_MATERIAL"] = str(_material(servers.folder, data))
        _, port = servers.processes.web(WEB_PROCESSES)
        _recovery(port)  # encoders are loaded at the first searches
        _say(f"{options.users} shoppers for {options.seconds} s")
        usual = shop_for(servers, port, users=options.users, seconds=options.seconds)
        _report(usual)
        sustained = _find_sustained(servers, port, usual)
        rate = 2 * sustained.answered_per_second
        _say(f"{rate:.1f} requests/s at random moments for {options.overload} s, twice what is sustained")
        over = shop_for(servers, port, users=0, seconds=options.overload, rate=rate)
        recovery = _recovery(port)
        _report(over)
        _say(f"answers within half a second again {recovery:.1f} s after the overload")
    if options.json:
        phases = {"usual": usual, "sustained": sustained, "overload": over}
        figures = {name: dataclasses.asdict(phase) for name, phase in phases.items()}
        options.json.write_text(json.dumps(figures | {"recovery_seconds": recovery}, indent=1) + "\n")
    return _verdict(usual, over, recovery)


def _find_sustained(servers: Servers, port: int, usual: Figures) -> Figures:
    """Let more and more shoppers in until answers take too long; return the last figures before that."""
    sustained, users = usual, usual.users
    while True:
        users = round(users * 1.25) + 1
        _say(f"{users} shoppers for {STEP_SECONDS} s")
        more = shop_for(servers, port, users=users, seconds=STEP_SECONDS)
        _report(more)
        if more.errors or more.turned_away or more.total.p95 > SUSTAINED_P95_MS:
            return sustained
        sustained = more


def _fill(servers: Servers, data: Path | None, limit: int | None) -> None:
    _say("Importing the catalogue")
    if data:
        servers.import_catalogue(data / "fashion", limit=limit)
    else:
        servers.draw(limit or DRAWN)
    _say("Indexing it")
    servers.index()
    import django

    django.setup()


def _material(folder: Path, data: Path | None) -> Path:
    """Write down which queries, products and photos shoppers use."""
    from shop.models import Product, ProductImage

    skus = list(Product.objects.published().order_by("sku").values_list("sku", flat=True)[:QUERIES])
    photos = folder / "photos"
    photos.mkdir()
    if data is None:
        names = ProductImage.objects.order_by("pk").values_list("image", flat=True)[:PHOTOS]
        files = [str(folder / "media" / name) for name in names]
        queries = [
            f"{colour} {what}" for colour, what in Product.objects.values_list("colour", "category__name")
        ]
    else:
        with zipfile.ZipFile(data / "shopper_photos" / "photos.zip") as archive:
            wanted = [name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg"))]
            files = [archive.extract(name, photos) for name in sorted(wanted)[:PHOTOS]]
        with gzip.open(data / "fashion" / "products.csv.gz", "rt") as rows:
            queries = [f"{row['colour']} {row['article_type']}" for row in csv.DictReader(rows)]
        with (data / "fashion" / "shopper_queries.jsonl").open() as lines:
            queries += [json.loads(line)["query"] for line in lines] * 5
    random.Random(7).shuffle(queries)
    path = folder / "material.json"
    path.write_text(json.dumps({"skus": skus, "queries": queries[:QUERIES], "photos": files}))
    return path


def _recovery(port: int) -> float:
    """Return the seconds until twelve searches, one after the other, are answered within half a second each."""
    began, quick = time.monotonic(), 0
    while quick < 12 and time.monotonic() - began < 60:
        asked = time.monotonic()
        try:
            fine = ask(port, "/api/v1/search/?q=shirt").status == 200
        except OSError:
            fine = False
        quick = quick + 1 if fine and time.monotonic() - asked < 0.5 else 0
    return time.monotonic() - began


def _report(figures: Figures) -> None:
    print(
        f"  {figures.offered_per_second:.1f} requests/s, {figures.errors} errors,"
        f" {figures.turned_away} of {figures.total.requests} turned away;"
        f" {figures.changes} products changed, the slowest waited {figures.lag_seconds:.1f} s;"
        f" {figures.memory_mb:.0f} MB, {figures.slopes['all']:+.2f} MB/min"
    )
    for kind, times in [*figures.by_kind.items(), ("all", figures.total)]:
        print(
            f"  {kind:20} {times.requests:7}  p50 {times.p50:6.0f}  p95 {times.p95:6.0f}  p99 {times.p99:6.0f} ms"
        )


def _verdict(usual: Figures, over: Figures, recovery: float) -> int:
    missed = []
    if usual.errors or usual.turned_away:
        missed.append(f"{usual.errors} errors and {usual.turned_away} turned away under usual load")
    if usual.lag_seconds > LAG_SECONDS:
        missed.append(f"a change waited {usual.lag_seconds:.0f} s for the index, not {LAG_SECONDS:.0f}")
    if usual.seconds < FLAT_SECONDS:
        print(f"A load of less than {FLAT_SECONDS} s says nothing about memory.")
    elif usual.slopes["all"] > SLOPE_MB_PER_MINUTE:
        missed.append(f"memory grew by {usual.slopes['all']:.1f} MB a minute: {usual.slopes}")
    if over.errors:
        missed.append(f"{over.errors} errors under overload")
    if not over.turned_away:
        missed.append("nobody was turned away under overload")
    if recovery > RECOVERY_SECONDS:
        missed.append(f"{recovery:.1f} s to recover, not {RECOVERY_SECONDS:.0f}")
    for line in missed:
        print(f"MISSED: {line}")
    return int(bool(missed))


def _say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
