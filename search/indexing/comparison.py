"""Compare a new version with the active one before the switch: what is clearly worse keeps it from being activated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import NoIndexRegistered, SearchError
from ..models import IndexVersion
from ..registry import get_index
from .hnsw import MIN_ANN_RECALL, measure_recalls

AGAIN_AFTER = timedelta(minutes=10)  # what takes long is measured again, though nothing has changed

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


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both versions beside each other, in words."""

    label: str
    active: str
    new: str
    worse: str = ""  # a sentence where the new version is clearly worse


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version beside the active one, both measured at one moment."""

    new: VersionFigures
    active: VersionFigures | None
    lost: int  # products whose pictures have an embedding in the active version only
    measured_at: datetime
    before: VersionFigures | None = None  # of the active version, as it was when it was activated

    @property
    def rows(self) -> list[Row]:
        """Every figure, with what is clearly worse."""
        return _rows(self)

    @property
    def held(self) -> str:
        """Why the new version is not to be activated by itself, or ""."""
        return " ".join(row.worse for row in self.rows if row.worse)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept with the new version."""
        return {
            "measured_at": self.measured_at.isoformat(),
            "new": asdict(self.new),
            "active": None if self.active is None else asdict(self.active),
            "lost": self.lost,
        }


Judge = Callable[[Sequence[IndexVersion]], Mapping[int, JudgedFigures]]


def _no_judge(_versions: Sequence[IndexVersion]) -> Mapping[int, JudgedFigures]:
    return {}


_judge: Judge = _no_judge


def judge_with(judge: Judge) -> None:
    """Name who asks the judged queries, since searching lies above this; it may raise SearchError or ValueError."""
    global _judge
    _judge = judge


def compare(version: IndexVersion, active: IndexVersion | None) -> Comparison:
    """Measure a version that is built, and the active one in the same way, and compare them.

    Args:
        version: with its HNSW indexes and its lexicon.
        active: the version that searches use; None before there is one, when there is nothing to be worse than.
    """
    both = [version] if active is None else [version, active]
    trouble, judged = "", {}
    if active is not None:
        try:
            judged = dict(_judge(both))
        except (SearchError, ValueError) as error:
            trouble = str(error)
    measured = [
        VersionFigures(
            one.pk,
            count(one),
            measure_recalls(one),
            _filled(one),
            _words(one),
            judged.get(one.pk),
            trouble,
        )
        for one in both
    ]
    return Comparison(
        measured[0],
        measured[1] if active is not None else None,
        0 if active is None else _lost(version, active),
        timezone.now(),
        _before(active),
    )


def as_kept(version: IndexVersion) -> Comparison | None:
    """Return the comparison that was made before the switch, or None where an earlier release built the version."""
    kept = version.figures
    if not kept:
        return None
    active = VersionFigures.of(kept["active"]) if kept["active"] else None
    return Comparison(
        VersionFigures.of(kept["new"]),
        active,
        kept["lost"],
        datetime.fromisoformat(kept["measured_at"]),
        _before(IndexVersion.objects.filter(pk=active.version).first()) if active else None,
    )


def recounted(version: IndexVersion, active: IndexVersion | None) -> Comparison:
    """Compare as both are now: counts are taken anew, what takes long to measure is as it was kept."""
    kept = as_kept(version)
    own = VersionFigures(version.pk, count(version)) if kept is None else _recounted(kept.new, version)
    if active is None:
        return Comparison(own, None, 0, timezone.now())
    before = _before(active)
    if kept is not None and kept.active is not None and kept.active.version == active.pk:
        other = _recounted(kept.active, active)
    else:
        other = VersionFigures(active.pk, count(active)) if before is None else _recounted(before, active)
    return Comparison(own, other, _lost(version, active), timezone.now(), before)


def look_again(version: IndexVersion) -> Comparison | None:
    """Compare a version that is held back once more where that may change something, and keep what comes of it.

    It is not looked at again once another version than the one that it was compared with is active: somebody has
    decided then.

    Returns:
        The new comparison; None where nothing is to be changed.
    """
    active = IndexVersion.objects.active()
    kept = as_kept(version)
    former = None if kept is None or kept.active is None else kept.active.version
    if kept is None or (None if active is None else active.pk) != former:
        return None
    now = recounted(version, active)
    same = now.new.counts == kept.new.counts and (
        now.active is None or kept.active is None or now.active.counts == kept.active.counts
    )
    if same and timezone.now() - kept.measured_at < AGAIN_AFTER:
        return None
    if not any(row.worse for row in _counted_rows(now)):
        now = compare(version, active)
    ready = IndexVersion.objects.filter(pk=version.pk, state=IndexVersion.State.READY).exclude(held="")
    ready.update(held=now.held, figures=now.to_json(), ann_recall=lower_recall(now.new))
    return now


