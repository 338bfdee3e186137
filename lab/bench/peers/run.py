"""Starts each engine in a process of its own, with the packages and the server that it needs, and judges what it answers."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distributions
from pathlib import Path
from typing import Any

from lab.processes import ROOT
from lab.servers import Servers
from search.evaluation.judged_queries import JudgedQuery
from shop.local.servers import EmbeddedPostgres

from .catalogue import LISTED, Listed
from .protocol import PeerProduct, write_products

APART = ROOT / ".venv-peers"
SECONDS = 1800  # that an engine may take
LOG_LINES = 4  # of a failed engine, that are told

Outcome = dict[str, Any]  # "failed": a sentence; or the figures


def on_drawn_products(size: int, names: Sequence[str], seconds: float) -> dict[str, Outcome]:
    """Fill a shop with so many drawn products, run every engine, and judge; once per process."""
    print(f"... {size} products", file=sys.stderr, flush=True)
    with Servers():
        from lab.bench.large_shop import fill_shop

        from .queries import drawn_queries

        fill_shop(size)
        return judged_engines(names, drawn_queries(), seconds=seconds)


def judged_engines(
    names: Iterable[str], queries: Sequence[JudgedQuery], *, seconds: float = SECONDS
) -> dict[str, Outcome]:
    """Measure engines on the products of the shop in the database and judge what they answer; Django must be set up.

    Raises:
        UnknownFieldError: the rule of a query names a field that no product has.
    """
    from search.evaluation.right_answers import relevant_skus

    from .judge import judge
    from .products import shop_products
    from .queries import WARM_UP

    right = relevant_skus(queries)
    found = run_all(names, list(shop_products()), WARM_UP, [query.text for query in queries], seconds=seconds)
    for outcome in found.values():
        if "failed" not in outcome:
            answers, took = outcome.pop("answers"), outcome.pop("milliseconds")
            outcome["relevance"] = judge(queries, right, answers, took)
    return found


def run_all(
    names: Iterable[str],
    products: Sequence[PeerProduct],
    warm: Sequence[str],
    texts: Sequence[str],
    *,
    seconds: float = SECONDS,
) -> dict[str, Outcome]:
    """Measure engines one after the other; return what each gave, or why it gave nothing.

    Args:
        names: of LISTED.
        products: that each indexes.
        warm: texts that are asked first and not counted.
        texts: that are asked once each.
        seconds: that an engine may take before it is ended.
    """
    with tempfile.TemporaryDirectory(prefix="fashion-peers-") as temporary:
        folder = Path(temporary)
        write_products(products, folder / "products.jsonl")
        (folder / "texts.json").write_text(json.dumps({"warm": list(warm), "judged": list(texts)}))
        found = {}
        for name in names:
            print(f"... {LISTED[name].title}", file=sys.stderr, flush=True)
            found[name] = run(name, folder, seconds)
        return found


def run(name: str, folder: Path, seconds: float) -> Outcome:
    """Measure one engine."""
    listed = LISTED[name]
    python = APART / "bin" / "python" if listed.apart else Path(sys.executable)
    if not python.exists():
        return {"failed": f"{APART.name} is missing: `make peers` makes it"}
    with server(listed, folder / f"{name}-server") as given:
        environment = {**os.environ, **given, "PYTHONWARNINGS": "ignore"}
        if listed.settings:
            environment["DJANGO_SETTINGS_MODULE"] = listed.settings
        command = [str(python), "-m", "lab.bench.peers.child", name, str(folder)]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done within {seconds:.0f} s"}
        finally:
            shutil.rmtree(folder / name, ignore_errors=True)
    if done.returncode:
        return {
            "failed": " ".join(done.stderr.strip().splitlines()[-LOG_LINES:])[-300:]
            or f"status {done.returncode}"
        }
    measured: Outcome = json.loads(done.stdout.splitlines()[-1])
    return measured | {"versions": versions(listed)}


@contextmanager
def server(listed: Listed, folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a Postgres server for an engine that asks for one; yield the variables that lead to it."""
    if not listed.postgres:
        yield {}
        return
    postgres = EmbeddedPostgres(folder, log=folder.parent / f"{folder.name}.log")
    postgres.start()
    try:
        yield {"DATABASE_URL": postgres.url()}
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def versions(listed: Listed) -> dict[str, str]:
    """Return the installed version of each of an engine's packages."""
    paths = [str(path) for path in APART.glob("lib/python*/site-packages")] if listed.apart else sys.path
    there = {item.metadata["Name"].lower(): item.version for item in distributions(path=paths)}
    missing = [name for name in listed.packages if name.lower() not in there]
    if missing:
        raise PackageNotFoundError(", ".join(missing))
    return {name: there[name.lower()] for name in listed.packages}
