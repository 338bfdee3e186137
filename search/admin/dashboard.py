"""The dashboard in the admin: is search healthy, what is being indexed, what failed, what do shoppers look for."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse

from ..models import Dashboard
from ..monitoring.dashboard import product_label, read_board, top_queries, week, zero_queries
from .base import ReadOnlyAdmin
from .builds import TEMPLATES, may_change, may_view


@admin.register(Dashboard)
class DashboardAdmin(ReadOnlyAdmin):
    """One page; each part of it is shown to those who may see where its figures come from."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to view index versions."""
        return may_view(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: there is nothing to edit."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Return the address of the page alone."""
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name="fashion_search_dashboard_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the state of search at this moment."""
        if not may_view(request):
            raise PermissionDenied
        may_see_queries = request.user.has_perm("fashion_search.view_queryday")
        board = read_board()
        context = {
            **self.admin_site.each_context(request),
            "title": "Search dashboard",
            "opts": self.opts,
            "board": board,
            "build": board.build,
            "may_change": may_change(request),
            "may_see_failed": request.user.has_perm("fashion_search.view_staleproduct"),
            "may_see_insight": request.user.has_perm("fashion_search.view_searchday"),
            "may_see_queries": may_see_queries,
            "product_address": self._product_address(request),
            "week": week(),
            "top": top_queries() if may_see_queries else (),
            "zero": zero_queries() if may_see_queries else (),
            **(extra_context or {}),
        }
        return TemplateResponse(request, f"{TEMPLATES}/dashboard.html", context)

    def _product_address(self, request: HttpRequest) -> str:
        """The host's form of a product, with KEY in place of its key; "" where there is none or one may not see it."""
        app, _, model = product_label().partition(".")
        if not app or not request.user.has_perm(f"{app}.view_{model}"):
            return ""
        try:
            address = reverse(f"{self.admin_site.name}:{app}_{model}_change", args=["KEY"])
        except NoReverseMatch:
            return ""
        return address