def count(version: IndexVersion) -> VersionCounts:
    """Count what a version holds."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"version": version.pk})
        return VersionCounts(*cursor.fetchone())


def lower_recall(figures: VersionFigures) -> float | None:
    """Return the lower ANN recall of the two indexes, of those that hold embeddings."""
    return min((recall for recall in figures.recalls.values() if recall is not None), default=None)


def _recounted(figures: VersionFigures, version: IndexVersion) -> VersionFigures:
    return VersionFigures(
        version.pk,
        count(version),
        figures.recalls,
        figures.filled,
        figures.words,
        figures.judged,
        figures.trouble,
    )


def _before(active: IndexVersion | None) -> VersionFigures | None:
    return VersionFigures.of(active.figures["new"]) if active is not None and active.figures else None


def _lost(version: IndexVersion, active: IndexVersion) -> int:
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


def _rows(compared: Comparison) -> list[Row]:
    return [
        *_counted_rows(compared),
        *_measured_rows(compared),
        *_blank_rows(compared),
        *_judged_rows(compared),
    ]


def _counted_rows(compared: Comparison) -> list[Row]:
    settings = get_settings()
    new, active = compared.new, compared.active
    own, other = new.counts, active.counts if active else None
    entries = Row("Products", _number(None if other is None else other.entries), _number(own.entries))
    if other and own.entries < settings.activate_min_products * other.entries:
        entries = Row(
            entries.label,
            entries.active,
            entries.new,
            f"It has {own.entries:,} products, the active version {other.entries:,}.",
        )
    return [
        entries,
        _lacking_row(
            "Products without a text embedding",
            "of {:,} products have no text embedding",
            (own.entries - own.texts, own.entries),
            None if other is None else (other.entries - other.texts, other.entries),
        ),
        Row("Pictures", _number(None if other is None else other.pictures), _number(own.pictures)),
        _lacking_row(
            "Pictures without an embedding",
            "of {:,} pictures have no embedding",
            (own.without, own.pictures),
            None if other is None else (other.without, other.pictures),
        ),
        _lacking_row(
            "Products with pictures that lose them all",
            "of {:,} products with pictures are not found by any of them any more",
            (compared.lost, own.pictured),
            None if other is None else (0, other.pictured),
        ),
        Row("Products that failed", _number(None if other is None else other.failed), _number(own.failed)),
    ]


def _lacking_row(label: str, sentence: str, new: tuple[int, int], active: tuple[int, int] | None) -> Row:
    row = Row(label, "" if active is None else _of(*active), _of(*new))
    if active is None or _share(*new) <= _share(*active) + get_settings().activate_max_failed:
        return row
    said = f"{new[0]:,} {sentence.format(new[1])}; in the active version {active[0]:,} of {active[1]:,}."
    return Row(label, row.active, row.new, said)


def _measured_rows(compared: Comparison) -> list[Row]:
    rows = []
    expected = {"pictures": compared.new.counts.pictures, "texts": compared.new.counts.entries}
    for name in ("pictures", "texts"):
        recall = compared.new.recalls.get(name)
        other = compared.active.recalls.get(name) if compared.active else None
        said = ""
        if recall is not None and recall < MIN_ANN_RECALL:
            said = (
                f"ANN recall@24 of {name} is {recall:.3f}, below {MIN_ANN_RECALL}."
                " Raise HNSW_M, HNSW_EF_CONSTRUCTION or EF_SEARCH and rebuild."
            )
        elif recall is None and other is not None and expected[name]:
            said = f"ANN recall@24 of {name} was not measured: none has an embedding."
        shown = "" if compared.active is None else _recall(other)
        rows.append(Row(f"ANN recall@24 of {name}", shown, _recall(recall), said))
    words = _number(None if compared.active is None else compared.active.words)
    return [*rows, Row("Words in the vocabulary", words, _number(compared.new.words))]


def _blank_rows(compared: Comparison) -> list[Row]:
    """How many leave a field blank; compared with what the active version had when it was activated, too.

    A build has every product read again, for the active version as well: what the host has begun to leave blank is
    blank in both by the time they are compared.
    """
    new, active = compared.new, compared.active
    if active is None:
        return []
    rows = []
    for name, filled in new.filled.items():
        own = _blank(filled, new.counts.entries)
        known = [
            _blank(figures.filled[name], figures.counts.entries)
            for figures in (active, compared.before)
            if figures is not None and name in figures.filled
        ]
        if not known:
            continue
        least = min(known, key=lambda pair: _share(*pair))
        said = ""
        if _share(*own) > _share(*least) + get_settings().activate_max_blank:
            said = (
                f"{own[0]:,} of {own[1]:,} products have no {name};"
                f" in the active version it was {least[0]:,} of {least[1]:,}."
            )
        rows.append(Row(f"Products without {name}", _of(*least), _of(*own), said))
    return rows


def _judged_rows(compared: Comparison) -> list[Row]:
    new, active = compared.new, compared.active
    if new.trouble:
        said = f"The judged queries of ACTIVATION_QUERIES could not be asked: {new.trouble}"
        return [Row("Judged queries", "not asked", "not asked", said)]
    own, other = new.judged, active.judged if active else None
    if own is None or other is None:
        return []
    rows = [Row("Judged queries", f"{other.queries:,}", f"{own.queries:,}")]
    most = get_settings().activate_max_quality_loss
    for label, before, now in (
        ("P@10", other.precision, own.precision),
        ("nDCG@10", other.ndcg, own.ndcg),
    ):
        said = ""
        if before - now > most:
            said = f"{label} of the judged queries is {now:.3f}, in the active version {before:.3f}."
        rows.append(Row(f"{label} of the judged queries", f"{before:.3f}", f"{now:.3f}", said))
    said = ""
    if own.degraded > other.degraded:
        said = f"{own.degraded:,} of {own.queries:,} judged queries were not answered wholly."
    return [*rows, Row("Judged queries not answered wholly", str(other.degraded), str(own.degraded), said)]


def _blank(filled: int, entries: int) -> tuple[int, int]:
    return max(0, entries - filled), entries


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)" if whole else "none there are"


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _recall(recall: float | None) -> str:
    return "not measured: no embeddings" if recall is None else f"{recall:.4f}"
