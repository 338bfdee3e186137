"""Forms of merchandising that show what would change before they are saved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ..facets import CATEGORY, token_of
from ..models import IndexEntry, IndexVersion
from ..registry import ProductCard
from ..text import MAX_LENGTH, one_line, storable
from .base import ModelAdmin
from .boards import answer_of, meant, read_page, rules_on

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from ..engine.answers import SearchAnswer, SimilarAnswer
    from ..merchandising.rules import Rule

PREVIEWED = 12  # results on each side


@dataclass(frozen=True, slots=True)
class Preview:
    """What a place shows without something and with it."""

    sentence: str  # what it does
    where: str  # the query, or what else is looked at
    before: SearchAnswer | SimilarAnswer
    after: SearchAnswer | SimilarAnswer

    @property
    def sides(self) -> list[tuple[Any, Any, list[tuple[ProductCard, int]]]]:
        """Of each side its name, its answer, and its products with how far each has risen.

        Below 0 it has fallen; NEW stands for a product that the first side does not show.
        """
        places = {result.key: place for place, result in enumerate(self.before.results)}
        risen = [
            (result.card, places.get(result.key, place + NEW) - place)
            for place, result in enumerate(self.after.results)
        ]
        return [
            (_("Without it"), self.before, [(result.card, 0) for result in self.before.results]),
            (_("With it"), self.after, risen),
        ]


NEW = 1000  # places that a product has risen which was not shown


class Previewed(ModelAdmin):
    """A form with a button that shows both, and saves nothing."""

    preview_name: str  # of the address
    preview_title: str | Promise
    preview_refused: str | Promise

    class Media:
        """The look of the preview."""

        css = {"all": ("fashion_search/merchandising.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the preview."""
        view = self.admin_site.admin_view(require_POST(self._preview))
        return [path("preview/", view, name=self.preview_name), *super().get_urls()]

    def preview_of(self, form: Any, query: str) -> Preview:
        """Return what a valid form would change.

        Args:
            form: it is not saved.
            query: to try it with; "" for the form's own.

        Raises:
            ValidationError: there is nothing to try it with.
        """
        raise NotImplementedError

    def _preview(self, request: HttpRequest) -> HttpResponse:
        given = request.POST.get("preview_of", "")
        row = self.get_object(request, given) if given else None
        allowed = (
            self.has_add_permission(request) if row is None else self.has_change_permission(request, row)
        )
        if not allowed:
            raise PermissionDenied
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        context = {
            **self.admin_site.each_context(request),
            "title": self.preview_title,
            "opts": self.opts,
            "refused": self.preview_refused,
            "NEW": NEW,
        }
        query = one_line(storable(request.POST.get("preview_query", "")))[:MAX_LENGTH]
        if form.is_valid():
            try:
                context["preview"] = self.preview_of(form, query)
            except ValidationError as error:
                context["form_errors"] = {"__all__": error.messages}
        else:
            context["form_errors"] = {
                form.fields[name].label if name in form.fields else "__all__": errors
                for name, errors in form.errors.items()
            }
        return TemplateResponse(request, "admin/fashion_search/arrangement/preview.html", context)


def preview_rule(rule: Rule, sentence: str, query: str) -> Preview:
    """Return the results of a rule's place without it and with it, at the moment at which it begins.

    Args:
        rule: it may be new, or take the place of the saved one with its number.
        sentence: what it does.
        query: a longer one, or an SKU, where the rule is about more than one page.

    Raises:
        ValidationError: there is nothing that it would be about.
    """
    from ..merchandising.rules import DRAFTED

    place, phrase = rule.place, rule.phrase
    if place == "contains":
        place, phrase = "query", query if query and phrase.casefold() in meant(query).casefold() else phrase
    elif place == "similar_category":
        place, phrase = "similar_product", query or _one_of(phrase)
    page, problem = read_page(place, phrase)
    if page is None:
        raise ValidationError(problem)
    now = timezone.now()
    at = max(rule.starts, now) if rule.starts else now
    others = tuple(other for other in rules_on(page, at) if other.id != rule.id)
    tried = replace(rule, id=rule.id or DRAFTED)
    rules = tuple(sorted((*others, tried), key=lambda one: one.id))
    return Preview(
        sentence, page.phrase, answer_of(page, others, PREVIEWED), answer_of(page, rules, PREVIEWED)
    )


def _one_of(category: str) -> str:
    """The SKU of the newest product of a category."""
    version = IndexVersion.objects.serving()
    entries = IndexEntry.objects.in_version(version.pk) if version else IndexEntry.objects.none()
    found = entries.filter(facets__overlap=[token_of(CATEGORY, category)]).newest().exclude(sku="")
    sku = found.values_list("sku", flat=True).first()
    if sku is None:
        raise ValidationError(_("No product with an SKU is in this category."))
    return str(sku)
