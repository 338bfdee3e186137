"""Work off the outbox, batch by batch: keyword parts in large batches first, then embeddings in small ones.

Each batch is written in every version that receives changes.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, transaction

from ..conf import get_settings
from ..exceptions import HostError
from ..models import Build, IndexVersion, ProductTag
from ..registry import ProductIndex, get_index, load_each
from ..resilience import SparingLogger
from . import outbox
from .documents import PreparedProduct, prepare
from .embedding import EmbeddedBatch, Embedder
from .entries import delete_entries, lock_written, write_cards, write_entries, write_errors, write_texts
from .outbox import Claim, Lease, brief_transaction

sparing = SparingLogger(logging.getLogger(__name__))
SAME_REASON = 60  # characters by which reasons are taken for one, of which the first is logged at once

TEXT_BATCH = 500  # products per batch of keyword parts; one statement per version


@dataclass(slots=True)
class PreparedBatch:
    """The claimed products by what is to happen to them."""

    products: dict[str, PreparedProduct] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)  # deleted or not published any more
    failures: dict[str, str] = field(default_factory=dict)  # key -> reason why the host's code failed for it


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
    outbox.gather_what_can_be()
    # Looked at before anything is claimed: a worker without an artifact must not take what others could do.
    embedder = Embedder(list(IndexVersion.objects.written()))
    lacking = embedder.lacking
    claims = outbox.claim_texts(TEXT_BATCH, lacking)
    if len(claims) > batch_size or (claims and embedder.has_none):
        _guarded(index_texts, claims)
        Build.objects.note_batch(0)
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
        Build.objects.note_batch(len(claims) + len(retry))
    return bool(claims or retry)


def _guarded(index: Callable[[Sequence[Claim]], None], claims: Sequence[Claim]) -> None:
    try:
        index(claims)
    except Exception as error:
        # Neither a picture nor a document: the database, the host's queryset, a time limit. The products come
        # back later and uncounted; the task fails where operators look.
        outbox.postpone(claims, f"{type(error).__name__}: {str(error)[:500]}")
        raise


def index_texts(claims: Sequence[Claim]) -> None:
    """Write the keyword part of products, so that they are found by their words before they are embedded."""
    versions = list(IndexVersion.objects.written())
    batch = _prepare(get_index(), claims, Lease(claims))
    # What this worker cannot embed says so while it waits for one that can.
    embedder = Embedder(versions)
    reason = embedder.lacking if embedder.has_none else ""

    def write(held: set[str], written: Sequence[IndexVersion]) -> None:
        products = [product for key, product in batch.products.items() if key in held]
        for version in written:
            write_texts(version, products)
        write_cards(products)
        _settle_rest(batch, held)
        outbox.settle_texts((product.key for product in products), reason)

    _write_or_halve(claims, versions, write)


def index_batch(claims: Sequence[Claim]) -> None:
    """Write products with their embeddings; a product that fails is kept in the outbox with its reason."""
    versions = list(IndexVersion.objects.written())
    lease = Lease(claims)
    batch = _prepare(get_index(), claims, lease)
    embedder = Embedder(versions)
    trusted = {claim.key for claim in claims if not claim.reread}
    embedded = embedder.embed(batch.products, trusted=trusted, alive=lease.renew)

    def write(held: set[str], written: Sequence[IndexVersion]) -> None:
        for version in written:
            if version.pk in embedder.unavailable:
                write_texts(version, [product for key, product in batch.products.items() if key in held])
            else:
                _write_version(embedded, version, held)
        write_cards(product for key, product in batch.products.items() if key in held)
        _settle_rest(batch, held)
        failures = {key: reason for key, reason in embedded.failures.items() if key in held}
        outbox.settle_failures(failures)
        put_off = {key: reason for key, reason in embedded.put_off.items() if key in held}
        outbox.put_off(put_off)
        done = [key for key in batch.products if key in held and key not in failures | put_off]
        if embedder.unavailable:
            outbox.leave(done, embedder.lacking)
        else:
            outbox.settle(done)

    _write_or_halve(claims, versions, write)


def _write_version(embedded: EmbeddedBatch, version: IndexVersion, held: set[str]) -> None:
    write_entries(
        version,
        [entry for entry in embedded.entries[version.pk] if entry.product.key in held],
        [image for image in embedded.images[version.pk] if image.key in held],
    )


def _settle_rest(batch: PreparedBatch, held: set[str]) -> None:
    gone = [key for key in batch.gone if key in held]
    delete_entries(gone)
    outbox.settle(gone)
    failures = {key: reason for key, reason in batch.failures.items() if key in held}
    write_errors(failures)
    outbox.settle_failures(failures)


def _write_or_halve(
    claims: Sequence[Claim],
    read: Sequence[IndexVersion],
    write: Callable[[set[str], Sequence[IndexVersion]], None],
) -> None:
    # Postgres refuses a whole statement for one value that it cannot store; halving finds the product it is.
    try:
        with brief_transaction():
            held, written = outbox.hold(claims), lock_written()
            known = {version.pk: version for version in read}
            if known.keys() >= set(written):
                write(held, [known[version_id] for version_id in written])
            else:
                # One receives changes by now that did not when the batch was read, as after going back to it: what
                # was read would miss it, and settling would say that it has everything.
                outbox.give_back(held)
    except DataError as error:
        if len(claims) > 1:
            middle = len(claims) // 2
            _write_or_halve(claims[:middle], read, write)
            _write_or_halve(claims[middle:], read, write)
            return
        with brief_transaction():
            failures = dict.fromkeys(outbox.hold(claims), f"Postgres refused the entry: {str(error)[:500]}")
            write_errors(failures)
            outbox.settle_failures(failures)


def _prepare(index: ProductIndex, claims: Sequence[Claim], lease: Lease) -> PreparedBatch:
    loaded = load_each([claim.key for claim in claims])
    batch = PreparedBatch(failures=dict(loaded.failures))
    tags = ProductTag.objects.accepted_of(loaded.products)
    for claim in claims:
        lease.renew()
        if claim.key in loaded.failures:
            continue
        product = loaded.products.get(claim.key)
        if product is None:
            batch.gone.append(claim.key)
            continue
        try:
            prepared = prepare(index, product, tags.get(claim.key, ()))
        except SoftTimeLimitExceeded:
            raise
        except HostError as error:  # this product's, not the batch's
            batch.failures[claim.key] = str(error)
            continue
        batch.products[claim.key] = prepared
        _say(prepared)
    for key, reason in batch.failures.items():
        sparing.warning(reason[:SAME_REASON], "Product %s cannot be indexed: %s", key, reason)
    return batch


def _say(product: PreparedProduct) -> None:
    """Log what was changed of a document, of each kind and field the first in a while; the entries keep all of it."""
    for note in product.notes:
        sparing.warning((note.field, note.what), "The document of product %s: %s", product.key, str(note))
    if product.card_failure:
        sparing.warning("card", "Lists cannot show product %s: %s", product.key, product.card_failure)
