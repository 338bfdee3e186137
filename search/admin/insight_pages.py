"""What all pages of insight share."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ..conf import get_settings
from ..insight.period import PRESETS
from .base import ReadOnlyAdmin

TEMPLATES = "admin/fashion_search/insight"


class InsightAdmin(ReadOnlyAdmin):
    """Pages of figures over a daily table; a permission to view the table is one to see them."""

    def get_urls(self) -> list[URLPattern]:
        """Return the address of the page alone: daily tables have no forms."""
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name=f"{self.opts.app_label}_{self.opts.model_name}_changelist")]

    def respond(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """Write a page with the period that its address names."""
        return TemplateResponse(
            request,
            f"{TEMPLATES}/{template}.html",
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "presets": PRESETS,
                "may_see_log": request.user.has_perm("fashion_search.view_loggedsearch"),
                "may_see_queries": request.user.has_perm("fashion_search.view_queryday"),
                "may_see_overview": request.user.has_perm("fashion_search.view_searchday"),
                "enabled": get_settings().insight,
                **context,
            },
        )
