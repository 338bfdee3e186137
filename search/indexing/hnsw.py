"""The partial HNSW indexes of a version: built while others write, found when broken, dropped with their version; and their ANN recall.

A CREATE INDEX CONCURRENTLY that was killed leaves an INVALID index behind, which IF NOT EXISTS takes for a good
one; every query is then a sequential scan, without an error. So validity is read from the catalogue instead.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db import OperationalError, connection, transaction

from ..conf import get_settings
from ..models import IndexVersion
from .connections import maintenance_cursor
from .locks import confirm_locks

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements

MIN_ANN_RECALL = 0.95  # below it an index misses too much to be searched
NEAREST = 24
SAMPLES = 200  # entries that ANN recall is measured over
_TIE = 1e-6  # inner products of halfvec columns are exact in float64 up to this
_OURS = re.compile(r"fashion_search_(?:image|text)_v(\d+)_hnsw")


class HnswIndex(NamedTuple):
    """One HNSW index of a version: its name, and the table and column that it covers."""

    name: str
    table: str
    column: str


def hnsw_indexes(version: IndexVersion) -> tuple[HnswIndex, HnswIndex]:
    """Return the version's two indexes: over image embeddings, over text embeddings."""
    return (
        HnswIndex(version.image_index, "fashion_search_entryimage", "embedding"),
        HnswIndex(version.text_index, "fashion_search_indexentry", "text_embedding"),
    )


def index_validity() -> dict[str, bool]:
    """Return name -> validity of every HNSW index of the plugin, whichever version it belongs to."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT class.relname, index.indisvalid AND index.indisready
            FROM pg_index AS index
            JOIN pg_class AS class ON class.oid = index.indexrelid
            WHERE index.indrelid IN ('fashion_search_entryimage'::regclass, 'fashion_search_indexentry'::regclass)
            """
        )
        return {name: valid for name, valid in cursor.fetchall() if _OURS.match(name)}


def broken_indexes(version: IndexVersion) -> list[str]:
    """Return the names of the version's HNSW indexes that are missing or INVALID."""
    valid = index_validity()
    return [index.name for index in hnsw_indexes(version) if not valid.get(index.name, False)]


def build_indexes(version: IndexVersion) -> list[str]:
    """Build the version's HNSW indexes that are missing or INVALID, without locking out writes; return their names.

    Raises:
        BuildGivenUp: the version was given up meanwhile.
    """
    validity = index_validity()
    built = []
    for index in hnsw_indexes(version):
        if validity.get(index.name):
            continue
        confirm_locks()
        if index.name in validity:
            _drop(index.name)
        _create(version, index)
        built.append(index.name)
    return built


def built_share(version: IndexVersion) -> float:
    """Return how much of the version's two HNSW indexes is built, from 0 to 1, as Postgres reports it."""
    validity = index_validity()
    finished = sum(validity.get(index.name, False) for index in hnsw_indexes(version))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE
                WHEN progress.phase LIKE 'building index%%'
                    THEN progress.blocks_done::float / nullif(progress.blocks_total, 0)
                WHEN progress.phase IN ('initializing', 'waiting for writers before build') THEN 0
                ELSE 1  -- it is validated, which is quick
                END
            FROM pg_stat_progress_create_index AS progress
            JOIN pg_class AS class ON class.oid = progress.index_relid
            WHERE progress.datname = current_database() AND class.relname = ANY(%s)
            """,
            [[index.name for index in hnsw_indexes(version)]],
        )
        parts = [share or 0.0 for (share,) in cursor.fetchall()]
    return min(1.0, (finished + sum(parts)) / 2)


def drop_indexes(version_id: int) -> None:
    """Drop every HNSW index of a version."""
    _drop_all(name for name in index_validity() if _owner(name) == version_id)


def drop_orphaned_indexes() -> None:
    """Drop the HNSW indexes whose version is gone."""
    _drop_all(orphaned_indexes())


def orphaned_indexes() -> list[str]:
    """Return the names of the HNSW indexes whose version is gone."""
    names = index_validity()  # first: a version that is begun meanwhile has none yet
    kept = set(IndexVersion.objects.values_list("pk", flat=True))
    return sorted(name for name in names if _owner(name) not in kept)


def _owner(name: str) -> int:
    match = _OURS.match(name)
    assert match is not None
    return int(match[1])


def _drop_all(names: Iterable[str]) -> None:
    for name in names:
        _drop(name)


def _create(version: IndexVersion, index: HnswIndex) -> None:
    settings = get_settings()
    statement = (
        f"CREATE INDEX CONCURRENTLY {index.name} ON {index.table}"
        f" USING hnsw (({index.column}::halfvec({version.dimension})) halfvec_ip_ops)"
        f" WITH (m = {settings.hnsw_m}, ef_construction = {settings.hnsw_ef_construction})"
        f" WHERE version_id = {version.pk}"
    )
    try:
        with maintenance_cursor() as cursor:
            cursor.execute(statement)
    except OperationalError:
        _drop(index.name)
        confirm_locks()
        IndexVersion.objects.check_wanted(version.pk)  # it may have been broken off for that
        # Parallel builds need shared memory, of which containers often have 64 MB: once more without.
        with maintenance_cursor(max_parallel_maintenance_workers="0") as cursor:
            cursor.execute(statement)


def _drop(name: str) -> None:
    with maintenance_cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {connection.ops.quote_name(name)}")


def measure_recalls(version: IndexVersion, *, samples: int = SAMPLES) -> dict[str, float | None]:
    """Return the ANN recall@24 of the version's indexes of "pictures" and of "texts"; None where one holds no embedding.

    Over nothing there is no recall: an index without embeddings finds nothing, and finds nothing perfectly.

    Entries at the same distance as the exact scan's last one count as found, because which of them comes first is
    chance.
    """
    pictures, texts = hnsw_indexes(version)
    return {"pictures": _recall(version, pictures, samples), "texts": _recall(version, texts, samples)}


def _recall(version: IndexVersion, index: HnswIndex, samples: int) -> float | None:
    embeddings = _sample(version, index, samples)
    found = wanted = 0
    for embedding in embeddings:
        exact = _distances(version, index, embedding, exact=True)
        approximate = _distances(version, index, embedding, exact=False)
        wanted += len(exact)
        found += sum(distance <= exact[-1] + _TIE for distance in approximate)
    return found / wanted if wanted else None


def _sample(version: IndexVersion, index: HnswIndex, samples: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {index.column}::text FROM {index.table}"
            f" WHERE version_id = %s AND {index.column} IS NOT NULL ORDER BY md5(id::text) LIMIT %s",
            [version.pk, samples],
        )
        return [text for (text,) in cursor.fetchall()]


def _distances(version: IndexVersion, index: HnswIndex, embedding: str, *, exact: bool) -> list[float]:
    # The expression and the literal version id must be those of the index, or Postgres cannot use it.
    column = f"{index.column}::halfvec({version.dimension})"
    plan = (
        "SET LOCAL enable_indexscan = off"
        if exact
        else f"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off;"
        f" SET LOCAL hnsw.ef_search = {get_settings().ef_search}"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = 0; {plan}")
        cursor.execute(
            f"SELECT {column} <#> %s::halfvec FROM {index.table}"
            f" WHERE version_id = {version.pk} AND {index.column} IS NOT NULL"
            f" ORDER BY {column} <#> %s::halfvec LIMIT {NEAREST}",
            [embedding, embedding],
        )
        return [distance for (distance,) in cursor.fetchall()]
