"""What pages share that show something which a worker computes: start it, tell how far it is."""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from ..computing import ask, give_up
from ..indexing import marks
from ..models import IndexVersion
from ..models.computed import Computed
from .base import ReadOnlyAdmin

AWAY = "The task queue cannot be reached, so nothing was begun. Try again in a minute."


class ComputedPages(ReadOnlyAdmin):
    """A page over one computed row per version; to see it takes the permission to view, to start it that to change."""

    task: ClassVar[str]
    template: ClassVar[str]
    title: ClassVar[str]

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the page, of its state and of its button; rows have no forms."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(require_GET(self.changelist_view)), name=f"{name}_changelist"),
            path("state/", wrap(require_GET(self._state)), name=f"{name}_state"),
            path("start/", wrap(require_POST(self._start)), name=f"{name}_start"),
        ]

    def address(self, page: str) -> str:
        """Return the address of one of the pages."""
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}")

    def active_row(self) -> Any:
        """Return the active version's row, or None."""
        return self.model._default_manager.filter(version__state=IndexVersion.State.ACTIVE).first()

    def check_view(self, request: HttpRequest) -> None:
        """Let those pass who may view.

        Raises:
            PermissionDenied: for the others.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied

    def respond(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """Write a page with the state of the computation."""
        context = {"row": self.active_row(), "title": self.title, **context}
        return TemplateResponse(
            request,
            f"{self.template}/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "version": IndexVersion.objects.active(),
                "may_change": self.has_change_permission(request),
                "state_address": self.address("state"),
                "start_address": self.address("start"),
                **context,
            },
        )

    def _state(self, request: HttpRequest) -> JsonResponse:
        self.check_view(request)
        row: Computed | None = self.active_row()
        if row is None:
            return JsonResponse({"under_way": False, "stamp": ""})
        return JsonResponse(
            {
                "under_way": row.is_under_way,
                "waiting": row.state == Computed.State.WAITING,
                "step": row.step or row.get_state_display(),
                "percent": row.percent,
                "stamp": f"{row.made_at} {row.error} {row.is_silent}",
            }
        )

    def _start(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        version = IndexVersion.objects.active()
        if version is None:
            messages.error(request, "There is no active index version: build one first.")
        elif not ask(self.model, version):
            messages.info(request, "It is being computed already.")
        elif marks.publish(self.task, version.pk, expires=None):
            messages.success(request, "A worker computes it.")
        else:
            give_up(self.model, version, AWAY)
            messages.error(request, AWAY)
        return HttpResponseRedirect(self.address("changelist"))
