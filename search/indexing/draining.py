"""Work off the outbox: keyword parts in large batches first, then embeddings in small ones."""

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from django.db import transaction

from ..conf import get_settings
from ..models import IndexVersion
from . import builds, outbox
from .batches import index_batch, index_texts
from .embedding import Embedder
from .entering import gather_what_can_be
from .outbox import Claim
from .writing import write_errors

logger = logging.getLogger(__name__)

TEXT_BATCH = 500  # products per batch of keyword parts; one statement per version


def index_due(*, seconds: float) -> bool:
    """Index what is due, for about `seconds`; return whether anything due may be left.

    Args:
        seconds: no new batch begins after this many; a batch takes about a second.
    """
    end = monotonic() + seconds
    with transaction.atomic():
        write_errors(outbox.park_exhausted())
    while monotonic() < end:
        if not _index_next():
            return False
    return True


def _index_next() -> bool:
    batch_size = get_settings().batch_size
    gather_what_can_be()
    # Looked at before anything is claimed: a worker without an artifact must not take what others could do.
    embedder = Embedder(list(IndexVersion.objects.written()))
    lacking = embedder.lacking
    claims = outbox.claim_texts(TEXT_BATCH, lacking)
    if len(claims) > batch_size or (claims and embedder.has_none):
        _guarded(index_texts, claims)
        builds.move(0)
        return True
    if embedder.has_none:
        return False
    # A few changed products need no pass of their own: a batch writes their keyword part, too.
    claims = claims or outbox.claim_fresh(batch_size, lacking)
    if claims:
        _guarded(index_batch, claims)
    retry = outbox.claim_retry(lacking)
    if retry:
        _guarded(index_batch, retry)
    if claims or retry:
        builds.move(len(claims) + len(retry))
    return bool(claims or retry)


def _guarded(index: Callable[[Sequence[Claim]], None], claims: Sequence[Claim]) -> None:
    try:
        index(claims)
    except Exception as error:
        # Neither a picture nor a document: the database, the host's queryset, a time limit. The products come
        # back later and uncounted; the task fails where operators look.
        outbox.postpone(claims, f"{type(error).__name__}: {str(error)[:500]}")
        raise
