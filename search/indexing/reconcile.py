"""The host's products compared with the entries of versions: by key alone, inside Postgres, and by what they say.

The latter finds what was written without signals (`bulk_update`, SQL).
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from ..exceptions import HostError
from ..models import EntryImage, IndexEntry, IndexVersion, ProductTag, StaleMark, StaleProduct, StoredCard
from ..registry import Loaded, ProductIndex, get_index, read_all
from ..session import WRITER
from .connections import unhurried
from .documents import PreparedProduct, prepare
from .entries import write_cards
from .locks import confirm_locks
from .marks import enter_if_absent, enter_products
from .outbox import gather_marks


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
    return marked + sum(enter_if_absent(surplus_keys(version).iterator()) for version in versions)


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
    cards = StoredCard.objects.kept(keys)
    changed, unfinished, rewritten = [], [], []
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
        elif cards.get(key) != prepared.card or any(notes != prepared.noted for _, _, _, notes in held):
            rewritten.append(prepared)
    write_cards(rewritten)
    return enter_products(changed, reread=False) + enter_if_absent(unfinished)


def _prepared(index: ProductIndex, key: str, loaded: Loaded, tags: Sequence[str]) -> PreparedProduct:
    if key in loaded.failures:
        raise HostError(loaded.failures[key])
    return prepare(index, loaded.products[key], tags)


def product_keys() -> "QuerySet[Any, Any]":
    """Return the keys of the products that can be found."""
    products = get_index().get_queryset().using(WRITER).order_by().select_related(None)
    keyed: QuerySet[Any, Any] = products.prefetch_related(None).annotate(product_key=Cast("pk", TextField()))
    return keyed.values_list("product_key", flat=True)


def missing_keys(version: IndexVersion) -> "QuerySet[Any, Any]":
    """Return the keys of products that have no entry in a version, parked products aside."""
    entry = IndexEntry.objects.filter(version=version, product_key=OuterRef("product_key"))
    return product_keys().filter(~Exists(entry), ~Exists(_parked()))


def count_lacking(version: IndexVersion, *, newest: int) -> int:
    """Return how many of the products added last have no entry in a version, and do not wait for one either.

    Args:
        version: that they should be in.
        newest: how many are looked for, the highest primary keys.
    """
    added = get_index().get_queryset().using(WRITER).select_related(None).prefetch_related(None)
    last = added.order_by("-pk").values("pk")[:newest]
    waiting = (
        Exists(of.filter(product_key=OuterRef("product_key")))
        for of in (StaleProduct.objects, StaleMark.objects)
    )
    # One statement, or what a worker does between two would be taken for a loss.
    return missing_keys(version).filter(*(~one for one in waiting), pk__in=last).count()


def surplus_keys(version: IndexVersion) -> "QuerySet[IndexEntry, str]":
    """Return the keys of entries whose product is gone, or not published any more, parked products aside."""
    product = product_keys().filter(product_key=OuterRef("product_key"))
    entries = IndexEntry.objects.filter(~Exists(product), ~Exists(_parked()), version=version)
    return entries.values_list("product_key", flat=True)


def unembedded_keys(version: IndexVersion) -> "QuerySet[IndexEntry, str]":
    """Return the keys of entries whose embeddings are not those of their content, parked products aside."""
    entries = IndexEntry.objects.filter(~Exists(_parked()), version=version)
    return entries.exclude(embedded_hash=F("content_hash")).values_list("product_key", flat=True)


def repictured_keys(version: IndexVersion, former: IndexVersion) -> "QuerySet[EntryImage, str]":
    """Return the keys of products of a version with a picture whose bytes another version knows to be others.

    A storage may have overwritten the file under its old name while only the other version received changes,
    and no content hash shows it.
    """
    other = EntryImage.objects.filter(
        version=former,
        entry__product_key=OuterRef("entry__product_key"),
        position=OuterRef("position"),
        name=OuterRef("name"),
    ).exclude(picture_hash__in=("", OuterRef("picture_hash")))
    images = EntryImage.objects.filter(Exists(other), version=version)
    return images.values_list("entry__product_key", flat=True).distinct()


def _parked() -> "QuerySet[StaleProduct]":
    return StaleProduct.objects.filter(parked=True, product_key=OuterRef("product_key"))
