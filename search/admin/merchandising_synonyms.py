"""Synonyms in the admin, with a preview of what a search finds without and with one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from ..engine.pages import Trial
from ..engine.service import search
from ..exceptions import InvalidQuery
from ..merchandising.hits import flush_what_can_be
from ..merchandising.synonym_entries import SynonymEntry
from ..models import Synonym
from .base import ModelAdmin
from .merchandising_forms import SynonymForm

SHOWN = 12  # results on each side


@admin.register(Synonym)
class SynonymAdmin(ModelAdmin):
    """What shoppers say and the catalogue does not."""

    form = SynonymForm
    list_display = ("phrase", "says", "enabled", "hits", "last_fired", "note")
    list_filter = ("enabled", "both_ways")
    search_fields = ("phrase", "means", "note")
    fields = ("phrase", "means", "both_ways", "enabled", "note", ("hits", "last_fired"))
    list_per_page = 50
    actions = ("enable", "disable")
    change_form_template = "admin/fashion_search/synonym/change_form.html"

    readonly_fields = ("hits", "last_fired")

    class Media:
        """The look of the preview."""

        css = {"all": ("fashion_search/merchandising.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the preview."""
        view = self.admin_site.admin_view(require_POST(self._preview))
        return [path("preview/", view, name="fashion_search_synonym_preview"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with the hits of this moment."""
        flush_what_can_be()
        return super().changelist_view(request, extra_context)

    @admin.display(description="what it does")
    def says(self, row: Synonym) -> str:
        """Return what the synonym does, in one sentence."""
        means = "', '".join(row.means)
        back = ", and the other way round" if row.both_ways else ""
        return f"'{row.phrase}' also finds '{means}'{back}"

    @admin.action(description="Enable selected", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        """Let searches use the selected synonyms."""
        changed = queryset.update(enabled=True, updated_at=timezone.now())
        messages.success(request, f"{changed} synonyms enabled.")

    @admin.action(description="Disable selected", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        """Keep the selected synonyms from searches."""
        changed = queryset.update(enabled=False, updated_at=timezone.now())
        messages.success(request, f"{changed} synonyms disabled.")

    def _preview(self, request: HttpRequest) -> HttpResponse:
        """Show the first results of a query without and with the synonym of the form, which is not saved."""
        given = request.POST.get("preview_of", "")
        row = self.get_object(request, given) if given else None
        if not (
            self.has_add_permission(request) if row is None else self.has_change_permission(request, row)
        ):
            raise PermissionDenied
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        context = {
            **self.admin_site.each_context(request),
            "title": "Preview of a synonym",
            "opts": self.opts,
        }
        if form.is_valid():
            typed = form.cleaned_data
            entry = SynonymEntry(typed["phrase"], tuple(typed["means"]), typed["both_ways"])
            query = request.POST.get("preview_query", "").strip() or entry.phrase
            try:
                context |= {
                    "query": query,
                    "entry": entry,
                    "sides": _sides(query, entry, str(row.pk) if row else ""),
                }
            except InvalidQuery as error:
                context |= {"problem": error.sentence}
        else:
            context |= {"form_errors": form.errors}
        return TemplateResponse(request, "admin/fashion_search/synonym/preview.html", context)


def _sides(query: str, entry: SynonymEntry, replaced: str) -> list[dict[str, Any]]:
    """What the query finds with the other synonyms of the table alone, and with this one, too."""
    rows = Synonym.objects.filter(enabled=True).order_by("pk")
    rows = rows.exclude(pk=replaced) if replaced else rows
    others = tuple(SynonymEntry(row.phrase, tuple(row.means), row.both_ways) for row in rows)
    answers = [
        search(query, page_size=SHOWN, with_facets=False, trial=Trial(synonyms=synonyms))
        for synonyms in (others, (*others, entry))
    ]
    before = {result.card.sku for result in answers[0].results}
    return [
        {
            "name": name,
            "answer": answer,
            "results": [(result.card, side and result.card.sku not in before) for result in answer.results],
        }
        for side, (name, answer) in enumerate(zip(("Without it", "With it"), answers, strict=True))
    ]
