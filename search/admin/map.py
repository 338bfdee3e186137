"""The map of the catalogue in the admin: the page, its points, and a card per product."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from ..mapping.cells import ACROSS, read_cells
from ..mapping.points import read_points
from ..models import CatalogueMap, IndexEntry
from ..products import read_cards
from ..registry import get_index
from .base import ProductLinks
from .computed_pages import ComputedPages


@admin.register(CatalogueMap)
class CatalogueMapAdmin(ComputedPages):
    """The active version's map."""

    task = "map_catalogue"
    template = "admin/fashion_search/map"
    title = "Map of the catalogue"

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
            title=f"{self.title} in words",
            cells=cells,
            across=ACROSS,
            colouring=colouring,
            names=list(named),
            map_address=self.address("changelist"),
        )

    def _points(self, request: HttpRequest) -> JsonResponse:
        self.check_view(request)
        return JsonResponse(read_points(self._made()).as_json(), json_dumps_params={"separators": (",", ":")})

    def _card(self, request: HttpRequest) -> JsonResponse:
        """Answer with what the card of a product shows."""
        self.check_view(request)
        entry = self._entry(request)
        card = read_cards([entry.product_key]).get(entry.product_key)
        shown: dict[str, list[str]] = {facet: [] for facet in get_index().facets}
        for token in entry.facets:
            facet, _, value = token.partition("=")
            shown.setdefault(facet, []).append(value)
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
            raise Http404("The product has no admin page that you may see.")
        return HttpResponseRedirect(address)

    def _entry(self, request: HttpRequest) -> IndexEntry:
        row = self._made()
        key = request.GET.get("key", "").replace("\x00", "")
        entry = IndexEntry.objects.filter(version_id=row.version_id, product_key=key).first()
        if entry is None:
            raise Http404("The index has no such product.")
        return entry

    def _made(self) -> CatalogueMap:
        row: CatalogueMap | None = self.active_row()
        if row is None or row.made_at is None:
            raise Http404("There is no map yet.")
        return row
