"""The host's products compared with the entries of versions: by key alone, inside Postgres, and by what they say.

The latter finds what was written without signals (`bulk_update`, SQL). One pass over all products, and then over all entries, is a
round. Beat's task does it in slices of about a minute, and keeps after each batch how far it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast, Now

from ..exceptions import HostError
from ..models import (
    EntryImage,
    IndexEntry,
    IndexVersion,
    ProductTag,
    ReconcileRound,
    StaleMark,
    StaleProduct,
    StoredCard,
)
from ..registry import Loaded, ProductIndex, find_present, get_index, load_each, read_keys
from ..resilience import Attempts
from ..session import WRITER
from .connections import unhurried
from .documents import PreparedProduct, prepare
from .entries import write_cards
from .locks import confirm_locks
from .marks import enter_if_absent, enter_products
from .outbox import gather_marks

BATCH = 2_000  # products, or entries, that are read and compared at a time
MOST_STARTS = 2  # slices that a batch may end without a word; then it is passed over
MOST_FAILURES = 10  # batches of a slice that may fail; of more, the rest would as well
WHAT = "Comparing products with their entries"

Note = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a round is: the last key that was compared."""

    version: int | None = None  # whose entries are looked through; None while products are compared
    after: str | None = None  # key of a product, or of an entry; None at the beginning


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is to be done next, and where the round is afterwards."""

    end: _Place
    products: int
    compare: Callable[[], int]  # returns how many products it has put into the outbox


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice of a round has done."""

    marked: int = 0
    goes_on: bool = False  # there is more, which the next slice may do at once
    attempts: Attempts = field(default_factory=lambda: Attempts(WHAT))  # with the errors of batches


@unhurried()
def reconcile(note: Note | None = None) -> int:
    """Compare every product's content hash with its entries, and mark those that differ; return how many.

    Products that wait in the outbox are left to it. Parked ones are marked only if they have changed.

    Args:
        note: takes how many products were compared, after each batch.

    Raises:
        Exception: a batch could not be compared; all others were.
        ExceptionGroup: several could not be.
    """
    marked = compared = 0
    with Attempts(WHAT) as attempts:
        for batch in _batches(_Place()):
            with attempts.at(f"those up to {batch.end.after}"):
                marked += batch.compare()
            compared += batch.products
            if note is not None:
                note(compared)
            if len(attempts.errors) > MOST_FAILURES:
                break
    return marked


def begin_round() -> None:
    """Let the next slice begin with the first product, whatever the last one has left."""
    blank = {"version": None, "after": None, "starts": 0, "compared": 0, "marked": 0}
    ReconcileRound.objects.update_or_create(pk=ReconcileRound.ONLY, defaults={"begun_at": Now(), **blank})


def describe_round() -> str:
    """Return a sentence on how far the periodic comparison is."""
    kept = ReconcileRound.objects.filter(pk=ReconcileRound.ONLY).first()
    ended = "no round has ended yet"
    if kept and kept.ended_at:
        ended = f"the last round ended {kept.ended_at:%Y-%m-%d %H:%M:%S %Z}"
    under_way = (
        f"; the one under way has compared {kept.compared:,} products" if kept and kept.begun_at else ""
    )
    return f"Reconcile: {ended}{under_way}."


@unhurried()
def reconcile_for(seconds: float, *, begin: bool = True) -> Slice:
    """Go on with the round that is under way, a batch at a time, until it ends or the time is up.

    A batch that fails is passed over until the next round, and so is one in which two slices have ended without a word.

    Args:
        seconds: after which no further batch is begun.
        begin: begin a round where none is under way.
    """
    rows = ReconcileRound.objects.filter(pk=ReconcileRound.ONLY)
    if not rows.filter(begun_at__isnull=False).exists():
        if not begin:
            return Slice()
        begin_round()
    rows.update(starts=F("starts") + 1)
    kept = rows.get()
    mine = rows.filter(begun_at=kept.begun_at)  # a round that is begun anew meanwhile keeps its own place
    attempts, marked, until = Attempts(WHAT), 0, monotonic() + seconds
    silent = kept.starts > MOST_STARTS
    for batch in _batches(_Place(kept.version, kept.after)):
        entered = 0
        with attempts.at(f"those up to {batch.end.after}"):
            if silent:
                raise RuntimeError(f"Comparing them ended its worker {MOST_STARTS} times.")
            entered = batch.compare()
        silent, marked = False, marked + entered
        if not mine.update(
            version=batch.end.version,
            after=batch.end.after,
            starts=0,
            compared=F("compared") + batch.products,
            marked=F("marked") + entered,
        ):
            return Slice(marked, True, attempts)
        if len(attempts.errors) > MOST_FAILURES:
            return Slice(marked, False, attempts)
        if monotonic() >= until:
            return Slice(marked, True, attempts)
    mine.update(begun_at=None, ended_at=Now())
    return Slice(marked, False, attempts)


def _batches(place: _Place) -> Iterator[_Batch]:
    """What is left of a round: products, compared with all versions, then the entries of each version, whose product may be gone."""
    index = get_index()
    versions = list(IndexVersion.objects.written())
    if not versions:
        return
    if place.version is None:
        for keys in read_keys(place.after, BATCH):
            yield _Batch(_Place(None, keys[-1]), len(keys), partial(_compare, index, versions, keys))
    for version in versions:
        if place.version is None or version.pk >= place.version:
            after = place.after if version.pk == place.version else None
            yield from _batches_of_entries(version, after)


def _batches_of_entries(version: IndexVersion, after: str | None) -> Iterator[_Batch]:
    entries = IndexEntry.objects.in_version(version.pk).order_by("product_key")
    while True:
        rest = entries if after is None else entries.filter(product_key__gt=after)
        keys = list(rest.values_list("product_key", flat=True)[:BATCH])
        if not keys:
            return
        after = keys[-1]
        yield _Batch(_Place(version.pk, after), 0, partial(_find_gone, keys))


def _find_gone(keys: Sequence[str]) -> int:
    """Put those into the outbox whose product is gone or not published any more, but for those in it, parked ones too."""
    confirm_locks()
    present = find_present(keys)
    return enter_if_absent(key for key in keys if key not in present)


def _compare(index: ProductIndex, versions: Sequence[IndexVersion], wanted: Sequence[str]) -> int:
    """Put products into the outbox whose entries say something else, or are missing; return how many."""
    confirm_locks()
    loaded = load_each(wanted)
    keys = [*loaded.products, *loaded.failures]
    if StaleMark.objects.exists():  # each change that was read with these products has its mark
        gather_marks()
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
