"""The health of the catalogue in the admin: what was found, kind by kind, and what to do about it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from ..health.kinds import BY_KIND, TEXTS
from ..health.listing import Group, read_page
from ..models import CatalogueHealth, HealthFinding
from ..products import read_cards
from .base import ProductLinks
from .computed_pages import ComputedPages

Kind = HealthFinding.Kind
CHART_WIDTH, CHART_HEIGHT = 400, 64


@admin.register(CatalogueHealth)
class CatalogueHealthAdmin(ComputedPages):
    """The active version's health."""

    task = "check_health"
    template = "admin/fashion_search/health"
    title = "Health of the catalogue"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show what the last check found, one kind at a time."""
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
