"""Verify that the index says what the catalogue says: all probes, and some that are too costly for anything else."""

# ruff: noqa: S608 - only names of the plugin's own tables, columns and constants are put into statements

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q

from ..conf import get_settings
from ..indexing.failures import Failure, list_failures
from ..indexing.hnsw import MIN_ANN_RECALL, broken_indexes, hnsw_indexes, measure_recalls
from ..indexing.reconcile import missing_keys, product_keys, surplus_keys
from ..models import EntryImage, IndexEntry, IndexVersion, KeptCount, StaleProduct
from .index_probes import probe_cards, probe_documents, probe_pictures, probe_staleness
from .probes import Finding, State
from .service_probes import probe_connections, probe_postgres, probe_storage, probe_tasks
from .version_probes import (
    probe_held,
    probe_hnsw,
    probe_text_config,
    probe_version,
    probe_version_artifact,
    probe_versions,
)

# Rounding to half precision moves the length of a unit vector by less than this.
UNIT_TOLERANCE = 0.01
CATEGORIES = 10  # within which kept counts are compared


@dataclass(frozen=True, slots=True)
class Verification:
    """All findings of one moment, and the products that cannot be indexed."""

    version_id: int | None
    checks: tuple[Finding, ...]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed; a few failed products are reported, and not counted against it."""
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "version_id": self.version_id,
            "checks": [
                {"name": str(check.name), "passed": check.passed, "detail": str(check.detail)}
                for check in self.checks
            ],
            "failures": [asdict(failure) for failure in self.failures],
            "passed": self.passed,
        }


def verify() -> Verification:
    """Check the active version against the catalogue, the exact scan and the clock."""
    version = IndexVersion.objects.active()
    checks = [
        probe_version(version).renamed("active version"),
        probe_postgres().renamed("pgvector"),
        probe_connections().renamed("connections"),
        probe_staleness(of_builds=True).renamed("nothing stale older than a minute"),
        probe_versions().renamed("versions in order"),
        probe_held().renamed("no version held back"),
        probe_tasks().renamed("periodic tasks"),
    ]
    failures = tuple(list_failures())
    if version is not None:
        checks += [
            probe_version_artifact(version).renamed("artifact"),
            probe_storage(fresh=True).renamed("storage"),
            probe_text_config(version).renamed("text search configuration"),
            _compare_entries(version),
            _compare_counts(version),
            probe_documents(version).renamed("documents indexed as given"),
            probe_cards(version).renamed("cards"),
            _count_failed(failures),
            probe_pictures(version).renamed("pictures embedded"),
            _count_missing_embeddings(version),
            _measure_lengths(version),
            probe_hnsw(version).renamed("HNSW indexes valid"),
            _measure_recall(version),
        ]
    return Verification(None if version is None else version.pk, tuple(checks), failures)


def lacking(version: IndexVersion) -> list[Finding]:
    """Return what a version that has just been built lacks although it is active, as the first one may be."""
    checks = (_count_failed(list_failures()), probe_pictures(version).renamed("pictures embedded"))
    return [check for check in checks if not check.passed]


def _finding(name: str, passed: bool, sentence: str, remedy: str = "") -> Finding:
    return Finding(name, State.OK if passed else State.BROKEN, sentence, remedy)


def _compare_entries(version: IndexVersion) -> Finding:
    products = product_keys().count()
    missing, surplus = missing_keys(version).count(), surplus_keys(version).count()
    sentence = f"{products} products, {missing} without entry, {surplus} entries without product."
    if not products:
        sentence += " The registered queryset finds none, so no search can find anything."
    remedy = "Run: manage.py search_index reconcile"
    return _finding("one entry per product", products > 0 and missing == surplus == 0, sentence, remedy)


def _compare_counts(version: IndexVersion) -> Finding:
    name, remedy = "counts kept as counted", "Run: manage.py search_index recount"
    if not KeptCount.objects.are_kept():
        sentence = "The triggers that keep counts are gone or disabled, so that category pages count wrongly."
        return _finding(
            name,
            False,
            sentence,
            f"Enable them: ALTER TABLE fashion_search_indexentry ENABLE TRIGGER USER. {remedy}",
        )
    if not version.counted:
        return _finding(
            name, True, "Not kept yet: pages count for themselves, until advance_builds has counted."
        )
    places = KeptCount.objects.some_places(version, CATEGORIES)
    wrong = sum(KeptCount.objects.wrong(version, place) for place in places)
    sentence = f"{wrong} wrong, of the whole index and within {len(places) - 1} of its categories."
    return _finding(name, not wrong, sentence, remedy)


def _count_failed(failures: Sequence[Failure]) -> Finding:
    products, most = product_keys().count(), get_settings().verify_max_failed
    return _finding(
        "products indexed wholly",
        len(failures) <= most * products,
        f"{len(failures)} of {products} products failed.",
        f"These are more than VERIFY_MAX_FAILED ({most:.0%}); mend the cause, then run: manage.py search_index reindex",
    )


def _count_missing_embeddings(version: IndexVersion) -> Finding:
    waiting = StaleProduct.objects.values("product_key")
    without = (
        IndexEntry.objects.filter(version=version, error="")
        .filter(Q(text_embedding__isnull=True) | ~Q(embedded_hash=F("content_hash")))
        .exclude(product_key__in=waiting)
        .count()
    )
    images = EntryImage.objects.filter(version=version)
    without_image = images.filter(embedding__isnull=True, error="").count()
    sentence = (
        f"{images.count()} pictures, {without_image} without embedding; {without} entries without theirs."
    )
    return _finding("embeddings present", without == without_image == 0, sentence)


def _measure_lengths(version: IndexVersion) -> Finding:
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
    sentence = f"{wrong} not finite, not of unit length, or not of {version.dimension} dimensions."
    return _finding("embeddings of unit length", wrong == 0, sentence)


def _measure_recall(version: IndexVersion) -> Finding:
    name = "ANN recall@24"
    if broken_indexes(version):
        return _finding(name, False, "Not measured: an index is missing.")
    there_are = {"pictures": EntryImage.objects, "texts": IndexEntry.objects}
    passed, parts, remedy = True, [], ""
    for kind, recall in measure_recalls(version).items():
        if recall is not None:
            parts.append(f"{kind} {recall:.4f}")
            if recall < MIN_ANN_RECALL:
                passed, remedy = False, "Raise HNSW_M, HNSW_EF_CONSTRUCTION or EF_SEARCH and rebuild."
        elif number := there_are[kind].filter(version=version).count():
            passed = False
            parts.append(f"{kind} not measured: no embeddings, though there are {number} {kind}")
        else:
            parts.append(f"{kind} not measured: there are none")
    return _finding(name, passed, f"{'; '.join(parts)}; at least {MIN_ANN_RECALL} of the exact scan.", remedy)
