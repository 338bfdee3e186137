"""Products of a category: from the search index where it can tell, from the shop's own tables where it cannot."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from search.searching import Filters, SearchAnswer, search
from shop.models import Category, Product

NEWEST = ("-created", "-pk")
# Label, order in the shop's tables, order in the index.
SORTS: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "recommended": ("Recommended", NEWEST, "relevance"),
    "newest": ("Newest", NEWEST, "newest"),
    "price": ("Price, low to high", (F("price").asc(nulls_last=True), "pk"), "price"),
    "-price": ("Price, high to low", (F("price").desc(nulls_last=True), "-pk"), "-price"),
}


class IndexedProducts:
    """Products of a category as the index has them, arranged by merchandising rules; read page by page.

    Args:
        category: the category.
        sort: a name in SORTS.
        size: products on a page.
    """

    def __init__(self, category: Category, sort: str, size: int) -> None:
        self._filters = Filters(facets={"category": (category.name,)})
        self._sort = SORTS[sort][2]
        self._size = size
        self.first = self._page(1)

    def count(self) -> int:
        """How many products there are."""
        return self.first.total

    def __getitem__(self, window: slice) -> list[Product]:
        """The products of one page."""
        number = window.start // self._size + 1
        answer = self.first if number == 1 else self._page(number)
        return [result.product for result in answer.results]

    def _page(self, number: int) -> SearchAnswer:
        return search(
            filters=self._filters,
            sort=self._sort,
            page=number,
            page_size=self._size,
            with_facets=False,
            freezing=False,
        )


def list_category(category: Category, sort: str, size: int) -> IndexedProducts | QuerySet[Product]:
    """Return the published products of a category and of everything below it.

    They come from the index, so that merchandising rules hold; from the shop's tables while the index is not whole, and
    where another category has the same name, which the index does not tell apart.
    """
    indexed = IndexedProducts(category, sort, size)
    if not indexed.first.degraded:
        namesakes = Category.objects.filter(name=category.name).exclude(pk=category.pk)
        if not namesakes.exists():
            return indexed
    return Product.objects.published().in_category(category).order_by(*SORTS[sort][1]).for_cards()
