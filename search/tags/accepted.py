"""The tags that were accepted for a product."""

from ..models import ProductTag


def accepted_tags(key: str) -> tuple[str, ...]:
    """Return the words that were accepted for a product, in the alphabet's order.

    Args:
        key: the product's key, `str(pk)`.
    """
    return ProductTag.objects.accepted_of([key]).get(key, ())
