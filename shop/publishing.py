"""Show products to shoppers or hide them, many at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from search.marking import mark_stale
from shop.models import Product


def set_published(keys: Iterable[int], *, published: bool) -> int:
    """Publish or withdraw products, and tell the search index, in one transaction.

    Args:
        keys: primary keys of products.
        published: whether shoppers shall see them.

    Returns:
        The number of products.
    """
    keys = list(keys)
    with transaction.atomic():
        count = Product.objects.filter(pk__in=keys).update(published=published, updated=timezone.now())
        mark_stale((str(key) for key in keys), reread=False)  # update() sends no signals
    return count
