"""SQL over all embeddings of a version, for computations in a worker.

Apart from `querysets.py`, whose statements answer searches within milliseconds: these read or compare everything,
in batches, and know nothing of queries and filters.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from ..facets import CATEGORY, prefix_of
from ..vectors import from_bytes


class Neighbour(NamedTuple):
    """Two pictures of different entries that are near each other, with their similarity from -1 to 1."""

    entry_id: int
    other_id: int
    similarity: float
    same_file: bool


class Agreement(NamedTuple):
    """An entry and the similarity of its best picture to its text, from -1 to 1."""

    entry_id: int
    similarity: float


def first_pictures(version_id: int) -> list[int]:
    """Return the primary keys of the first picture of every entry that has one with an embedding, by entry."""
    return _column(
        "SELECT DISTINCT ON (entry_id) id FROM fashion_search_entryimage"
        " WHERE version_id = %s AND embedding IS NOT NULL ORDER BY entry_id, position",
        [version_id],
    )


def read_embeddings(pictures: Sequence[int], dimension: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the entries of pictures, shape (n,), and the pictures' embeddings, shape (n, dimension), by picture."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, halfvec_send(embedding) FROM fashion_search_entryimage"
            " WHERE id = ANY(%s) AND embedding IS NOT NULL ORDER BY id",
            [list(pictures)],
        )
        rows = cursor.fetchall()
    values = [from_bytes(packed) for _, packed in rows]
    embeddings = np.array(values, dtype=np.float32).reshape(len(rows), dimension)
    return np.array([entry for entry, _ in rows], dtype=np.int64), embeddings


def all_pictures(version_id: int) -> list[int]:
    """Return the primary keys of all pictures with an embedding."""
    return _column(
        "SELECT id FROM fashion_search_entryimage WHERE version_id = %s AND embedding IS NOT NULL ORDER BY id",
        [version_id],
    )


def neighbours(
    version_id: int,
    pictures: Sequence[int],
    *,
    dimension: int,
    nearest: int,
    similarity: float,
    ef_search: int,
) -> list[Neighbour]:
    """Return, for each of the pictures, those of other entries among its nearest, down to a similarity.

    Args:
        version_id: where to look.
        pictures: primary keys of the pictures, a few hundred at a time.
        dimension: of the embeddings.
        nearest: how many pictures are looked at per picture, itself included.
        similarity: least similarity.
        ef_search: `hnsw.ef_search`, at least `nearest`.
    """
    # The expression and the version's literal number must be those of the HNSW index, or Postgres cannot use it.
    column = f"embedding::halfvec({int(dimension)})"
    statement = f"""
        SELECT one.entry_id, other.entry_id, -other.distance,
            one.picture_hash <> '' AND one.picture_hash = other.picture_hash
        FROM fashion_search_entryimage AS one
        CROSS JOIN LATERAL (
            SELECT entry_id, picture_hash, {column} <#> one.{column} AS distance
            FROM fashion_search_entryimage
            WHERE version_id = {int(version_id)} AND embedding IS NOT NULL
            ORDER BY {column} <#> one.{column}
            LIMIT %s
        ) AS other
        WHERE one.id = ANY(%s) AND other.entry_id <> one.entry_id AND other.distance <= %s
    """  # noqa: S608 - whole numbers
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), set_config('enable_seqscan', 'off', true),"
            " set_config('enable_sort', 'off', true), set_config('jit', 'off', true)",
            [str(max(ef_search, nearest))],
        )
        cursor.execute(statement, [nearest, list(pictures), -similarity])
        return [Neighbour(*row) for row in cursor.fetchall()]


def agreements(version_id: int) -> list[Agreement]:
    """Return every entry with a picture and a text embedding, and how similar the best picture is to the text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, max(-(image.embedding <#> entry.text_embedding))"
            " FROM fashion_search_indexentry AS entry"
            " JOIN fashion_search_entryimage AS image ON image.entry_id = entry.id"
            " WHERE entry.version_id = %s AND image.embedding IS NOT NULL AND entry.text_embedding IS NOT NULL"
            " GROUP BY entry.id ORDER BY 2, 1",
            [version_id],
        )
        return [Agreement(*row) for row in cursor.fetchall()]


def failed(version_id: int, limit: int) -> tuple[int, list[tuple[str, str]]]:
    """Return how many entries have an error, and product key and error of up to `limit` of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_key, error, count(*) OVER () FROM fashion_search_indexentry"
            " WHERE version_id = %s AND error <> '' ORDER BY product_key LIMIT %s",
            [version_id, limit],
        )
        rows = cursor.fetchall()
    return (rows[0][2] if rows else 0), [(key, error) for key, error, _ in rows]


# What an entry has where nothing is missing. Descriptions are the words of least weight in its document.
_PRESENT = {
    "no-picture": "EXISTS (SELECT FROM fashion_search_entryimage AS image WHERE image.entry_id = entry.id)",
    "no-description": "ts_filter(entry.document, '{c}') <> ''::tsvector",
    "no-category": "EXISTS (SELECT FROM unnest(entry.facets) AS token"
    f" WHERE starts_with(token, '{prefix_of(CATEGORY)}'))",
    "no-price": "entry.price IS NOT NULL",
}


def lacking(version_id: int, kind: str, limit: int) -> tuple[int, list[str]]:
    """Return how many entries lack something, and the product keys of the newest of them, up to `limit`."""
    condition = f"entry.version_id = %s AND NOT ({_PRESENT[kind]})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entry.product_key, count(*) OVER () FROM fashion_search_indexentry AS entry WHERE {condition}"  # noqa: S608
            " ORDER BY entry.created DESC, entry.product_key LIMIT %s",
            [version_id, limit],
        )
        rows = cursor.fetchall()
    return (rows[0][1] if rows else 0), [key for key, _ in rows]


def _column(statement: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [value for (value,) in cursor.fetchall()]
