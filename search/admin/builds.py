"""The dashboard and builds in the admin: is search healthy, what is being indexed; begin a build, watch it, cancel it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from ..exceptions import BuildStateError
from ..models import Build, Dashboard, IndexVersion
from ..sentences import figure
from ..sentences import gettext_lazy as _
from .base import ReadOnlyAdmin

TEMPLATES = "admin/fashion_search/dashboard"


def may_view(request: HttpRequest) -> bool:
    """Whether somebody may see builds and the dashboard: who may view index versions, or change them."""
    return request.user.has_perm("fashion_search.view_indexversion") or may_change(request)


def may_change(request: HttpRequest) -> bool:
    """Whether somebody may begin and cancel builds: who may change index versions."""
    return request.user.has_perm("fashion_search.change_indexversion")


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
        from ..monitoring.dashboard import read_board

        if not may_view(request):
            raise PermissionDenied
        board = read_board()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Status of search"),
            "opts": self.opts,
            "board": board,
            "build": board.build,
            "may_change": may_change(request),
            "may_see_failed": request.user.has_perm("fashion_search.view_staleproduct"),
            "may_see_insight": request.user.has_perm("fashion_search.view_searchday"),
            "product_address": self._product_address(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, f"{TEMPLATES}/dashboard.html", context)

    def _product_address(self, request: HttpRequest) -> str:
        """The host's form of a product, with KEY in place of its key; "" where there is none or one may not see it."""
        from ..monitoring.dashboard import product_label

        app, _, model = product_label().partition(".")
        if not app or not request.user.has_perm(f"{app}.view_{model}"):
            return ""
        try:
            address = reverse(f"{self.admin_site.name}:{app}_{model}_change", args=["KEY"])
        except NoReverseMatch:
            return ""
        return address


@admin.register(Build)
class BuildAdmin(ReadOnlyAdmin):
    """The build that runs with its progress, and the history."""

    list_display = ("number", "kind", "state", "version", "by", "started_at", "took", "products", "reason")
    list_display_links = None
    list_filter = ("kind", "state")
    list_per_page = 25
    actions = None
    change_list_template = f"{TEMPLATES}/builds.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to view index versions."""
        return may_view(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to change index versions."""
        return may_change(request)

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list, the buttons, and what the list's script asks."""
        wrap = self.admin_site.admin_view
        # A host may have every request in a transaction; workers must see what was asked before a worker hears of it.
        at_once = transaction.non_atomic_requests
        return [
            path("", wrap(self.changelist_view), name="fashion_search_build_changelist"),
            path("progress/", wrap(require_GET(self._progress)), name="fashion_search_build_progress"),
            path(
                "start/<slug:kind>/",
                at_once(wrap(require_POST(self._start))),
                name="fashion_search_build_start",
            ),
            path("<int:pk>/cancel/", at_once(wrap(self._cancel)), name="fashion_search_build_cancel"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the build that runs above all builds."""
        from ..monitoring.build_progress import read_progress

        context = {
            "title": gettext("Builds"),
            "build": read_progress(),
            "may_change": may_change(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)  # type: ignore[return-value]

    @admin.display(description=_("build"), ordering="pk")
    def number(self, build: Build) -> int:
        """Return the build's number."""
        return build.pk

    @admin.display(description=_("started by"), ordering="started_by")
    def by(self, build: Build) -> str:
        """Return who began it."""
        return build.started_by or gettext("command line")

    @admin.display(description=_("took"))
    def took(self, build: Build) -> str:
        """Return how long it took, or has been running."""
        from ..monitoring.probes import span

        return span(((build.ended_at or timezone.now()) - build.started_at).total_seconds())

    @admin.display(description=_("products"))
    def products(self, build: Build) -> str:
        """Return how many products it was over."""
        return "" if build.total is None else figure(build.total)

    def _progress(self, request: HttpRequest) -> HttpResponse:
        from ..monitoring.build_progress import read_progress

        if not may_view(request):
            raise PermissionDenied
        return JsonResponse({"build": read_progress()})

    def _start(self, request: HttpRequest, kind: str) -> HttpResponse:
        from ..indexing import building

        if not may_change(request):
            raise PermissionDenied
        if kind not in Build.Kind.values:
            raise Http404(gettext("There is no build of the kind %(kind)s.") % {"kind": repr(kind)})
        try:
            _, sent = building.request_build(kind, by=request.user.get_username())
        except BuildStateError as error:
            messages.warning(request, gettext("Nothing was begun. %(error)s") % {"error": error})
        else:
            if sent:
                messages.success(
                    request, gettext("The %(kind)s is beginning.") % {"kind": Build.Kind(kind).label}
                )
            else:
                messages.warning(
                    request,
                    gettext(
                        "The task queue cannot be reached; the %(kind)s begins when workers reach it again."
                    )
                    % {"kind": Build.Kind(kind).label},
                )
        return self._to_list()

    def _cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        from ..indexing import building

        if not may_change(request):
            raise PermissionDenied
        build = Build.objects.filter(pk=pk).first()
        if build is None:
            raise Http404(gettext("There is no build %(build)s.") % {"build": pk})
        if request.method == "POST":
            try:
                building.cancel_build(pk, by=request.user.get_username())
            except BuildStateError as error:
                messages.warning(request, str(error))
            else:
                messages.success(
                    request,
                    gettext("The %(kind)s is cancelled; another one may begin.")
                    % {"kind": build.get_kind_display()},
                )
            return self._to_list()
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Cancel the %(kind)s?") % {"kind": build.get_kind_display()},
            "opts": self.opts,
            "build": build,
            "active": IndexVersion.objects.active(),
        }
        return TemplateResponse(request, f"{TEMPLATES}/cancel.html", context)

    def _to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:fashion_search_build_changelist"))
