"""What the index knows of one product besides its content: errors, waiting changes, missing embeddings."""

from collections.abc import Iterator

from ..models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from ..registry import get_index
from .dropping import Step

LOOKED_AT = 500  # waiting products whose SKU is compared


def notes_on(entry: IndexEntry) -> Iterator[Step]:
    """Tell what is wrong or old about an entry; none of it keeps the product from being found by words."""
    if entry.error:
        yield Step("Index", None, f"It is indexed in part only: {entry.error}")
    elif entry.content_hash != entry.embedded_hash:
        yield Step("Index", None, "Its embeddings are still to come: it is found by words only.")
    for image in EntryImage.objects.filter(entry=entry).exclude(error="").order_by("position"):
        yield Step("Index", None, f"Its picture {image.name} cannot be used: {image.error}")
    waiting = StaleProduct.objects.filter(product_key=entry.product_key).first()
    if waiting is not None:
        yield Step("Index", None, f"It has changed since it was indexed, and {_waits(waiting)}")


def why_not_indexed(sku: str, version: IndexVersion) -> str:
    """Say why no entry of a version has an SKU."""
    other = (
        IndexEntry.objects.filter(sku=sku.lower()).order_by("-version").only("version", "product_key").first()
    )
    waiting = _waiting(other.product_key if other else None, sku)
    if waiting is not None:
        return f"It is not in version {version.pk}, and {_waits(waiting)}"
    if other is not None:
        return f"It is not in version {version.pk}, but in version {other.version_id}."
    return (
        f"Version {version.pk} has no product with this SKU, and none that waits has it:"
        " it is misspelt, deleted, or not published."
    )


def _waiting(product_key: str | None, sku: str) -> StaleProduct | None:
    """The product's row in the outbox; a product that was never indexed is known by its document only."""
    if product_key is not None:
        return StaleProduct.objects.filter(product_key=product_key).first()
    index = get_index()
    rows = {
        row.product_key: row for row in StaleProduct.objects.order_by("-attempts", "-marked_at")[:LOOKED_AT]
    }
    to_python = index.model._meta.pk.to_python
    for product in index.get_queryset().filter(pk__in=[to_python(key) for key in rows]):
        if index.document(product).sku.lower() == sku.lower():
            return rows[str(product.pk)]
    return None


def _waits(row: StaleProduct) -> str:
    if row.parked:
        return f"failed at every attempt, {row.attempts} times: {row.last_error}"
    if row.last_error:
        return f"will be tried again after {row.attempts} attempts: {row.last_error}"
    return "waits for a worker."
