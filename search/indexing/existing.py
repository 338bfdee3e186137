"""What the index versions already hold about a batch of products, so that nothing is encoded twice."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Case, CharField, F, Value, When

from ..models import EntryImage, IndexEntry, IndexVersion
from .documents import PreparedProduct


@dataclass(frozen=True, slots=True)
class ExistingImage:
    """One picture of an entry; `picture_hash` is "" where it has no embedding."""

    name: str
    picture_hash: str


@dataclass(frozen=True, slots=True)
class ExistingEntry:
    """One entry's hashes and pictures; `text_hash` is "" where it has no text embedding."""

    content_hash: str
    embedded_hash: str
    text_hash: str
    error: str
    images: dict[int, ExistingImage] = field(default_factory=dict)

    def is_current(self, product: PreparedProduct, config: str) -> bool:
        """Return whether the entry and its embeddings say what the product says, as far as hashes can tell.

        Args:
            product: as the host tells it now.
            config: text search configuration of the entry's version.
        """
        return self.content_hash == self.embedded_hash == product.content_hash(config) and not self.error


def read_existing(version: IndexVersion, keys: Collection[str]) -> dict[str, ExistingEntry]:
    """Return product key -> entry for those of the products that the version has."""
    rows = IndexEntry.objects.filter(version=version, product_key__in=keys).values_list(
        "pk", "product_key", "content_hash", "embedded_hash", "text_hash", "error"
    )
    by_pk = {
        pk: (key, ExistingEntry(content_hash, embedded_hash, text_hash, error))
        for pk, key, content_hash, embedded_hash, text_hash, error in rows
    }
    usable_hash = Case(
        When(embedding__isnull=True, then=Value("")), default=F("picture_hash"), output_field=CharField()
    )
    images = EntryImage.objects.filter(entry_id__in=by_pk).values_list(
        "entry_id", "position", "name", usable_hash
    )
    for entry_id, position, name, picture_hash in images:
        by_pk[entry_id][1].images[position] = ExistingImage(name, picture_hash)
    return dict(by_pk.values())
