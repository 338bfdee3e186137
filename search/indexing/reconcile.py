"""Find products whose entries say something else, for writes that send no signals (`bulk_update`, SQL)."""

from collections.abc import Sequence
from typing import Any

from ..models import IndexEntry, IndexVersion, ProductTag, StaleProduct
from ..registry import ProductIndex, get_index
from .catalogue import product_chunks, surplus_keys
from .documents import prepare
from .entering import enter, enter_absent, gather_marks
from .locks import confirm_locks
from .unhurried import unhurried

CHUNK = 500  # products per read


@unhurried()
def reconcile() -> int:
    """Compare every product's content hash with its entries, and mark those that differ; return how many.

    Products that wait in the outbox are left to it. Parked ones are marked only if they have changed.
    """
    index = get_index()
    versions = list(IndexVersion.objects.written())
    if not versions:
        return 0
    marked = sum(_reconcile(index, versions, products) for products in product_chunks(CHUNK))
    return marked + sum(enter_absent(surplus_keys(version).iterator()) for version in versions)


def _reconcile(index: ProductIndex, versions: Sequence[IndexVersion], products: Sequence[Any]) -> int:
    confirm_locks()
    keys = [str(product.pk) for product in products]
    gather_marks()  # each change that was read with these products has its mark
    waiting = set(
        StaleProduct.objects.filter(parked=False, product_key__in=keys).values_list("product_key", flat=True)
    )
    entries = {
        (version_id, key): (content_hash, embedded_hash)
        for version_id, key, content_hash, embedded_hash in IndexEntry.objects.filter(
            version__in=versions, product_key__in=keys
        ).values_list("version_id", "product_key", "content_hash", "embedded_hash")
    }
    tags = ProductTag.objects.accepted_of(keys)
    changed, unfinished = [], []
    for product, key in zip(products, keys, strict=True):
        if key in waiting:
            continue
        try:
            prepared = prepare(index, product, tags.get(key, ()))
        except Exception:  # noqa: BLE001 - the worker meets the same error, and keeps its reason with the product
            unfinished.append(key)
            continue
        # Each version has a text search configuration of its own, which is part of its hashes.
        held = [
            (prepared.content_hash(version.config), *entries.get((version.pk, key), ("", "")))
            for version in versions
        ]
        if any(content and content != wanted for wanted, content, _ in held):
            changed.append(key)
        elif any(embedded != wanted for wanted, _, embedded in held):
            unfinished.append(key)
    return enter(changed, reread=False) + enter_absent(unfinished)
