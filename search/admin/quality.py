"""The health and the map of the catalogue in the admin, which workers compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from ..facets import group_by_facet
from ..models import CatalogueHealth, CatalogueMap, HealthFinding, IndexEntry, IndexVersion
from ..models.quality import Computed
from ..registry import get_index, read_cards
from ..sentences import lazily as _
from ..text import storable
from .base import ProductLinks, ReadOnlyAdmin

if TYPE_CHECKING:
    from ..quality.findings import Group

AWAY = gettext_noop("The task queue cannot be reached, so nothing was begun. Try again in a minute.")


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
                "step": gettext(row.step) if row.step else row.get_state_display(),
                "percent": row.percent,
                "stamp": f"{row.made_at} {row.error} {row.is_silent}",
            }
        )

    def _start(self, request: HttpRequest) -> HttpResponse:
        from ..indexing import marks
        from ..quality.jobs import ask, give_up

        if not self.has_change_permission(request):
            raise PermissionDenied
        version = IndexVersion.objects.active()
        if version is None:
            messages.error(request, gettext("There is no active index version: build one first."))
        elif not ask(self.model, version):
            messages.info(request, gettext("It is being computed already."))
        elif marks.publish(self.task, version.pk, expires=None):
            messages.success(request, gettext("A worker computes it."))
        else:
            give_up(self.model, version, AWAY)
            messages.error(request, gettext(AWAY))
        return HttpResponseRedirect(self.address("changelist"))


Kind = HealthFinding.Kind
CHART_WIDTH, CHART_HEIGHT = 400, 64


@admin.register(CatalogueHealth)
class CatalogueHealthAdmin(ComputedPages):
    """The active version's health."""

    task = "check_health"
    template = "admin/fashion_search/health"
    title = _("Health of the catalogue")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show what the last check found, one kind at a time."""
        from ..quality.findings import BY_KIND, TEXTS, read_page

        self.check_view(request)
        row: CatalogueHealth | None = self.active_row()
        if row is None or row.made_at is None:
            return self.respond(request, "health", row=row)
        counts = row.figures["counts"]
        kinds = [(text, counts.get(text.kind, 0)) for text in TEXTS]
        worst = next((text.kind for text, count in kinds if count), Kind.DISAGREE)
        chosen = request.GET.get("kind", worst)
        text = BY_KIND[chosen if chosen in BY_KIND else worst]
        page, groups = read_page(row, text.kind, request.GET.get("p"))
        return self.respond(
            request,
            "health",
            row=row,
            kinds=kinds,
            kind=text,
            count=counts.get(text.kind, 0),
            page=page,
            pages=page.paginator.get_elided_page_range(page.number) if groups else [],
            groups=self._with_cards(request, groups),
            figures=row.figures,
            chart=_chart(row.figures["disagree"]) if text.kind == Kind.DISAGREE else None,
            may_see_stale=request.user.has_perm("fashion_search.view_staleproduct"),
        )

    def _with_cards(self, request: HttpRequest, groups: list[Group]) -> list[dict[str, Any]]:
        links = ProductLinks(self.admin_site, request)
        cards = read_cards([shown.finding.product_key for group in groups for shown in group.shown])
        return [
            {
                "size": group.size,
                "more": group.more,
                "same_file": all(shown.finding.detail for shown in group.shown),
                "products": [
                    {
                        "finding": shown.finding,
                        "name": shown.name,
                        "changed": shown.changed,
                        "card": cards.get(shown.finding.product_key),
                        "address": links.address(shown.finding.product_key),
                    }
                    for shown in group.shown
                ],
            }
            for group in groups
        ]


def _chart(figures: dict[str, Any]) -> dict[str, Any] | None:
    """Bars of how many products have which similarity, and where the threshold lies; None without one."""
    if figures["threshold"] is None:
        return None
    most = max(figures["bins"])
    width = CHART_WIDTH / len(figures["bins"])
    length = figures["highest"] - figures["lowest"]
    step = length / len(figures["bins"])
    bars = []
    for number, count in enumerate(figures["bins"]):
        if count:
            height = max(1.0, CHART_HEIGHT * count / most)
            below = figures["lowest"] + (number + 1) * step <= figures["threshold"]
            bars.append(
                {
                    "x": f"{number * width:.1f}",
                    "y": f"{CHART_HEIGHT - height:.1f}",
                    "width": f"{width - 1:.1f}",
                    "height": f"{height:.1f}",
                    "css": "below" if below else "above",
                }
            )
    at = CHART_WIDTH * (figures["threshold"] - figures["lowest"]) / length
    return {"bars": bars, "width": CHART_WIDTH, "height": CHART_HEIGHT, "threshold": f"{max(0.0, at):.1f}"}


@admin.register(CatalogueMap)
class CatalogueMapAdmin(ComputedPages):
    """The active version's map."""

    task = "map_catalogue"
    template = "admin/fashion_search/map"
    title = _("Map of the catalogue")

    def get_urls(self) -> list[URLPattern]:
        """Add points, cards, the way to a product, and the map in words."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        views = {"points": self._points, "card": self._card, "product": self._product, "words": self._words}
        return super().get_urls() + [
            path(f"{page}/", self.admin_site.admin_view(require_GET(view)), name=f"{name}_{page}")
            for page, view in views.items()
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the map, or how far it is."""
        self.check_view(request)
        addresses = {f"{page}_address": self.address(page) for page in ("points", "card", "product", "words")}
        return self.respond(request, "map", **addresses)

    def _words(self, request: HttpRequest) -> TemplateResponse:
        """Show the map in words: a table of its cells."""
        from ..quality.map import ACROSS, read_cells, read_points

        self.check_view(request)
        row = self._made()
        points = read_points(row)
        chosen = request.GET.get("by", "")
        named = {colouring.name: colouring for colouring in points.colourings}
        colouring = named.get(chosen) or next(iter(named.values()), None)
        links = ProductLinks(self.admin_site, request)
        cells = [
            (cell, [(example.name or example.key, links.address(example.key)) for example in cell.examples])
            for cell in (read_cells(points, colouring) if colouring else [])
        ]
        return self.respond(
            request,
            "words",
            title=gettext("Map of the catalogue in words"),
            cells=cells,
            across=ACROSS,
            colouring=colouring,
            names=list(named),
            map_address=self.address("changelist"),
        )

    def _points(self, request: HttpRequest) -> JsonResponse:
        from ..quality.map import read_points

        self.check_view(request)
        return JsonResponse(read_points(self._made()).as_json(), json_dumps_params={"separators": (",", ":")})

    def _card(self, request: HttpRequest) -> JsonResponse:
        """Answer with what the card of a product shows."""
        self.check_view(request)
        entry = self._entry(request)
        card = read_cards([entry.product_key]).get(entry.product_key)
        declared: dict[str, list[str]] = {facet: [] for facet in get_index().facets}
        shown = declared | group_by_facet(entry.facets)
        return JsonResponse(
            {
                "name": card.name if card else entry.name,
                "sku": card.sku if card else entry.sku,
                "image": card.image if card else "",
                "facets": [[facet, ", ".join(values)] for facet, values in shown.items() if values],
                "opens": bool(ProductLinks(self.admin_site, request).address(entry.product_key)),
            }
        )

    def _product(self, request: HttpRequest) -> HttpResponse:
        """Lead to a product's admin page."""
        self.check_view(request)
        address = ProductLinks(self.admin_site, request).address(self._entry(request).product_key)
        if not address:
            raise Http404(gettext("The product has no admin page that you may see."))
        return HttpResponseRedirect(address)

    def _entry(self, request: HttpRequest) -> IndexEntry:
        row = self._made()
        key = storable(request.GET.get("key", ""))
        entry = IndexEntry.objects.filter(version_id=row.version_id, product_key=key).first()
        if entry is None:
            raise Http404(gettext("The index has no such product."))
        return entry

    def _made(self) -> CatalogueMap:
        row: CatalogueMap | None = self.active_row()
        if row is None or row.made_at is None:
            raise Http404(gettext("There is no map yet."))
        return row
