"""Verify that the index says what the catalogue says: named checks, each true or false with its figures."""

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import find_artifact, prove
from ..exceptions import ArtifactError, StorageAway, TextConfigError
from ..models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from .databases import (
    MINIMUM,
    READ_ONLY,
    find_misrouted,
    find_unsafe,
    find_unusable,
    installed_version,
    is_read_only,
    try_text_config,
)
from .failures import Failure, failing_cards, list_failures, noted_documents
from .hnsw import MIN_ANN_RECALL, broken_indexes, hnsw_indexes, measure_recalls
from .pictures import storage_answers
from .reconcile import missing_keys, product_keys, surplus_keys
from .removal import find_left_over
from .status import measure_outbox
from .task_runs import troubles
from .version_figures import VersionCounts, count
from .versions import REMEDY

STALE_AFTER = timedelta(minutes=1)
# Rounding to half precision moves the length of a unit vector by less than this.
UNIT_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of one moment, and the products that cannot be indexed."""

    version_id: int | None
    checks: tuple[Check, ...]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed; a few failed products are reported, and not counted against it."""
        return all(check.passed for check in self.checks)


def verify() -> Verification:
    """Check the active version against the catalogue, the exact scan and the clock."""
    version = IndexVersion.objects.active()
    checks = [_extension(), _connections(), _outbox(), _versions(), _held(), _tasks()]
    failures = tuple(list_failures())
    if version is None:
        checks.insert(0, Check("active version", False, "No version is active; run: search_index rebuild"))
    else:
        counts = count(version)
        checks.insert(0, Check("active version", True, f"version {version.pk}, {version.artifact_name}"))
        checks += [
            _artifact(version),
            _storage(),
            _text_config(version),
            _entries(version),
            _documents(version),
            _cards(version),
            _wholly_indexed(len(failures)),
            _pictures(counts),
            _embeddings_present(version),
            _embeddings_valid(version),
            _indexes(version),
            _recall(version, counts),
        ]
    return Verification(None if version is None else version.pk, tuple(checks), failures)


def lacking(version: IndexVersion) -> list[Check]:
    """Return what a version that has just been built lacks although it is active, as the first one may be."""
    checks = (_wholly_indexed(len(list_failures())), _pictures(count(version)))
    return [check for check in checks if not check.passed]


def _extension() -> Check:
    installed = installed_version()
    detail = ".".join(map(str, installed)) if installed else "not installed"
    return Check("pgvector", installed is not None and installed >= MINIMUM, detail)


def _connections() -> Check:
    found = [*find_misrouted(), *(find_unusable() or find_unsafe())]
    if is_read_only():
        found.append(READ_ONLY)
    return Check("connections", not found, " ".join(found) or "nothing leads astray or is given to others")


def _outbox() -> Check:
    outbox = measure_outbox()
    waited = timezone.now() - outbox.oldest if outbox.oldest else timedelta(0)
    detail = (
        f"{outbox.waiting} waiting, the oldest for {waited.total_seconds():.0f} s; {outbox.parked} parked"
    )
    return Check("nothing stale older than a minute", waited <= STALE_AFTER, detail)


def _versions() -> Check:
    left_over = find_left_over()
    kept = IndexVersion.objects.count()
    return Check(
        "versions in order", not left_over, "; ".join(left_over) or f"{kept} kept, nothing left of others"
    )


def _held() -> Check:
    held = IndexVersion.objects.held().first()
    detail = "none" if held is None else f"version {held.pk}: {held.held} {REMEDY.format(held.pk)}"
    return Check("no version held back", held is None, detail)


def _tasks() -> Check:
    wrong = troubles()
    detail = " ".join(state.trouble for state in wrong) or "none failed, none is late"
    return Check("periodic tasks", not wrong, detail)


def _artifact(version: IndexVersion) -> Check:
    try:
        prove(find_artifact(version))
    except ArtifactError as error:
        return Check("artifact", False, str(error))
    if version.lack:
        return Check("artifact", False, f"It is here, but a worker lacks it. {version.lack}")
    return Check("artifact", True, f"{version.artifact_name}, {version.dimension} dimensions")


def _text_config(version: IndexVersion) -> Check:
    name = "text search configuration"
    try:
        try_text_config(version.config)
    except TextConfigError as error:
        return Check(name, False, str(error))
    wanted = get_settings().text_config
    other = "" if wanted == version.config else f"; the settings name {wanted}: search_index rebuild"
    return Check(name, True, f"{version.config}{other}")


