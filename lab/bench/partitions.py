"""One table against hash partitions of it, each with its own HNSW graph: `python -m lab.bench.partitions`.

It measures on one machine what docs/citus.md expects of shards: which statements reach one of them, what those cost that reach all, and
what becomes of recall. The tables have the columns of the index that matter for it, filled with drawn vectors.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import psycopg
from psycopg import sql

from shop.local.servers import EmbeddedPostgres

PARTS = 8
NEAREST = 200  # as CANDIDATES
QUERIES, ROUNDS = 40, 5
DIMENSION = 128
GROUPS = 60  # clusters of the vectors, as kinds and colours make them
SEED = 11
CATEGORIES = 40

_ENTRY = """
CREATE TABLE {entry} (
    product_key text NOT NULL, id bigint NOT NULL, facets text[] NOT NULL, price numeric, embedding halfvec({dimension}) NOT NULL,
    PRIMARY KEY (product_key, id)) {partitioned}
"""
_IMAGE = """
CREATE TABLE {image} (product_key text NOT NULL, entry_id bigint NOT NULL, position int NOT NULL, name text,
    PRIMARY KEY (product_key, entry_id, position)) {partitioned}
"""
_INDEXES = (
    "CREATE INDEX ON {entry} USING hnsw (embedding halfvec_ip_ops) WITH (m = 16, ef_construction = 64)",
    "CREATE INDEX ON {entry} USING gin (facets)",
    "CREATE INDEX ON {entry} (id)",
)
# What the plugin asks, as far as partitions make a difference; the numbers are those of the first rows of the queries.
STATEMENTS = {
    "24 products by key": "SELECT * FROM {entry} WHERE product_key = ANY(%(keys)s)",
    "one product with its pictures, by key": "SELECT * FROM {entry} e JOIN {image} i ON i.product_key = e.product_key"
    " AND i.entry_id = e.id WHERE e.product_key = %(key)s",
    "200 entries by primary key alone": "SELECT * FROM {entry} WHERE id = ANY(%(ids)s)",
    "the 200 nearest": "SELECT id FROM {entry} ORDER BY embedding <#> %(vector)s::halfvec LIMIT 200",
    "a category counted": "SELECT count(*) FROM {entry} WHERE facets @> ARRAY[%(category)s]",
    "all facets counted": "SELECT token, count(*) FROM {entry}, unnest(facets) AS token GROUP BY token",
}


class Table:
    """One of the two ways to keep the entries."""

    def __init__(self, own: psycopg.Connection, name: str, parts: int) -> None:
        self.name, self.parts = name, parts
        self._own = own
        self._backend = psutil.Process(own.info.backend_pid)
        self._names = {"entry": sql.Identifier(f"{name}_entry"), "image": sql.Identifier(f"{name}_image")}

    def fill(self, rows: list[tuple[Any, ...]]) -> float:
        """Make it, fill it and build its indexes; return the processor seconds of the indexes."""
        partitioned = sql.SQL("PARTITION BY HASH (product_key)" if self.parts else "")
        for statement in (_ENTRY, _IMAGE):
            text = sql.SQL(statement).format(
                **{name: one for name, one in self._names.items() if f"{{{name}}}" in statement},
                **({"dimension": sql.Literal(DIMENSION)} if "dimension" in statement else {}),
                partitioned=partitioned,
            )
            self._own.execute(text)
        for kind in self._names if self.parts else ():
            for part in range(self.parts):
                self._own.execute(
                    sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})").format(
                        sql.Identifier(f"{self.name}_{kind}_{part}"), self._names[kind],
                        sql.Literal(self.parts), sql.Literal(part),
                    )
                )  # fmt: skip
        with self._own.cursor() as cursor:
            with cursor.copy(sql.SQL("COPY {entry} FROM STDIN").format(entry=self._names["entry"])) as copy:
                for row in rows:
                    copy.write_row(row)
            with cursor.copy(sql.SQL("COPY {image} FROM STDIN").format(image=self._names["image"])) as copy:
                for key, number, *_ in rows:
                    copy.write_row((key, number, 0, f"{key}.jpg"))
        spent = self._spent(
            lambda: [self._own.execute(sql.SQL(one).format(entry=self._names["entry"])) for one in _INDEXES]
        )
        for name in self._names.values():
            self._own.execute(sql.SQL("ANALYZE {}").format(name))
        return spent

    def measure(self, statement: str, asked: list[dict[str, Any]]) -> tuple[float, int]:
        """Return processor milliseconds of one statement, and how many partitions it reads."""
        text = sql.SQL(statement).format(
            **{name: one for name, one in self._names.items() if f"{{{name}}}" in statement}
        )
        self._own.execute(text, asked[0])
        spent = self._spent(lambda: [self._own.execute(text, one).fetchall() for one in asked * ROUNDS])
        plan = self._own.execute(sql.SQL("EXPLAIN (FORMAT JSON, ANALYZE, TIMING OFF) ") + text, asked[0])
        return 1000 * spent / len(asked) / ROUNDS, len(
            _relations(plan.fetchone()[0][0]["Plan"], f"{self.name}_entry")
        )

    def nearest(self, vector: str, *, exact: bool) -> set[int]:
        """Return the 200 nearest entries."""
        with self._own.transaction():
            self._own.execute(f"SET LOCAL enable_indexscan = {'off' if exact else 'on'}")
            found = self._own.execute(
                sql.SQL(STATEMENTS["the 200 nearest"]).format(entry=self._names["entry"]), {"vector": vector}
            )
            return {number for (number,) in found.fetchall()}

    def _spent(self, act: Callable[[], object]) -> float:
        before = self._backend.cpu_times()
        act()
        after = self._backend.cpu_times()
        return after.user + after.system - before.user - before.system


def _relations(plan: dict[str, Any], prefix: str) -> set[str]:
    """The tables of the entries that a plan has read."""
    found = {plan["Relation Name"]} if plan.get("Actual Loops") and "Relation Name" in plan else set()
    for part in plan.get("Plans", ()):
        found |= _relations(part, prefix)
    return {name for name in found if name.startswith(prefix)}


def draw(number: int) -> tuple[list[tuple[Any, ...]], list[dict[str, Any]]]:
    """Return the rows of entries, and what is asked of them."""
    source = np.random.default_rng(SEED)
    centres = source.standard_normal((GROUPS, DIMENSION))
    vectors = centres[source.integers(0, GROUPS, number + QUERIES)] + source.standard_normal(
        (number + QUERIES, DIMENSION)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = ["[" + ",".join(f"{value:.4f}" for value in vector) + "]" for vector in vectors]
    rows = [
        (
            f"p{place}",
            place,
            [f"category={place % CATEGORIES}", f"colour={place % 11}"],
            place % 997,
            texts[place],
        )
        for place in range(number)
    ]
    asked = []
    for query in range(QUERIES):
        chosen = source.integers(0, number, NEAREST).tolist()
        keys = [f"p{place}" for place in chosen[:24]]
        category = f"category={query % CATEGORIES}"
        asked.append(
            {
                "keys": keys,
                "key": keys[0],
                "ids": chosen,
                "vector": texts[number + query],
                "category": category,
            }
        )
    return rows, asked


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=40_000)
    number = parser.parse_args().entries
    rows, asked = draw(number)
    with tempfile.TemporaryDirectory(prefix="fashion-partitions-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", log=Path(folder) / "log", durable=False)
        server.start()
        try:
            with psycopg.connect(server.url(), autocommit=True, prepare_threshold=None) as own:
                own.execute("CREATE EXTENSION vector")
                own.execute("SET hnsw.ef_search = 200; SET max_parallel_workers_per_gather = 0")
                tables = [Table(own, "whole", 0), Table(own, "parts", PARTS)]
                built = [table.fill(rows) for table in tables]
                print(f"{number:,} entries, {PARTS} partitions; processor time of Postgres\n")
                print(f"{'indexes built':40} {built[0]:9.1f} s {built[1]:9.1f} s")
                for name, statement in STATEMENTS.items():
                    (whole, _), (parts, read) = (table.measure(statement, asked) for table in tables)
                    print(f"{name:40} {whole:8.2f} ms {parts:8.2f} ms   {read} of {PARTS} read")
                for table in tables:
                    shares = [
                        len(table.nearest(one["vector"], exact=True) & table.nearest(one["vector"], exact=False)) / NEAREST
                        for one in asked
                    ]  # fmt: skip
                    print(f"recall@{NEAREST} of {table.name:26} {np.mean(shares):.4f}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
