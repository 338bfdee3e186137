"""Listing of a category."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from django.views.generic import ListView

from shop.catalogue import category_counts
from shop.listing import SORTS, IndexedProducts, list_category
from shop.models import Category, Product

DEFAULT_SORT = "recommended"


@method_decorator(conditional_page, name="dispatch")
class CategoryPage(ListView):
    """Products of a category and of everything below it, in pages."""

    template_name = "shop/category.html"
    context_object_name = "products"
    paginate_by = 24

    def get_queryset(self) -> IndexedProducts | QuerySet[Product]:
        """Published products of the category, sorted as the address asks."""
        self.category = get_object_or_404(Category, path=self.kwargs["path"])
        self.sort = self.request.GET.get("sort", DEFAULT_SORT)
        if self.sort not in SORTS:
            self.sort = DEFAULT_SORT
        return list_category(self.category, self.sort, self.paginate_by)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the way up, the way down, and the sorts."""
        counts = category_counts()
        children = [
            (child, counts[child.path])
            for child in self.category.children.order_by("name")
            if counts[child.path]
        ]
        children.sort(key=lambda pair: -pair[1])
        context = super().get_context_data(
            category=self.category,
            line=list(Category.objects.line(self.category.path)),
            counts=counts,
            children=children,
            sort=self.sort,
            sorts=[(key, label) for key, (label, *_) in SORTS.items()],
            banners=self.object_list.first.banners if isinstance(self.object_list, IndexedProducts) else (),
            **kwargs,
        )
        page = context["page_obj"]
        context["next_page"] = page.next_page_number() if page.has_next() else None
        return context
