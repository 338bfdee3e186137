"""Checks of the index: the version that searches use, its artifact, its HNSW indexes, and how stale it is."""

from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import artifact_in_settings, find_artifact, prove
from ..exceptions import ArtifactError, NoIndexRegistered, TextConfigError
from ..indexing.databases import try_text_config
from ..indexing.failures import failing_cards, noted_documents
from ..indexing.hnsw import MIN_ANN_RECALL, broken_indexes
from ..indexing.reconcile import product_keys
from ..indexing.removal import find_left_over
from ..indexing.status import count_pictures
from ..indexing.versions import versions_without_artifact
from ..models import Build, IndexEntry, IndexVersion, StaleMark, StaleProduct
from ..products import describe_failure
from .services import Check, State, count, span

STALE_SECONDS = 60.0
MOST_PICTURES = 0.5  # without embedding: photos and similar products find nearly nothing
LOST_SECONDS = 900.0  # nobody has indexed anything for so long


def check_index() -> list[Check]:
    """Look at the active version, or say that there is none."""
    version = IndexVersion.objects.active()
    if version is None:
        on_its_way = Build.objects.running().filter(kind=Build.Kind.REBUILD).exists()
        return [
            Check(
                "Active version",
                State.BROKEN,
                "No version is active; shoppers search by keyword at best.",
                "Wait for the build that runs." if on_its_way else "Start a rebuild.",
            )
        ]
    return [
        Check(
            "Active version",
            State.OK,
            f"Version {version.pk}, {version.artifact_name}, active for {_age(version.activated_at)}.",
        ),
        check_artifact(version),
        check_text_config(version),
        check_hnsw(version),
        check_recall(version),
        check_pictures(version),
        check_entries(version),
        check_documents(version),
        check_cards(version),
    ]


def check_held() -> Check:
    """Say whether a new version is held back, since it is clearly worse than the active one."""
    name = "New version"
    held = IndexVersion.objects.held().first()
    if held is None:
        return Check(name, State.OK, "None is held back.")
    return Check(
        name,
        State.ATTENTION,
        f"Version {held.pk} is not activated: {held.held}",
        "Mend the cause and start a reindex: it is activated by itself once it is no worse than the active one. Or"
        " look at both side by side at Index versions, and activate it all the same or give it up.",
    )


def check_artifact(version: IndexVersion) -> Check:
    """Compare the artifacts of the version and of the settings, checksums and all."""
    name = "Artifact"
    try:
        own = find_artifact(version)
        prove(own)
        wanted = artifact_in_settings()
    except (ArtifactError, ImproperlyConfigured) as error:
        return Check(
            name,
            State.BROKEN,
            f"Queries are answered by keyword only: {error}",
            f"Put the artifact {version.artifact_name} back, or correct FASHION_SEARCH['ARTIFACT'] and rebuild.",
        )
    if version.lack:
        return Check(
            name,
            State.BROKEN,
            f"A worker lacks it and embeds nothing. {version.lack}",
            "Put the artifact there, into a folder that the worker's settings name; it needs no restart.",
        )
    if wanted.manifest.fingerprint != version.fingerprint:
        return Check(
            name,
            State.ATTENTION,
            f"The settings name {wanted.manifest.name}, version {version.pk} was built with {version.artifact_name}.",
            "Start a rebuild to change over.",
        )
    lost = [f"version {other.pk}: {reason}" for other, reason in versions_without_artifact()]
    if lost:
        return Check(
            name,
            State.ATTENTION,
            f"Nobody could go back to {' '.join(lost)}",
            "Put the artifact back, or let the version go with the next rebuild.",
        )
    return Check(name, State.OK, f"{version.artifact_name} matches the active version.")


def check_text_config(version: IndexVersion) -> Check:
    """Compare the text search configurations of the version and of the settings, and have Postgres use both."""
    name = "Text search configuration"
    wanted = get_settings().text_config
    try:
        try_text_config(version.config)
    except TextConfigError as error:
        return Check(name, State.BROKEN, f"Searches fail: {error}", "Bring it back in Postgres, or rebuild.")
    if wanted == version.config:
        return Check(name, State.OK, f"{wanted}, as in the active version.")
    try:
        try_text_config(wanted)
    except TextConfigError as error:
        return Check(name, State.ATTENTION, str(error), "Correct FASHION_SEARCH['TEXT_CONFIG'].")
    return Check(
        name,
        State.ATTENTION,
        f"The settings name {wanted}, version {version.pk} was built with {version.config}, which searches go on with.",
        "Start a rebuild to change over.",
    )


def check_hnsw(version: IndexVersion) -> Check:
    """Read from Postgres whether both HNSW indexes are valid."""
    broken = broken_indexes(version)
    if not broken:
        return Check("HNSW indexes", State.OK, "Both are valid.")
    return Check(
        "HNSW indexes",
        State.BROKEN,
        f"Missing or invalid: {', '.join(broken)}; every search reads all embeddings.",
        "A worker builds them again within seconds if Celery beat runs; see that it does.",
    )


def check_recall(version: IndexVersion) -> Check:
    """Look at the ANN recall that was measured when the version was built."""
    name = "ANN recall"
    if version.ann_recall is None:
        if not IndexEntry.objects.filter(version=version).exists():
            return Check(name, State.OK, "Nothing to measure: no product is in the version.")
        return Check(
            name,
            State.BROKEN,
            "Not measured: the version has no embeddings; searches are by keyword only.",
            "Read the worker's log for what the encoder says, then start a reindex.",
        )
    sentence = (
        f"{version.ann_recall:.3f} of the exact scan's nearest 24 were found when the version was built."
    )
    if version.ann_recall >= MIN_ANN_RECALL:
        return Check(name, State.OK, sentence)
    return Check(
        name, State.ATTENTION, sentence, "Raise HNSW_M, HNSW_EF_CONSTRUCTION or EF_SEARCH and rebuild."
    )


