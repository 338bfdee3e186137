"""ANN recall@24: how many of the exact scan's nearest the HNSW indexes find, over sampled entries."""

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements

from django.db import connection, transaction

from ..conf import get_settings
from ..models import IndexVersion
from .hnsw import HnswIndex, hnsw_indexes

MIN_ANN_RECALL = 0.95  # below it an index misses too much to be searched
NEAREST = 24
SAMPLES = 200
_TIE = 1e-6  # inner products of halfvec columns are exact in float64 up to this


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