def _storage() -> Check:
    try:
        return Check("storage", True, storage_answers(fresh=True))
    except StorageAway as error:
        return Check("storage", False, f"Pictures cannot be read: {error}")


def _entries(version: IndexVersion) -> Check:
    products = product_keys().count()
    missing, surplus = missing_keys(version).count(), surplus_keys(version).count()
    detail = f"{products} products, {missing} without entry, {surplus} entries without product"
    if not products:
        detail += "; the registered queryset finds none, so no search can find anything"
    return Check("one entry per product", products > 0 and missing == surplus == 0, detail)


def _wholly_indexed(failed: int) -> Check:
    products, most = product_keys().count(), get_settings().verify_max_failed
    passed = failed <= most * products
    detail = f"{failed} of {products} products failed"
    if not passed:
        detail += (
            f", more than VERIFY_MAX_FAILED ({most:.0%}); mend the cause, then run: search_index reindex"
        )
    return Check("products indexed wholly", passed, detail)


def _pictures(counts: VersionCounts) -> Check:
    if not counts.pictures:
        return Check("pictures embedded", True, "no product has a picture")
    passed = counts.without <= get_settings().verify_max_failed * counts.pictures
    detail = f"{counts.embedded} of {counts.pictures} pictures have an embedding"
    if not passed:
        detail += (
            "; the others are not found by what they look like. See that the worker can read the pictures' storage,"
            " then run: search_index reindex"
        )
    return Check("pictures embedded", passed, detail)


def _documents(version: IndexVersion) -> Check:
    noted, most = noted_documents(version), get_settings().verify_max_failed
    passed = noted.number <= most * IndexEntry.objects.filter(version=version).count()
    return Check("documents indexed as given", passed, noted.sentence if noted.number else "all")


def _cards(version: IndexVersion) -> Check:
    failing = failing_cards(version)
    return Check("cards", not failing.number, failing.sentence if failing.number else "lists can show all")


def _embeddings_present(version: IndexVersion) -> Check:
    waiting = StaleProduct.objects.values("product_key")
    without = (
        IndexEntry.objects.filter(version=version, error="")
        .filter(Q(text_embedding__isnull=True) | ~Q(embedded_hash=F("content_hash")))
        .exclude(product_key__in=waiting)
        .count()
    )
    images = EntryImage.objects.filter(version=version)
    without_image = images.filter(embedding__isnull=True, error="").count()
    detail = f"{images.count()} pictures, {without_image} without embedding; {without} entries without theirs"
    return Check("embeddings present", without == without_image == 0, detail)


def _embeddings_valid(version: IndexVersion) -> Check:
    wrong = 0
    for index in hnsw_indexes(version):
        with connection.cursor() as cursor:
            # NOT (... < tolerance) is true of NaN, too.
            cursor.execute(
                f"SELECT count(*) FROM {index.table} WHERE version_id = %s AND {index.column} IS NOT NULL AND NOT"
                f" (vector_dims({index.column}) = %s AND abs(l2_norm({index.column}) - 1) < %s)",
                [version.pk, version.dimension, UNIT_TOLERANCE],
            )
            wrong += cursor.fetchone()[0]
    detail = f"{wrong} not finite, not of unit length, or not of {version.dimension} dimensions"
    return Check("embeddings of unit length", wrong == 0, detail)


def _indexes(version: IndexVersion) -> Check:
    broken = broken_indexes(version)
    return Check("HNSW indexes valid", not broken, ", ".join(broken) or "both")


def _recall(version: IndexVersion, counts: VersionCounts) -> Check:
    name = "ANN recall@24"
    if broken_indexes(version):
        return Check(name, False, "not measured: an index is missing")
    passed, parts = True, []
    expected = {"pictures": counts.pictures, "texts": counts.entries}
    for kind, recall in measure_recalls(version).items():
        if recall is not None:
            passed = passed and recall >= MIN_ANN_RECALL
            parts.append(f"{kind} {recall:.4f}")
        elif expected[kind]:
            passed = False
            parts.append(f"{kind} not measured: no embeddings, though there are {expected[kind]} {kind}")
        else:
            parts.append(f"{kind} not measured: there are none")
    return Check(name, passed, f"{'; '.join(parts)}; at least {MIN_ANN_RECALL} of the exact scan")
