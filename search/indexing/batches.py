"""Index one batch of claimed products in every version that receives changes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError

from ..exceptions import HostError
from ..models import IndexVersion, ProductTag
from ..products import load_each
from ..registry import ProductIndex, get_index
from ..resilience import SparingLogger
from . import outbox
from .brief import brief_transaction
from .documents import PreparedProduct, prepare
from .embedding import EmbeddedBatch, Embedder
from .leases import Lease
from .outbox import Claim
from .writing import delete_entries, lock_written, write_entries, write_errors, write_notes, write_texts

sparing = SparingLogger(logging.getLogger(__name__))


@dataclass(slots=True)
class PreparedBatch:
    """The claimed products by what is to happen to them."""

    products: dict[str, PreparedProduct] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)  # deleted or not published any more
    failures: dict[str, str] = field(default_factory=dict)  # key -> reason why the host's code failed for it


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
        write_notes({product.key: product.noted for product in products})
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
        write_notes({key: product.noted for key, product in batch.products.items() if key in held})
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
    return batch


def _say(product: PreparedProduct) -> None:
    """Log what was changed of a document, of each kind and field the first in a while; the entries keep all of it."""
    for note in product.notes:
        sparing.warning((note.field, note.what), "The document of product %s: %s", product.key, str(note))
    if product.card_failure:
        sparing.warning("card", "Lists cannot show product %s: %s", product.key, product.card_failure)
