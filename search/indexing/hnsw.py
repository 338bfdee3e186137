"""The partial HNSW indexes of a version: built while others write, found when broken, dropped with their version; and their ANN recall.

A CREATE INDEX CONCURRENTLY that was killed leaves an INVALID index behind, which IF NOT EXISTS takes for a good
one; every query is then a sequential scan, without an error. So validity is read from the catalogue instead.
"""

import logging
import re
from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from django.db import OperationalError, connection, transaction

from ..conf import get_settings
from ..exceptions import TooLittleMemory
from ..models import IndexVersion
from .connections import maintenance_alias, maintenance_cursor, own_connection
from .locks import confirm_locks

logger = logging.getLogger(__name__)

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements

MIN_ANN_RECALL = 0.95  # below it an index misses too much to be searched
NEAREST = 24
SAMPLES = 200  # entries that ANN recall is measured over
# A graph that its memory does not hold goes on in the table's pages, many times slower: minutes become hours.
TIMES_SLOW, TIMES_REFUSED = 1, 4  # by how much a graph may be larger than its memory, unsaid and at all
_TIE = 1e-6  # inner products of halfvec columns are exact in float64 up to this
_ELEMENT_BYTES, _LINK_BYTES = 203, 32  # 1,227 bytes in all were measured at 256 dimensions and HNSW_M 16
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
    session = _session()
    try:
        with maintenance_cursor(**session) as cursor:
            cursor.execute(statement)
    except OperationalError:
        _drop(index.name)
        confirm_locks()
        IndexVersion.objects.check_wanted(version.pk)  # it may have been broken off for that
        # Parallel builds need shared memory, of which containers often have 64 MB: once more without.
        with maintenance_cursor(**session | {"max_parallel_maintenance_workers": "0"}) as cursor:
            cursor.execute(statement)


def _session() -> dict[str, str]:
    """What the settings say of the session that builds; empty where it is the server's matter."""
    memory = get_settings().build_memory_mb
    return {"maintenance_work_mem": f"{memory}MB"} if memory else {}


def check_memory(embeddings: int, dimension: int) -> None:
    """Refuse to build indexes whose graphs are far larger than their memory, and log a warning where they are larger.

    Args:
        embeddings: that the larger of the two indexes is to hold, about.
        dimension: of these.

    Raises:
        TooLittleMemory: the message says how much there is and how much is needed.
    """
    needed = embeddings * graph_bytes(dimension) / 1e6
    with own_connection(maintenance_alias()) as own, own.cursor() as cursor:
        cursor.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem')) / 1e6")
        (given,) = cursor.fetchone()
    memory = get_settings().build_memory_mb or float(given)
    if needed <= TIMES_SLOW * memory:
        return
    sentence = (
        f"An HNSW index over {embeddings:,} embeddings takes {needed:,.0f} MB while it is built, and Postgres may use {memory:,.0f}"
        " MB (maintenance_work_mem): beyond that, it is built many times slower. Set"
        f" FASHION_SEARCH['BUILD_MEMORY_MB'] = {ceil(needed / 100) * 100}, if the server has as much to spare."
    )
    if needed > TIMES_REFUSED * memory:
        raise TooLittleMemory(sentence)
    logger.warning("%s", sentence)


def graph_bytes(dimension: int) -> int:
    """Return about how many bytes an embedding takes in a graph that is built in memory, its links included."""
    return 2 * dimension + _ELEMENT_BYTES + _LINK_BYTES * get_settings().hnsw_m


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
