"""The Postgres server that an engine works in: its tables, its size, its memory."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import closing

import psutil
import psycopg

from ..protocol import PeerProduct

Row = tuple[object, ...]


def connect() -> psycopg.Connection:
    """Connect to the server that DATABASE_URL names; every statement is its own transaction."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def rows_of(products: Iterable[PeerProduct]) -> Iterator[Row]:
    """Return the columns of `bench_texts` but the last."""
    for product in products:
        columns = json.dumps({name: list(values) for name, values in product.columns.items()})
        yield product.key, columns, product.title, product.keywords, product.description


def relation_bytes(beginning: str) -> int:
    """Return the size of all tables whose names begin so, with their indexes."""
    with closing(connect()) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND starts_with(relname, %s)",
            [beginning],
        ).fetchone()
    return int(found[0]) if found else 0


def memory_bytes() -> int:
    """Return the memory of all processes of the server; what they share counts once."""
    with closing(connect()) as connection:
        first = psutil.Process(connection.info.backend_pid).parent()
        if first is None:
            raise RuntimeError("The server does not run on this machine.")
        return sum(process.memory_full_info().pss for process in [first, *first.children(recursive=True)])
