"""The tags that were accepted for a product."""

from collections.abc import Sequence

from ..models import ProductTag


def accepted_tags(key: str) -> tuple[str, ...]:
    """Return the words that were accepted for a product, in the alphabet's order.

    Args:
        key: the product's key, `str(pk)`.
    """
    return ProductTag.objects.accepted_of([key]).get(key, ())


def tagged_with(words: Sequence[str]) -> list[str]:
    """Return the keys of the products for which any of the words was accepted."""
    rows = ProductTag.objects.filter(state=ProductTag.State.ACCEPTED, word__in=list(words))
    return list(rows.order_by("product_key").values_list("product_key", flat=True).distinct())
