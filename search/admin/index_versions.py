"""Index versions in the admin: state, progress, both side by side before a switch, and buttons that hand the work to Celery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from ..exceptions import NoVersion, SearchError
from ..models import IndexVersion
from ..sentences import figure
from ..sentences import gettext_lazy as _
from .base import ForgivingList, ReadOnlyAdmin

if TYPE_CHECKING:
    from ..indexing.status import VersionProgress

State = IndexVersion.State


class _WithProgress(ForgivingList):
    """The versions with their progress, read at once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        from ..indexing.status import VersionProgress, measure_progress

        super().get_results(request)
        versions = list(self.result_list)
        progress = measure_progress()
        for version in versions:
            version.counts = progress.get(version.pk, VersionProgress())
        self.result_list = versions


@admin.register(IndexVersion)
class IndexVersionAdmin(ReadOnlyAdmin):
    """Versions with what was measured on them; rebuild, activate and roll back run in a worker."""

    list_display = (
        "number",
        "standing",
        "progress",
        "failed",
        "recall",
        "artifact_name",
        "created_at",
        "activated_at",
        "error",
        "trouble",
        "step",
    )
    list_display_links = ("number",)
    actions = None
    change_list_template = "admin/fashion_search/indexversion/change_list.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the versions and the outbox."""
        from ..indexing.status import measure_outbox

        context = {
            "outbox": measure_outbox(),
            "may_change": self.has_change_permission(request),
            "has_retired": IndexVersion.objects.filter(state=State.RETIRED).exists(),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)  # type: ignore[return-value]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that counts the entries of all versions at once."""
        return _WithProgress

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the buttons."""
        wrap = self.admin_site.admin_view
        return [
            path("roll-back/", wrap(require_POST(self._roll_back)), name="fashion_search_roll_back"),
            path("<int:pk>/activate/", wrap(self._activate), name="fashion_search_activate"),
            path("<int:pk>/give-up/", wrap(require_POST(self._give_up)), name="fashion_search_give_up"),
            *super().get_urls(),
        ]

    @admin.display(description=_("version"), ordering="pk")
    def number(self, version: IndexVersion) -> int:
        """Return the version's number."""
        return version.pk

    @admin.display(description=_("progress"))
    def progress(self, version: IndexVersion) -> SafeString:
        """Return a bar of the entries that have their embeddings, out of all products."""
        counts = _counts(version)
        total = max(version.total or 0, counts.entries)
        return format_html(
            '<progress max="{}" value="{}" aria-label="{}"></progress> {}',
            total or 1,
            counts.embedded,
            gettext("embedded"),
            gettext("%(embedded)s of %(total)s embedded, %(entries)s by keyword")
            % {
                "embedded": figure(counts.embedded),
                "total": figure(total),
                "entries": figure(counts.entries),
            },
        )

    @admin.display(description=_("failed"))
    def failed(self, version: IndexVersion) -> int:
        """Return how many products have an error in this version."""
        return _counts(version).failed

    @admin.display(description=_("ANN recall@24"), ordering="ann_recall")
    def recall(self, version: IndexVersion) -> str:
        """Return the measured overlap with the exact scan."""
        return "" if version.ann_recall is None else f"{version.ann_recall:.4f}"

    @admin.display(description=_("state"), ordering="state")
    def standing(self, version: IndexVersion) -> str:
        """Return the state, and whether the version is held back."""
        if version.state == State.READY and version.held:
            return gettext("held back")
        return version.get_state_display()

    @admin.display(description="")
    def step(self, version: IndexVersion) -> SafeString:
        """Return the link to the page that compares and activates the version, where that can be done."""
        if version.state not in (State.READY, State.RETIRED):
            return mark_safe("")
        url = reverse(f"{self.admin_site.name}:fashion_search_activate", args=[version.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, gettext("Activate…"))

    def _roll_back(self, request: HttpRequest) -> HttpResponse:
        from ..indexing.versions import former_version

        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            # Named here, so that a message that is delivered twice does not go back and forth.
            former = former_version().pk
        except NoVersion as error:
            messages.error(request, str(error))
            return self._back()
        return self._hand_over(
            request,
            gettext("Searches are going back to version %(version)s.") % {"version": former},
            "activate_version",
            former,
        )

    def _activate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a version beside the active one; a POST hands the switch to Celery."""
        if request.method != "POST":
            return self._compare(request, pk)
        held = IndexVersion.objects.held().filter(pk=pk).exists()
        if held and request.POST.get("force") != "on":
            messages.error(
                request,
                gettext(
                    "Version %(version)s is held back: say below that it is to be activated all the same."
                )
                % {"version": pk},
            )
            return HttpResponseRedirect(request.path)
        # A worker of the release before takes no second argument.
        force = (True,) if held else ()
        return self._hand_over(
            request,
            gettext("Version %(version)s is being activated.") % {"version": pk},
            "activate_version",
            pk,
            *force,
        )

    def _compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        from ..indexing.comparison import kept_comparison, recounted_comparison

        if not self.has_view_permission(request):
            raise PermissionDenied
        version = IndexVersion.objects.filter(pk=pk).first()
        if version is None:
            raise Http404(gettext("There is no index version %(version)s.") % {"version": pk})
        active = IndexVersion.objects.active()
        comparison = recounted_comparison(version, active)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Activate version %(version)s?") % {"version": pk},
            "opts": self.opts,
            "version": version,
            "active": active,
            "rows": comparison.rows,
            "kept": kept_comparison(version),
            "can_be": version.state in (State.READY, State.RETIRED),
            "is_held": version.state == State.READY and bool(version.held),
            "may_change": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/fashion_search/indexversion/activate.html", context)

    def _give_up(self, request: HttpRequest, pk: int) -> HttpResponse:
        from ..indexing import marks
        from ..indexing.versions import discard

        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            discard(pk, by=request.user.get_username())
        except SearchError as error:
            messages.error(request, str(error))
        else:
            marks.publish("advance_builds", expires=None)  # beat drops it where the message is lost
            messages.success(request, gettext("Version %(version)s is given up.") % {"version": pk})
        return self._back()

    def _hand_over(self, request: HttpRequest, sentence: str, task: str, *args: Any) -> HttpResponse:
        from ..indexing import marks

        if not self.has_change_permission(request):
            raise PermissionDenied
        if marks.publish(task, *args, expires=None):
            messages.success(request, sentence)
        else:
            messages.error(
                request,
                gettext("The task queue cannot be reached, so nothing was begun. Try again in a minute."),
            )
        return self._back()

    def _back(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:fashion_search_indexversion_changelist"))


def _counts(version: IndexVersion) -> VersionProgress:
    from ..indexing.status import measure_progress

    counts = getattr(version, "counts", None)  # absent on the page of one version
    return counts if counts is not None else measure_progress()[version.pk]
