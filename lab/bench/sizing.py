"""Disk, memory and time that an index takes, at some numbers of drawn products: what docs/production.md's table is made of.

Run as `python -m lab.bench.sizing [PRODUCTS ...] [--json FILE]`. Each number gets a Postgres and a process of its own.
"""

import argparse
import dataclasses
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from lab.processes import ROOT
from lab.servers import Servers

from .large_shop import fill

SIZES = (10_000, 100_000)
PROBE_MEMORY = 8  # MB of maintenance_work_mem, which an index over PROBE_ROWS embeddings does not fit into
PROBE_ROWS = 10_000
FULL = re.compile(r"no longer fits into maintenance_work_mem after (\d+) tuples")


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """What one number of products, each with one picture, takes."""

    products: int
    tables_mb: float  # entries and their embeddings, without indexes
    keyword_indexes_mb: float  # every index of these tables but the two HNSW indexes
    hnsw_mb: float  # both HNSW indexes on disk; as much memory keeps them there
    hnsw_seconds: float  # of one processor core, to build both, one after the other, in memory
    hnsw_wall_seconds: float  # as the clock saw it, whatever else ran
    graph_bytes: float  # maintenance_work_mem per embedding while one HNSW index is built
    database_mb: float  # the whole database, the shop's own tables among them


def main() -> None:
    """Measure every size that is asked for and print a table."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.sizing", description=__doc__)
    parser.add_argument("products", type=int, nargs="*", default=SIZES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this process
    options = parser.parse_args()
    if options.here:
        with Servers():
            options.json.write_text(json.dumps(dataclasses.asdict(measure(options.products[0]))))
        return
    sizes = [_measure_apart(number) for number in options.products]
    if options.json:
        options.json.write_text(json.dumps([dataclasses.asdict(size) for size in sizes], indent=2) + "\n")
    report(sizes)


def measure(products: int) -> Size:
    """Fill a shop and measure it."""
    version = fill(products, encoded=True)
    from django.db import connection

    from search.indexing.hnsw import build_indexes, drop_indexes, hnsw_indexes

    graph_bytes = _graph_bytes(version.dimension)
    drop_indexes(version.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '2GB'")
    backend = psutil.Process(connection.connection.info.backend_pid)
    began, computed = time.monotonic(), sum(backend.cpu_times()[:2])
    build_indexes(version)
    wall, computed = time.monotonic() - began, sum(backend.cpu_times()[:2]) - computed
    hnsw = [index.name for index in hnsw_indexes(version)]
    tables = sorted({index.table for index in hnsw_indexes(version)})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT sum(pg_table_size(name::regclass)) FROM unnest(%(tables)s::text[]) AS name),
                   (SELECT sum(pg_indexes_size(name::regclass)) FROM unnest(%(tables)s::text[]) AS name),
                   (SELECT sum(pg_relation_size(name::regclass)) FROM unnest(%(hnsw)s::text[]) AS name),
                   pg_database_size(current_database())
            """,
            {"tables": tables, "hnsw": hnsw},
        )
        table, indexes, graph, database = (float(size) / 1e6 for size in cursor.fetchone())
    return Size(products, table, indexes - graph, graph, computed, wall, graph_bytes, database)


def _graph_bytes(dimension: int) -> float:
    """Return the memory per embedding of an HNSW graph, from how many fit into a memory that is too small."""
    from django.db import connection

    from search.conf import get_settings

    settings = get_settings()
    said: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE probe AS SELECT embedding FROM fashion_search_entryimage LIMIT %s",
            [PROBE_ROWS],
        )
        cursor.execute(f"SET maintenance_work_mem = '{PROBE_MEMORY}MB'")
        connection.connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        cursor.execute(
            f"CREATE INDEX ON probe USING hnsw ((embedding::halfvec({dimension})) halfvec_ip_ops)"
            f" WITH (m = {settings.hnsw_m}, ef_construction = {settings.hnsw_ef_construction})"
        )
        cursor.execute("DROP TABLE probe")
    (fitting,) = [int(found[1]) for line in said if (found := FULL.search(line))]
    return PROBE_MEMORY * 2**20 / fitting


def report(sizes: list[Size]) -> None:
    """Print a table, one row for each size."""
    print(
        f"{'products':>10} {'tables':>9} {'keyword':>9} {'HNSW':>9} {'built in':>9} {'work_mem':>9} {'database':>9}"
    )
    for size in sizes:
        graph = size.graph_bytes * size.products / 1e6
        print(
            f"{size.products:>10} {size.tables_mb:6.0f} MB {size.keyword_indexes_mb:6.0f} MB {size.hnsw_mb:6.0f} MB"
            f" {size.hnsw_seconds:7.1f} s {graph:6.0f} MB {size.database_mb:6.0f} MB"
        )


def _measure_apart(products: int) -> Size:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "size.json"
        command = [sys.executable, "-m", "lab.bench.sizing", str(products), "--here", "--json", str(file)]
        subprocess.run(command, cwd=ROOT, check=True)
        return Size(**json.loads(file.read_text()))


if __name__ == "__main__":
    main()
