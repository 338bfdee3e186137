"""Bring a build to its end: everything in, indexes, ANN recall, ready, active. Every step may be repeated."""

import logging
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import BuildGivenUp
from ..models import Build, IndexVersion, StaleProduct
from ..resilience import Attempts
from . import builds, comparing, versions
from .beginning import begin_waiting
from .cancelling import clear_cancelled
from .catalogue import missing_keys, surplus_keys, unembedded_keys
from .dropping import drop_superseded, forget_troubles, note_trouble
from .entering import enter_absent, gather_marks
from .hnsw import build_indexes
from .lexicon import build_lexicon
from .text_config import note_text_config
from .unhurried import unhurried

logger = logging.getLogger(__name__)

State = IndexVersion.State
Step = Build.Step


@unhurried()
def advance_all() -> None:
    """Take every build as far as it can go now, mend broken indexes, and drop what is superseded.

    What fails keeps its reason with its version and its build, is tried again next time, and stops nothing else.

    Raises:
        Exception: one thing failed; everything else was done.
        ExceptionGroup: several things failed.
    """
    began = builds.moment()
    with Attempts("Advancing builds") as attempts:
        with attempts.at("noting text search configurations"):
            note_text_config()
        for version in IndexVersion.objects.filter(state=State.BUILDING).order_by("pk"):
            with attempts.at(f"finishing {version}", partial(_note, version)):
                _finish_unless_given_up(version)
        with attempts.at("ending a reindex"):
            if not builds.waiting_products().exists():
                builds.end_reindex()
        whole = IndexVersion.objects.filter(state__in=(State.READY, State.ACTIVE), built_at__isnull=False)
        for version in whole:
            with attempts.at(f"mending the indexes of {version}", partial(_note, version)):
                for name in build_indexes(version):
                    logger.warning("The index %s was missing or invalid and has been built again.", name)
        for version in IndexVersion.objects.held():
            with attempts.at(f"comparing {version} again", partial(_note, version)):
                comparing.look_again(version)
        ready = IndexVersion.objects.filter(state=State.READY, error="", held="").order_by("-pk").first()
        active = IndexVersion.objects.active()
        if ready is not None and (active is None or ready.pk > active.pk):
            with attempts.at(f"activating {ready}", partial(_note, ready)):
                versions.activate(ready.pk)
        with attempts.at("noting where artifacts are"):
            for sentence in versions.mend_folders():
                logger.warning("%s", sentence)
        with attempts.at("clearing what cancelled builds left"):
            clear_cancelled()
        with attempts.at("dropping what is superseded"):
            drop_superseded()
        with attempts.at("beginning the build that waits"):
            begin_waiting()
        forget_troubles(before=began)


def _finish_unless_given_up(version: IndexVersion) -> None:
    try:
        _finish(version)
    except BuildGivenUp as given_up:
        logger.info("%s", given_up)


def _note(version: IndexVersion, trouble: str) -> None:
    """Keep what went wrong with the version, and with the build that makes it, which goes on."""
    note_trouble(version.pk, trouble)
    builds.note_trouble(builds.of_version(version.pk), trouble)


def is_complete(version: IndexVersion) -> bool:
    """Return whether every product is in a version with its embeddings; enters those that nobody is working on.

    Products that were changed a moment ago may still be on their way: under steady change there is never a
    moment without any, and they reach the version in whatever state it is.
    """
    if version.total is None:
        versions.fill(version)
        return False
    batch_size = get_settings().batch_size
    open_keys: list[str] = []
    for keys in (unembedded_keys(version), missing_keys(version), surplus_keys(version)):
        open_keys += keys[: batch_size + 1]
        if len(open_keys) > batch_size:
            break
    gather_marks()  # each change that was seen just now has its mark
    changed_or_parked = StaleProduct.objects.filter(product_key__in=open_keys).exclude(
        backfill=True, parked=False
    )
    blocking = set(open_keys) - set(changed_or_parked.values_list("product_key", flat=True))
    enter_absent(blocking)
    return not blocking and len(open_keys) <= batch_size


def _finish(version: IndexVersion) -> None:
    if not is_complete(version):
        builds.enter(version.pk, Step.ENCODING)
        return
    builds.enter(version.pk, Step.INDEXING)
    built = build_indexes(version)
    logger.info("%s: built %s", version, ", ".join(built) or "no index")
    builds.enter(version.pk, Step.VERIFYING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE fashion_search_indexentry, fashion_search_entryimage")
    build_lexicon(version)
    version.state, version.built_at = State.READY, timezone.now()  # so it can be searched to compare it
    compared = comparing.compare(version, IndexVersion.objects.active())
    if compared.held:
        logger.error("%s is held back: %s", version, compared.held)
    builds.enter(version.pk, Step.SWITCHING)
    with transaction.atomic():
        # A build that was cancelled or replaced meanwhile stays failed.
        IndexVersion.objects.filter(pk=version.pk, state=State.BUILDING).update(
            ann_recall=comparing.lower_recall(compared.new),
            figures=compared.to_json(),
            held=compared.held,
            error="",
            state=version.state,
            built_at=version.built_at,
        )
        if compared.held:
            builds.end(Build.State.FAILED, version_id=version.pk, reason=f"Not activated: {compared.held}")
