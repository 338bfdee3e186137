"""Find products whose entries say something else, for writes that send no signals (`bulk_update`, SQL)."""

from collections.abc import Sequence

from ..exceptions import HostError
from ..models import IndexEntry, IndexVersion, ProductTag, StaleProduct
from ..products import Loaded, read_all
from ..registry import ProductIndex, get_index
from .connections import unhurried
from .documents import PreparedProduct, prepare
from .locks import confirm_locks
from .marks import enter, enter_absent
from .outbox import gather_marks
from .writing import surplus_keys, write_notes


@unhurried()
def reconcile() -> int:
    """Compare every product's content hash with its entries, and mark those that differ; return how many.

    Products that wait in the outbox are left to it. Parked ones are marked only if they have changed.
    """
    index = get_index()
    versions = list(IndexVersion.objects.written())
    if not versions:
        return 0
    marked = sum(_reconcile(index, versions, loaded) for loaded in read_all())
    return marked + sum(enter_absent(surplus_keys(version).iterator()) for version in versions)


def _reconcile(index: ProductIndex, versions: Sequence[IndexVersion], loaded: Loaded) -> int:
    confirm_locks()
    keys = [*loaded.products, *loaded.failures]
    gather_marks()  # each change that was read with these products has its mark
    waiting = set(
        StaleProduct.objects.filter(parked=False, product_key__in=keys).values_list("product_key", flat=True)
    )
    entries = {
        (version_id, key): (content_hash, embedded_hash, notes)
        for version_id, key, content_hash, embedded_hash, notes in IndexEntry.objects.filter(
            version__in=versions, product_key__in=keys
        ).values_list("version_id", "product_key", "content_hash", "embedded_hash", "notes")
    }
    tags = ProductTag.objects.accepted_of(keys)
    changed, unfinished, noted = [], [], {}
    for key in keys:
        if key in waiting:
            continue
        try:
            prepared = _prepared(index, key, loaded, tags.get(key, ()))
        except HostError:  # the worker meets the same error, and keeps its reason with the product
            unfinished.append(key)
            continue
        # Each version has a text search configuration of its own, which is part of its hashes.
        held = [
            (prepared.content_hash(version.config), *entries.get((version.pk, key), ("", "", "")))
            for version in versions
        ]
        if any(content and content != wanted for wanted, content, _, _ in held):
            changed.append(key)
        elif any(embedded != wanted for wanted, _, embedded, _ in held):
            unfinished.append(key)
        elif any(notes != prepared.noted for _, _, _, notes in held):
            noted[key] = prepared.noted
    write_notes(noted)
    return enter(changed, reread=False) + enter_absent(unfinished)


def _prepared(index: ProductIndex, key: str, loaded: Loaded, tags: Sequence[str]) -> PreparedProduct:
    if key in loaded.failures:
        raise HostError(loaded.failures[key])
    return prepare(index, loaded.products[key], tags)
