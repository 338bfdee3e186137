"""The host's products compared with the entries of a version, by key alone and inside Postgres."""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, TextField
from django.db.models.functions import Cast

from ..models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from ..registry import get_index
from ..routing import WRITER


def product_keys() -> "QuerySet[Any, Any]":
    """Return the keys of the products that can be found."""
    products = get_index().get_queryset().using(WRITER).order_by().select_related(None)
    keyed: QuerySet[Any, Any] = products.prefetch_related(None).annotate(product_key=Cast("pk", TextField()))
    return keyed.values_list("product_key", flat=True)


def missing_keys(version: IndexVersion) -> "QuerySet[Any, Any]":
    """Return the keys of products that have no entry in a version, parked products aside."""
    entry = IndexEntry.objects.filter(version=version, product_key=OuterRef("product_key"))
    return product_keys().filter(~Exists(entry), ~Exists(_parked()))


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
    and no content hash tells.
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
