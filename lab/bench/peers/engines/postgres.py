"""Postgres full-text search: weighted tsvectors, a GIN index, `websearch_to_tsquery`, `ts_rank`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .server import connect, memory_bytes, relation_bytes, rows_of

TABLE = "bench_texts"
DOCUMENT = (
    "setweight(to_tsvector('english', %s), 'A') || setweight(to_tsvector('english', %s), 'B')"
    " || setweight(to_tsvector('english', %s), 'C')"
)


class Engine(Peer):
    """All words of the text, in any form of the word."""

    query = "websearch_to_tsquery('english', %s)"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.connection = connect()

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Fill the table, then its index."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {TABLE} (key text, columns jsonb, document tsvector)")
            cursor.executemany(f"INSERT INTO {TABLE} VALUES (%s, %s, {DOCUMENT})", list(rows_of(products)))
            cursor.execute(f"CREATE INDEX ON {TABLE} USING gin (document)")
            cursor.execute(f"VACUUM ANALYZE {TABLE}")

    def asked(self, text: str) -> str:
        """Return what is given to the text search query."""
        return text

    def search(self, text: str) -> list[str]:
        """Return the ten best by `ts_rank`."""
        return self._search(text, "{}")

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Compare the column in the same statement."""
        return self._search(text, json.dumps({field: [value]}))

    def counted(self, text: str, field: str) -> Mapping[str, int]:
        """Count with GROUP BY."""
        found = self.connection.execute(
            f"SELECT value, count(*) FROM {TABLE}, {self.query} AS query,"
            " jsonb_array_elements_text(columns -> %s) AS value WHERE document @@ query GROUP BY value",
            [self.asked(text), field],
        )
        return dict(found.fetchall())

    def _search(self, text: str, columns: str) -> list[str]:
        found = self.connection.execute(
            f"SELECT key FROM {TABLE}, {self.query} AS query WHERE document @@ query AND columns @> %s::jsonb"
            " ORDER BY ts_rank(document, query) DESC, key LIMIT %s",
            [self.asked(text), columns, DEPTH],
        )
        return [key for (key,) in found.fetchall()]

    def bytes_on_disk(self) -> int:
        """Return the size of the table with its index."""
        return relation_bytes(TABLE)

    def server_bytes(self) -> int:
        """Return the memory of the Postgres server."""
        return memory_bytes()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
