"""Compare a new version with the active one before the switch: what is clearly worse keeps it from being activated."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ..conf import get_settings
from ..models import IndexVersion
from ..sentences import figure, said
from ..sentences import lazily as _
from .hnsw import MIN_ANN_RECALL
from .version_figures import VersionFigures, count, count_lost, measure

AGAIN_AFTER = timedelta(minutes=10)  # what takes long is measured again, though nothing has changed

_RECALLED = {"pictures": _("pictures"), "texts": _("texts")}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both versions, in words."""

    label: str
    active: str
    new: str
    worse: str = ""  # a sentence where the new version is clearly worse


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new version and the active one, both measured at one moment."""

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
        """Why the new version is not to be activated automatically, or ""."""
        return " ".join(row.worse for row in self.rows if row.worse)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept with the new version."""
        return {
            "measured_at": self.measured_at.isoformat(),
            "new": asdict(self.new),
            "active": None if self.active is None else asdict(self.active),
            "lost": self.lost,
        }


def compare(version: IndexVersion, active: IndexVersion | None) -> Comparison:
    """Measure a version that is built, and the active one in the same way, and compare them.

    Args:
        version: with its HNSW indexes and its lexicon.
        active: the version that searches use; None before there is one, when there is nothing to be worse than.
    """
    if active is None:
        (own,) = measure([version], judged=False)
        return Comparison(own, None, 0, timezone.now())
    own, other = measure([version, active], judged=True)
    return Comparison(own, other, count_lost(version, active), timezone.now(), _before(active))


def kept_comparison(version: IndexVersion) -> Comparison | None:
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


def recounted_comparison(version: IndexVersion, active: IndexVersion | None) -> Comparison:
    """Compare as both are now: counts are taken anew, what takes long to measure is as it was kept."""
    kept = kept_comparison(version)
    own = VersionFigures(version.pk, count(version)) if kept is None else kept.new.recounted(version)
    if active is None:
        return Comparison(own, None, 0, timezone.now())
    before = _before(active)
    if kept is not None and kept.active is not None and kept.active.version == active.pk:
        other = kept.active.recounted(active)
    else:
        other = VersionFigures(active.pk, count(active)) if before is None else before.recounted(active)
    return Comparison(own, other, count_lost(version, active), timezone.now(), before)


def compare_again(version: IndexVersion) -> Comparison | None:
    """Compare a version that is held back once more where that may change something, and keep what comes of it.

    It is not looked at again once another version than the one that it was compared with is active: somebody has
    decided then.

    Returns:
        The new comparison; None where nothing is to be changed.
    """
    active = IndexVersion.objects.active()
    kept = kept_comparison(version)
    former = None if kept is None or kept.active is None else kept.active.version
    if kept is None or (None if active is None else active.pk) != former:
        return None
    now = recounted_comparison(version, active)
    same = now.new.counts == kept.new.counts and (
        now.active is None or kept.active is None or now.active.counts == kept.active.counts
    )
    if same and timezone.now() - kept.measured_at < AGAIN_AFTER:
        return None
    if not any(row.worse for row in _counted_rows(now)):
        now = compare(version, active)
    ready = IndexVersion.objects.filter(pk=version.pk, state=IndexVersion.State.READY).exclude(held="")
    ready.update(held=now.held, figures=now.to_json(), ann_recall=now.new.lower_recall)
    return now


def _before(active: IndexVersion | None) -> VersionFigures | None:
    return VersionFigures.of(active.figures["new"]) if active is not None and active.figures else None


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
    entries = Row(_("Products"), _number(None if other is None else other.entries), _number(own.entries))
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
            _("Products without a text embedding"),
            "of {:,} products have no text embedding",
            (own.entries - own.texts, own.entries),
            None if other is None else (other.entries - other.texts, other.entries),
        ),
        Row(_("Pictures"), _number(None if other is None else other.pictures), _number(own.pictures)),
        _lacking_row(
            _("Pictures without an embedding"),
            "of {:,} pictures have no embedding",
            (own.without, own.pictures),
            None if other is None else (other.without, other.pictures),
        ),
        _lacking_row(
            _("Products with pictures that lose them all"),
            "of {:,} products with pictures are not found by any of them any more",
            (compared.lost, own.pictured),
            None if other is None else (0, other.pictured),
        ),
        Row(_("Products that failed"), _number(None if other is None else other.failed), _number(own.failed)),
    ]


