"""The state of single products in the index, for lists of products."""

from collections.abc import Sequence

from ..models import IndexEntry, IndexVersion, StaleMark, StaleProduct


def read_states(keys: Sequence[str]) -> dict[str, str]:
    """Return product key -> a few words on its state in the version that searches use, with four queries."""
    version = IndexVersion.objects.serving()
    if version is None:
        return dict.fromkeys(keys, "no index yet")
    # Marks first: one that is gathered meanwhile is then found in the outbox.
    marked = list(StaleMark.objects.filter(product_key__in=keys).values_list("product_key", flat=True))
    entries = {
        key: (content_hash == embedded_hash, error)
        for key, content_hash, embedded_hash, error in IndexEntry.objects.filter(
            version=version, product_key__in=keys
        ).values_list("product_key", "content_hash", "embedded_hash", "error")
    }
    stale = {
        key: (parked, error)
        for key, parked, error in StaleProduct.objects.filter(product_key__in=keys).values_list(
            "product_key", "parked", "last_error"
        )
    }
    stale |= dict.fromkeys(marked, (False, ""))  # it starts afresh as soon as a worker looks
    return {key: _state(entries.get(key), stale.get(key)) for key in keys}


def _state(entry: tuple[bool, str] | None, stale: tuple[bool, str] | None) -> str:
    if stale is not None:
        parked, error = stale
        if parked:
            return f"failed: {error}"
        return f"will be tried again: {error}" if error else "waiting"
    if entry is None:
        return "not in the index"
    embedded, error = entry
    if error:
        return f"failed: {error}"
    return "indexed" if embedded else "by keyword only"
