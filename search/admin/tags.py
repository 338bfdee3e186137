"""Tags of products in the admin: a list of all, and the page where suggested ones are accepted or rejected."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from ..models import ProductTag
from .base import ReadOnlyAdmin
from .tags_review import ReviewPage


@admin.register(ProductTag)
class ProductTagAdmin(ReviewPage, ReadOnlyAdmin):
    """Every tag with what was decided about it, when, and by whom."""

    list_display = ("word", "kind", "state", "sure", "product", "artifact_name", "decided_at", "decided_by")
    list_filter = ("state", "kind", "artifact_name")
    list_select_related = ("decided_by",)
    search_fields = ("word", "=product_key")
    ordering = ("-suggested_at", "product_key", "-confidence")
    change_list_template = "admin/fashion_search/producttag/change_list.html"
    actions = ()

    def get_urls(self) -> list[URLPattern]:
        """Add the review and what its buttons ask for."""
        wrap = self.admin_site.admin_view
        return [
            path("review/", wrap(self.review_view), name="fashion_search_tag_review"),
            path("decide/", wrap(require_POST(self.decide_view)), name="fashion_search_tag_decide"),
            *super().get_urls(),
        ]

    @admin.display(description="confidence", ordering="confidence")
    def sure(self, tag: ProductTag) -> str:
        """Return how sure the tag is."""
        return f"{tag.confidence:.0%}"

    @admin.display(description="product", ordering="product_key")
    def product(self, tag: ProductTag) -> SafeString:
        """Return the product's key, as a link to its tags in the review."""
        asked = urlencode({"state": tag.state, "product": tag.product_key})
        return format_html('<a href="review/?{}">{}</a>', asked, tag.product_key)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return every field."""
        return [field.name for field in self.opts.fields]