def _lacking_row(label: str, sentence: str, new: tuple[int, int], active: tuple[int, int] | None) -> Row:
    row = Row(label, "" if active is None else _of(*active), _of(*new))
    if active is None or _share(*new) <= _share(*active) + get_settings().activate_max_failed:
        return row
    why = f"{new[0]:,} {sentence.format(new[1])}; in the active version {active[0]:,} of {active[1]:,}."
    return Row(label, row.active, row.new, why)


def _measured_rows(compared: Comparison) -> list[Row]:
    rows = []
    expected = {"pictures": compared.new.counts.pictures, "texts": compared.new.counts.entries}
    for name in ("pictures", "texts"):
        recall = compared.new.recalls.get(name)
        other = compared.active.recalls.get(name) if compared.active else None
        sentence = ""
        if recall is not None and recall < MIN_ANN_RECALL:
            sentence = (
                f"ANN recall@24 of {name} is {recall:.3f}, below {MIN_ANN_RECALL}."
                " Raise HNSW_M, HNSW_EF_CONSTRUCTION or EF_SEARCH and rebuild."
            )
        elif recall is None and other is not None and expected[name]:
            sentence = f"ANN recall@24 of {name} was not measured: none has an embedding."
        shown = "" if compared.active is None else _recall(other)
        rows.append(
            Row(said(_("ANN recall@24 of %(name)s"), name=_RECALLED[name]), shown, _recall(recall), sentence)
        )
    words = _number(None if compared.active is None else compared.active.words)
    return [*rows, Row(_("Words in the vocabulary"), words, _number(compared.new.words))]


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
        sentence = ""
        if _share(*own) > _share(*least) + get_settings().activate_max_blank:
            sentence = (
                f"{own[0]:,} of {own[1]:,} products have no {name};"
                f" in the active version it was {least[0]:,} of {least[1]:,}."
            )
        rows.append(Row(said(_("Products without %(name)s"), name=name), _of(*least), _of(*own), sentence))
    return rows


def _judged_rows(compared: Comparison) -> list[Row]:
    new, active = compared.new, compared.active
    if new.trouble:
        sentence = f"The judged queries of ACTIVATION_QUERIES could not be asked: {new.trouble}"
        return [Row(_("Judged queries"), _("not asked"), _("not asked"), sentence)]
    own, other = new.judged, active.judged if active else None
    if own is None or other is None:
        return []
    rows = [Row(_("Judged queries"), figure(other.queries), figure(own.queries))]
    most = get_settings().activate_max_quality_loss
    for label, before, now in (
        ("P@10", other.precision, own.precision),
        ("nDCG@10", other.ndcg, own.ndcg),
    ):
        sentence = ""
        if before - now > most:
            sentence = f"{label} of the judged queries is {now:.3f}, in the active version {before:.3f}."
        rows.append(
            Row(
                said(_("%(figure)s of the judged queries"), figure=label),
                f"{before:.3f}",
                f"{now:.3f}",
                sentence,
            )
        )
    sentence = ""
    if own.degraded > other.degraded:
        sentence = f"{own.degraded:,} of {own.queries:,} judged queries were not answered wholly."
    return [
        *rows,
        Row(_("Judged queries not answered wholly"), str(other.degraded), str(own.degraded), sentence),
    ]


def _blank(filled: int, entries: int) -> tuple[int, int]:
    return max(0, entries - filled), entries


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _of(part: int, whole: int) -> str:
    if not whole:
        return _("none there are")
    return said(
        _("%(part)s of %(whole)s (%(share)s %%)"),
        part=figure(part),
        whole=figure(whole),
        share=figure(100 * part / whole, 1),
    )


def _number(number: int | None) -> str:
    return "" if number is None else figure(number)


def _recall(recall: float | None) -> str:
    return _("not measured: no embeddings") if recall is None else f"{recall:.4f}"