def check_pictures(version: IndexVersion) -> Check:
    """Count the pictures that have no embedding, so that no search finds their products by what they look like."""
    name = "Picture embeddings"
    pictures, without = count_pictures(version)
    if not pictures:
        return Check(name, State.OK, "No product has a picture.")
    sentence = f"{pictures - without:,} of {count(pictures, 'picture')} have an embedding."
    if without <= get_settings().verify_max_failed * pictures:
        return Check(name, State.OK, sentence)
    return Check(
        name,
        State.BROKEN if without > MOST_PICTURES * pictures else State.ATTENTION,
        f"{sentence} The others are not found by what they look like.",
        "See that the workers can read the pictures' storage, then start a reindex.",
    )


def check_entries(version: IndexVersion) -> Check:
    """Compare the numbers of products and of entries; a build or the outbox accounts for a difference."""
    try:
        products = product_keys().count()
    except NoIndexRegistered as error:
        return Check(
            "Entries", State.BROKEN, str(error), "Register the product model in a search_index module."
        )
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - the host's code
        return Check(
            "Entries",
            State.BROKEN,
            f"No product can be read: {describe_failure('get_queryset', error)}.",
            "Correct get_queryset() of the shop's ProductIndex: searches fail and nothing is indexed meanwhile.",
        )
    entries = IndexEntry.objects.filter(version=version).count()
    unsettled = StaleMark.objects.count() + StaleProduct.objects.count()
    sentence = f"{count(products, 'product')}, {entries:,} of them in the index."
    if not products:
        return Check(
            "Entries",
            State.BROKEN,
            "The registered queryset finds no product, so no search can find anything.",
            "Publish products, or correct get_queryset of the registered index.",
        )
    if abs(products - entries) <= unsettled:
        return Check("Entries", State.OK, sentence)
    return Check(
        "Entries",
        State.ATTENTION,
        f"{count(products, 'product')}, but {entries:,} entries in the index, and nothing waits for it.",
        "Run: manage.py search_index reconcile. It finds what was written without signals.",
    )


def check_versions() -> Check:
    """Look for versions that maintenance cannot cope with, and for what is left of those that are gone."""
    name = "Versions"
    left_over = find_left_over()
    if not left_over:
        return Check(
            name, State.OK, f"{count(IndexVersion.objects.count(), 'version')} kept, nothing left of others."
        )
    return Check(
        name,
        State.ATTENTION,
        f"{left_over[0]}{f', and {len(left_over) - 1} more' if len(left_over) > 1 else ''}.",
        "Correct what the reason names; a worker tries again every few seconds if Celery beat runs.",
    )


def check_documents(version: IndexVersion) -> Check:
    """Say whether something of documents was left out or changed when they were indexed."""
    name, noted = "Documents", noted_documents(version)
    if not noted.number:
        return Check(name, State.OK, "All are indexed as the shop gives them.")
    return Check(
        name,
        State.ATTENTION,
        f"Of {count(noted.number, 'product')} something was left out or changed. The first, {noted.first}",
        "Correct document() of the shop's ProductIndex, or the product; search_index reconcile then looks again.",
    )


def check_cards(version: IndexVersion) -> Check:
    """Say whether lists can show the products: a card() that fails leaves its product out."""
    name, failing = "Cards", failing_cards(version)
    if not failing.number:
        return Check(name, State.OK, "Lists can show all products.")
    return Check(
        name,
        State.BROKEN,
        f"Lists leave {count(failing.number, 'product')} out. The first, {failing.first}",
        "Correct card() of the shop's ProductIndex, or the product; search_index reconcile then looks again.",
    )


def check_staleness() -> Check:
    """Look for how long products have waited in the outbox; those that a running build marked wait their turn."""
    planned = Q(attempts__gt=0, next_attempt_at__gt=Now())
    in_turn = Q(backfill=True) if Build.objects.running().exists() else Q(pk=None)
    waiting = StaleProduct.objects.filter(parked=False).exclude(in_turn)
    marks = StaleMark.objects.exclude(in_turn)  # before the outbox, into which they go
    number = marks.beside(waiting).values("product_key").distinct().count()
    oldest_mark = marks.aggregate(oldest=Min("marked_at"))["oldest"]
    counted = waiting.aggregate(number=Count("pk"), oldest=Min("marked_at", filter=~planned))
    number += counted["number"]
    oldest = min(filter(None, (counted["oldest"], oldest_mark)), default=None)
    name = "Up to date"
    if oldest is None:
        if number:
            return Check(
                name, State.OK, f"{count(number, 'changed product')} failed and will be tried again."
            )
        return Check(name, State.OK, "No changed product waits.")
    waited = (timezone.now() - oldest).total_seconds()
    sentence = f"{count(number, 'changed product')} not indexed yet, the oldest for {span(waited)}."
    if waited <= STALE_SECONDS:
        return Check(name, State.OK, sentence)
    remedy = "See that a Celery worker and beat run; if they do, more workers make it quicker."
    return Check(name, State.BROKEN if waited > LOST_SECONDS else State.ATTENTION, sentence, remedy)


def _age(moment: datetime | None) -> str:
    return span(((timezone.now() - moment) if moment else timedelta(0)).total_seconds())
