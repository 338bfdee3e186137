"""What is measured of a version before it is activated: counts, ANN recall, filled fields, vocabulary, judged queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from django.db import connection

from ..exceptions import NoIndexRegistered, SearchError
from ..models import IndexVersion
from ..registry import get_index
from .hnsw import measure_recalls

_COUNTS = """
SELECT entry.entries, entry.texts, entry.failed, image.pictures, image.embedded, image.pictured, image.seen
FROM (SELECT count(*) AS entries, count(text_embedding) AS texts, count(*) FILTER (WHERE error <> '') AS failed
      FROM fashion_search_indexentry WHERE version_id = %(version)s) AS entry,
     (SELECT count(*) AS pictures, count(embedding) AS embedded, count(DISTINCT entry_id) AS pictured,
             count(DISTINCT entry_id) FILTER (WHERE embedding IS NOT NULL) AS seen
      FROM fashion_search_entryimage WHERE version_id = %(version)s) AS image
"""
_LOST = """
SELECT count(*) FROM fashion_search_indexentry AS own
JOIN fashion_search_indexentry AS former ON former.version_id = %s AND former.product_key = own.product_key
WHERE own.version_id = %s
    AND EXISTS (SELECT FROM fashion_search_entryimage WHERE entry_id = own.id)
    AND NOT EXISTS (SELECT FROM fashion_search_entryimage WHERE entry_id = own.id AND embedding IS NOT NULL)
    AND EXISTS (SELECT FROM fashion_search_entryimage WHERE entry_id = former.id AND embedding IS NOT NULL)
"""
_COLUMNS = """
SELECT count(*) FILTER (WHERE btrim(name) <> ''), count(*) FILTER (WHERE btrim(brand) <> ''), count(price)
FROM fashion_search_indexentry WHERE version_id = %s
"""
_FACETS = """
SELECT split_part(token, '=', 1), count(DISTINCT id)
FROM fashion_search_indexentry, unnest(facets) AS token
WHERE version_id = %s AND btrim(substr(token, strpos(token, '=') + 1)) <> '' GROUP BY 1
"""
_WORDS = """
SELECT count(*) FROM fashion_search_versionlexicon, jsonb_object_keys(lexemes) WHERE version_id = %s
"""


@dataclass(frozen=True, slots=True)
class JudgedFigures:
    """How well a version answers the judged queries."""

    queries: int
    precision: float  # P@10
    ndcg: float  # nDCG@10
    degraded: int = 0  # queries that were not answered wholly


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """What a version holds, quickly counted."""

    entries: int = 0
    texts: int = 0  # entries with a text embedding
    failed: int = 0  # entries with an error
    pictures: int = 0
    embedded: int = 0  # pictures with an embedding
    pictured: int = 0  # entries with a picture
    seen: int = 0  # of them, with the embedding of one

    @property
    def without(self) -> int:
        """Pictures without an embedding."""
        return self.pictures - self.embedded


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """All that is measured of a version before the switch; what could not be measured is None."""

    version: int
    counts: VersionCounts
    recalls: Mapping[str, float | None] = field(default_factory=dict)  # of "pictures" and "texts"
    filled: Mapping[str, int] = field(default_factory=dict)  # entries that have a name, a brand, a facet
    words: int = 0  # in the vocabulary
    judged: JudgedFigures | None = None
    trouble: str = ""  # why the judged queries could not be asked

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "VersionFigures":
        """Return figures as they were kept with a version."""
        known = {one.name: kept[one.name] for one in fields(cls) if one.name in kept}
        counts = {one.name: kept["counts"].get(one.name, 0) for one in fields(VersionCounts)}
        judged = known.pop("judged", None)
        return cls(
            **{
                **known,
                "counts": VersionCounts(**counts),
                "judged": JudgedFigures(**judged) if judged else None,
            }
        )

    @property
    def lower_recall(self) -> float | None:
        """The lower ANN recall of the two indexes, of those that hold embeddings."""
        return min((recall for recall in self.recalls.values() if recall is not None), default=None)

    def recounted(self, version: IndexVersion) -> "VersionFigures":
        """Return the figures with the counts of this moment; what takes long to measure stays as it is."""
        return replace(self, version=version.pk, counts=count(version))


Judge = Callable[[Sequence[IndexVersion]], Mapping[int, JudgedFigures]]


def _no_judge(_versions: Sequence[IndexVersion]) -> Mapping[int, JudgedFigures]:
    return {}


_judge: Judge = _no_judge


def judge_with(judge: Judge) -> None:
    """Name who asks the judged queries, since searching lies above this; it may raise SearchError or ValueError."""
    global _judge
    _judge = judge


def measure(versions: Sequence[IndexVersion], *, judged: bool) -> list[VersionFigures]:
    """Measure versions that are built, each in the same way.

    Args:
        versions: with their HNSW indexes and lexicons.
        judged: whether the judged queries are asked, too.
    """
    answers: Mapping[int, JudgedFigures] = {}
    trouble = ""
    if judged:
        try:
            answers = _judge(versions)
        except (SearchError, ValueError) as error:
            trouble = str(error)
    return [
        VersionFigures(
            version.pk,
            count(version),
            measure_recalls(version),
            _filled(version),
            _words(version),
            answers.get(version.pk),
            trouble,
        )
        for version in versions
    ]


def count(version: IndexVersion) -> VersionCounts:
    """Count what a version holds."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"version": version.pk})
        return VersionCounts(*cursor.fetchone())


def count_lost(version: IndexVersion, active: IndexVersion) -> int:
    """Count the products whose pictures have an embedding in the active version only."""
    with connection.cursor() as cursor:
        cursor.execute(_LOST, [active.pk, version.pk])
        return int(cursor.fetchone()[0])


def _filled(version: IndexVersion) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [version.pk])
        columns = dict(zip(("name", "brand", "price"), cursor.fetchone(), strict=True))
        cursor.execute(_FACETS, [version.pk])
        found = dict(cursor.fetchall())
    try:
        facets = get_index().facets
    except NoIndexRegistered:
        facets = ()
    return columns | {f"facet {facet}": found.get(facet, 0) for facet in facets}


def _words(version: IndexVersion) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WORDS, [version.pk])
        return int(cursor.fetchone()[0])
