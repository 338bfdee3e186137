"""Candidates by binary codes and ranked again by their embeddings, against the HNSW index over halfvec: `python -m lab.bench.quantised`.

It fills a shop (see `large_shop`), builds an HNSW index over one bit for each dimension beside that of the version, and compares size,
time to build, recall and latency; docs/decisions.md says what came of it.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from lab.servers import Servers

from .large_shop import PRODUCTS, fill

QUERIES = 200
NEAREST = 24
CANDIDATES = 200  # as the setting
CODES = (200, 400, 800)  # codes that are looked at, for each of which an embedding is compared
INDEX = "lab_image_codes_hnsw"


def main() -> None:
    """Fill a shop, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.quantised", description=__doc__)
    parser.add_argument("products", type=int, nargs="?", default=PRODUCTS)
    options = parser.parse_args()
    with Servers():
        measure(fill(options.products, encoded=True))


def measure(version: Any) -> None:
    """Print how both indexes of a version's pictures compare; the version's own is there."""
    from django.db import connection, transaction

    from search.indexing.connections import maintenance_cursor

    embedding, code = f"embedding::halfvec({version.dimension})", f"bit({version.dimension})"
    with maintenance_cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
        began = time.monotonic()
        cursor.execute(
            f"CREATE INDEX {INDEX} ON fashion_search_entryimage USING hnsw"
            f" ((binary_quantize({embedding})::{code}) bit_hamming_ops) WITH (m = 16, ef_construction = 128)"
            f" WHERE version_id = {version.pk}"
        )
        print(f"codes built in {time.monotonic() - began:.0f} s")
    with connection.cursor() as cursor:
        for name in (version.image_index, INDEX):
            cursor.execute("SELECT pg_relation_size(%s::regclass) / 1e6", [name])
            print(f"{name}: {cursor.fetchone()[0]:.0f} MB")
        cursor.execute(
            "SELECT text_embedding::text FROM fashion_search_indexentry WHERE version_id = %s AND text_embedding IS NOT NULL"
            " AND id %% 97 = 5 LIMIT %s",
            [version.pk, QUERIES],
        )
        queries = [text for (text,) in cursor.fetchall()]
    ways = {"exactly": _exactly(version), f"halfvec, ef_search {CANDIDATES}": _by_halfvec(version)}
    ways |= {f"{number} codes, ranked again": _by_codes(version, number) for number in CODES}
    right: list[set[int]] = []
    print(f"{'':32}{'recall@' + str(NEAREST):>10}{'p50':>12}{'p95':>12}")
    for name, (statement, ef_search) in ways.items():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL hnsw.ef_search = {ef_search}")
            cursor.execute("SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0")
            found, times = _ask(cursor, statement, queries)
        right = right or found
        recall = np.mean([len(one & other) / NEAREST for one, other in zip(found, right, strict=True)])
        p50, p95 = np.percentile(times, (50, 95))
        print(f"{name:32}{recall:10.4f}{p50:9.2f} ms{p95:9.2f} ms")


def _ask(cursor: Any, statement: str, queries: Sequence[str]) -> tuple[list[set[int]], list[float]]:
    found, times = [], []
    for text in queries[:10]:  # reads what is not in memory yet
        cursor.execute(statement, {"query": text})
        cursor.fetchall()
    for text in queries:
        began = time.perf_counter()
        cursor.execute(statement, {"query": text})
        rows = cursor.fetchall()
        times.append((time.perf_counter() - began) * 1000)
        found.append({pk for (pk,) in rows[:NEAREST]})
    return found, times


def _exactly(version: Any) -> tuple[str, int]:
    return (
        f"SELECT id FROM fashion_search_entryimage WHERE version_id = {version.pk} AND embedding IS NOT NULL"
        f" ORDER BY embedding <#> %(query)s::halfvec LIMIT {CANDIDATES}",
        CANDIDATES,
    )


def _by_halfvec(version: Any) -> tuple[str, int]:
    vector = f"halfvec({version.dimension})"
    return (
        f"SELECT id FROM fashion_search_entryimage WHERE version_id = {version.pk} AND embedding IS NOT NULL"
        f" ORDER BY embedding::{vector} <#> %(query)s::{vector} LIMIT {CANDIDATES}",
        CANDIDATES,
    )


def _by_codes(version: Any, number: int) -> tuple[str, int]:
    vector, code = f"halfvec({version.dimension})", f"bit({version.dimension})"
    return (
        f"SELECT id FROM (SELECT id, embedding FROM fashion_search_entryimage WHERE version_id = {version.pk}"
        f" ORDER BY binary_quantize(embedding::{vector})::{code} <~> binary_quantize(%(query)s::{vector})::{code}"
        f" LIMIT {number}) AS near ORDER BY embedding <#> %(query)s::halfvec LIMIT {CANDIDATES}",
        min(number, 1000),
    )


if __name__ == "__main__":
    main()
