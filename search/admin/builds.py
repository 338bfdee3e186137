"""Builds in the admin: begin one, watch it, cancel it, and what became of earlier ones."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from ..exceptions import BuildStateError
from ..indexing import building
from ..indexing.pictures import why_products_wait
from ..indexing.status import BuildReport, read_report
from ..models import Build, IndexVersion
from ..monitoring.services import count, count_workers, span
from .base import ReadOnlyAdmin

# The latest build in words and figures, the same for the page, its script and whoever reads it without one.


State = Build.State
Step = Build.Step
KEYWORDS = "writing keywords"


def read_progress(ping: Callable[[], int | None] = count_workers) -> dict[str, Any] | None:
    """Return what is to be shown of the build that runs, else of the last one; None where there was none.

    Args:
        ping: returns how many workers answer, None where that cannot be asked; only called where nothing moves.
    """
    build = Build.objects.running().first() or Build.objects.first()
    return None if build is None else describe(read_report(build), ping)


def describe(report: BuildReport, ping: Callable[[], int | None]) -> dict[str, Any]:
    """Return a report as JSON takes it: plain values and whole sentences."""
    build = report.build
    return {
        "id": build.pk,
        "kind": build.kind,
        "state": build.state,
        "step": build.step,
        "running": build.is_running,
        "headline": _headline(build),
        "sentence": _sentence(report) if build.is_running else _ending(report),
        "figures": _figures(report),
        "advice": _advice(report, ping) if report.stalled else "",
        "trouble": build.reason if build.is_running else "",
        "done": report.done,
        "total": report.total,
        "percent": None if report.share is None else round(100 * report.share, 1),
        "rate": None if report.rate is None else round(report.rate, 1),
        "seconds_left": None if report.seconds_left is None else round(report.seconds_left),
        "rate_words": "" if report.rate is None else f"{report.rate:,.1f}/s",
        "left_words": "" if report.seconds_left is None else span(report.seconds_left),
        "stalled": report.stalled,
        "steps": _steps(report),
    }


def _headline(build: Build) -> str:
    number = f" {build.version}" if build.version is not None else ""
    if build.kind == Build.Kind.REBUILD:
        return f"Rebuild: version{number}" if number else "Rebuild"
    return f"Reindex of version{number}" if number else "Reindex"


def _sentence(report: BuildReport) -> str:
    build = report.build
    if build.step == Step.ENCODING and report.total is not None:
        if report.words_written is not None:
            return f"Writing keywords: {report.words_written:,} of {count(report.total, 'product')}."
        return f"Encoding products: {report.done:,} of {report.total:,} done."
    label = str(Step(build.step).label)
    return f"{label[0].upper()}{label[1:]}."


def _ending(report: BuildReport) -> str:
    build = report.build
    whole = "" if report.total is None else f" {report.done:,} of {count(report.total, 'product')}"
    if build.state == State.DONE:
        became = "The version is active" if build.kind == Build.Kind.REBUILD else "The index is up to date"
        return f"{became}.{whole} in {span(report.seconds)}."
    after = f" after{whole}" if whole else ""
    rows = ""
    if build.state == State.CANCELLED:
        rows = (
            " What it had written is removed."
            if build.cleared_at
            else " What it had written is being removed."
        )
    return f"{build.reason.rstrip('.')}{after}; searches use the version that was active before.{rows}"


def _figures(report: BuildReport) -> str:
    if not report.build.is_running:
        return ""
    parts = [f"for {span(report.seconds)}"]
    if report.rate is not None:
        parts.append(f"{report.rate:,.1f} products/s")
    if report.seconds_left is not None:
        parts.append(f"about {span(report.seconds_left)} left in this step")
    if report.retrying:
        parts.append(f"{count(report.retrying, 'product')} failed and will be tried again")
    if report.parked:
        parts.append(f"{count(report.parked, 'product')} parked")
    return " · ".join(parts)


def _advice(report: BuildReport, ping: Callable[[], int | None]) -> str:
    still = f"Nothing has moved for {span(report.still_seconds)}."
    workers = ping()
    if workers is None:
        return (
            f"{still} The task queue cannot be reached. Start Redis and see that the workers reach it;"
            " the build goes on by itself from where it stopped."
        )
    if not workers:
        return (
            f"{still} No Celery worker answers. Start one; the build goes on by itself from where it stopped,"
            " nothing is lost."
        )
    if why := why_products_wait():
        return f"{still} {why}"
    return (
        f"{still} {count(workers, 'worker')} answered. What a killed worker held is taken over within a minute if"
        " Celery beat runs; see that it does, and read the worker's log. If that does not help, cancel and begin again."
    )


def _steps(report: BuildReport) -> list[dict[str, str]]:
    build = report.build
    steps = list(build.steps)
    names = [str(step.label) for step in steps]
    encoding = steps.index(Step.ENCODING)
    names.insert(encoding, KEYWORDS)  # done before a product is encoded, but no step of its own in the record
    position = steps.index(Step(build.step)) if build.step in steps else 0
    if position > encoding or (position == encoding and report.words_written is None):
        position += 1
    now = "current" if build.is_running else "ended"
    states = ["done" if at < position else now if at == position else "ahead" for at in range(len(names))]
    if build.state == State.DONE:
        states = ["done"] * len(names)
    return [{"name": name, "state": state} for name, state in zip(names, states, strict=True)]


TEMPLATES = "admin/fashion_search/desk"


def may_view(request: HttpRequest) -> bool:
    """Whether somebody may see builds and the dashboard: who may view index versions, or change them."""
    return request.user.has_perm("fashion_search.view_indexversion") or may_change(request)


def may_change(request: HttpRequest) -> bool:
    """Whether somebody may begin and cancel builds: who may change index versions."""
    return request.user.has_perm("fashion_search.change_indexversion")


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
        # A host may have every request in a transaction; workers must see what was asked before they are told.
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
        context = {
            "title": "Builds",
            "build": read_progress(),
            "may_change": may_change(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)  # type: ignore[return-value]

    @admin.display(description="build", ordering="pk")
    def number(self, build: Build) -> int:
        """Return the build's number."""
        return build.pk

    @admin.display(description="started by", ordering="started_by")
    def by(self, build: Build) -> str:
        """Return who began it."""
        return build.started_by or "command line"

    @admin.display(description="took")
    def took(self, build: Build) -> str:
        """Return how long it took, or has been running."""
        return span(((build.ended_at or timezone.now()) - build.started_at).total_seconds())

    @admin.display(description="products")
    def products(self, build: Build) -> str:
        """Return how many products it was over."""
        return "" if build.total is None else f"{build.total:,}"

    def _progress(self, request: HttpRequest) -> HttpResponse:
        if not may_view(request):
            raise PermissionDenied
        return JsonResponse({"build": read_progress()})

    def _start(self, request: HttpRequest, kind: str) -> HttpResponse:
        if not may_change(request):
            raise PermissionDenied
        if kind not in Build.Kind.values:
            raise Http404(f"There is no build of the kind {kind!r}.")
        try:
            _, sent = building.ask(kind, by=request.user.get_username())
        except BuildStateError as error:
            messages.warning(request, f"Nothing was begun. {error}")
        else:
            if sent:
                messages.success(request, f"The {kind} is beginning.")
            else:
                messages.warning(
                    request,
                    f"The task queue cannot be reached; the {kind} begins when workers reach it again.",
                )
        return self._to_list()

    def _cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not may_change(request):
            raise PermissionDenied
        build = Build.objects.filter(pk=pk).first()
        if build is None:
            raise Http404(f"There is no build {pk}.")
        if request.method == "POST":
            try:
                building.cancel(pk, by=request.user.get_username())
            except BuildStateError as error:
                messages.warning(request, str(error))
            else:
                messages.success(request, f"The {build.kind} is cancelled; another one may begin.")
            return self._to_list()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Cancel the {build.kind}?",
            "opts": self.opts,
            "build": build,
            "active": IndexVersion.objects.active(),
        }
        return TemplateResponse(request, f"{TEMPLATES}/cancel.html", context)

    def _to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:fashion_search_build_changelist"))
