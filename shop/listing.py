"""Products of a category from the shop's own tables, for when the search index cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F

from shop.models import Category, Product

DEFAULT_SORT = "newest"
SORTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "newest": ("Newest", ("-created", "-pk")),
    "price": ("Price, low to high", (F("price").asc(nulls_last=True), "pk")),
    "-price": ("Price, high to low", (F("price").desc(nulls_last=True), "-pk")),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a category."""

    products: Sequence[Product]
    total: int
    page: int
    pages: int
    complete: bool = True

    @property
    def next_page(self) -> int | None:
        """Number of the page after this one, or None."""
        return self.page + 1 if self.page < self.pages else None


def list_category(category: Category, sort: str, page: int, size: int) -> Listing:
    """Return a page of the published products of a category and of everything below it.

    Args:
        category: the category.
        sort: a name in SORTS.
        page: its number, from 1; a page beyond the last has no products.
        size: products on a page.
    """
    products = Product.objects.published().in_category(category).order_by(*SORTS[sort][1]).for_cards()
    paginator = Paginator(products, size)
    shown = list(paginator.page(page)) if page <= paginator.num_pages else []
    return Listing(shown, paginator.count, page, paginator.num_pages)
