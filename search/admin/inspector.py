"""The inspector: how a query's results come about, why a product is not among them, and two ways of searching compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..conf import get_settings, other_settings
from ..exceptions import InvalidQuery
from ..facets import parse_typed
from ..models import Evaluation, IndexVersion
from ..registry import get_index
from ..text import MAX_LENGTH, storable
from .arranging import may_arrange
from .base import ReadOnlyAdmin
from .merchandising_forms import key_of_sku

if TYPE_CHECKING:
    from ..engine.answers import SearchAnswer, SearchResult
    from ..engine.request import Filters

TEMPLATES = "admin/fashion_search/insight"


class InsightAdmin(ReadOnlyAdmin):
    """Pages of figures over a daily table; a permission to view the table is one to see them."""

    def get_urls(self) -> list[URLPattern]:
        """Return the address of the page alone: daily tables have no forms."""
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name=f"{self.opts.app_label}_{self.opts.model_name}_changelist")]

    def respond(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """Write a page with the period that its address names."""
        from ..insight.reports import PRESETS

        return TemplateResponse(
            request,
            f"{TEMPLATES}/{template}.html",
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "presets": PRESETS,
                "may_see_queries": request.user.has_perm("fashion_search.view_queryday"),
                "enabled": get_settings().insight,
                **context,
            },
        )


SHOWN = 24  # results
LONGEST_ADDRESS = 8000  # characters, with the token of a photo
MOST_LOOKS = 10  # facets of a photo
COMPARED = 12  # results of each side
# Buttons of a result, by which a draft for the query begins or goes on.
STEPS = (
    ("pin:1", gettext_lazy("Pin first")),
    ("hide", gettext_lazy("Hide")),
    ("boost", gettext_lazy("Boost")),
    ("bury", gettext_lazy("Bury")),
)


@dataclass(frozen=True, slots=True)
class Moved:
    """A result of the right side and where it stands on the left one."""

    result: SearchResult
    position: int
    before: int | None  # None: it is not there

    @property
    def by(self) -> int | None:
        """How many places it has risen; below 0 where it has fallen."""
        return None if self.before is None else self.before - self.position


@dataclass(frozen=True, slots=True)
class Side:
    """One of two ways of searching."""

    version: IndexVersion | None
    stated: str  # settings, as JSON

    def answer(self, text: str) -> SearchAnswer:
        """Search this way.

        Raises:
            InvalidQuery: the text or the settings cannot be used.
        """
        from ..engine.request import Trial
        from ..engine.service import search
        from ..evaluation.run import read_settings

        with_settings = read_settings(self.stated)
        try:
            with other_settings(with_settings):
                return search(text, page_size=COMPARED, with_facets=False, trial=Trial(version=self.version))
        except ImproperlyConfigured as error:
            raise InvalidQuery("invalid_settings", str(error)) from error


class InspectorPages(InsightAdmin):
    """Two pages more for the admin of queries."""

    def get_urls(self) -> list[URLPattern]:
        """Add their addresses."""
        view = self.admin_site.admin_view
        pages = [
            path("inspector/", view(self.inspector_view), name="fashion_search_inspector"),
            path("compare/", view(self.compare_view), name="fashion_search_compare"),
        ]
        return [*super().get_urls(), *pages]

    def inspector_view(self, request: HttpRequest) -> HttpResponse:
        """Show each result of a query with what it is made of, and why one product is none of them."""
        from ..engine.request import Trial
        from ..engine.service import search

        self._check(request)
        text, sku, stated = (_given(request, name) for name in ("q", "sku", "filters"))
        photo, looks = read_photo(storable(request.GET.get("photo", "")[:LONGEST_ADDRESS]).strip())
        looks = looks or [storable(token) for token in request.GET.getlist("looks")[:MOST_LOOKS]]
        answer, problem = None, ""
        if text or photo:
            try:
                trial = Trial(explain=True, missing=sku)
                answer = search(
                    text,
                    filters=read_filters(stated),
                    page_size=SHOWN,
                    with_facets=False,
                    photo=photo,
                    looks=looks,
                    trial=trial,
                )
            except InvalidQuery as error:
                problem = error.sentence
        context: dict[str, Any] = {
            "text": text,
            "sku": sku,
            "filters": stated,
            "answer": answer,
            "complaint": problem,
        }
        context |= _rows(answer)
        if text and not photo and may_arrange(request):
            absent = answer.absence if answer else None
            context |= {
                "may_arrange": True,
                "steps": STEPS,
                "absent_key": (key_of_sku(absent.sku) if absent else "") or "",
            }
        return self.respond(
            request, "inspector", _("Inspector"), page="inspector", photo=photo, looks=looks, **context
        )

    def compare_view(self, request: HttpRequest) -> HttpResponse:
        """Show the results of two versions or settings side by side, or two evaluations."""
        from ..evaluation.compare import compare_evaluations
        from ..evaluation.run import TRIED

        self._check(request)
        text = _given(request, "q")
        versions = list(IndexVersion.objects.filter(state__in=("active", "retired")).order_by("-pk"))
        sides = [self._side(request, name, versions) for name in ("left", "right")]
        answers: list[SearchAnswer] = []
        problem = ""
        if text:
            try:
                answers = [side.answer(text) for side in sides]
            except InvalidQuery as error:
                problem = error.sentence
        evaluations = list(Evaluation.objects.all()[:50])
        chosen = [_evaluation(request, name, evaluations) for name in ("before", "after")]
        context = {
            "text": text,
            "versions": versions,
            "left": sides[0],
            "right": sides[1],
            "answers": answers,
            "moved": _moved(*answers) if answers else [],
            "gone": _gone(*answers) if answers else [],
            "evaluations": evaluations,
            "before": chosen[0],
            "after": chosen[1],
            "comparison": compare_evaluations(*chosen) if all(chosen) else None,  # type: ignore[arg-type]
            "complaint": problem,
            "tried": ", ".join(TRIED),
        }
        return self.respond(request, "compare", _("Compare"), page="compare", **context)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _side(self, request: HttpRequest, name: str, versions: list[IndexVersion]) -> Side:
        number = _given(request, f"{name}_version")
        chosen = next((version for version in versions if str(version.pk) == number), None)
        return Side(chosen, storable(request.GET.get(f"{name}_settings", "")[:2000]).strip())


def read_filters(stated: str) -> Filters:
    """Read filters written as `colour=Red, brand=Nike`.

    Raises:
        InvalidQuery: a part is not one.
    """
    from ..engine.request import Filters

    facets: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in stated.split(","))):
        typed = parse_typed(part)
        if typed is None or not typed.value:
            sentence = _("{part} is not a filter: write filters such as colour=Red, brand=Nike.")
            raise InvalidQuery("invalid_filter", sentence.format(part=repr(part)))
        facets[typed.facet] = (*facets.get(typed.facet, ()), typed.value)
    return Filters(facets=facets)


def read_photo(stated: str) -> tuple[str, list[str]]:
    """Return the token of a photo and what it is taken for, from the token alone or the address of a page with its results."""
    if "photo=" not in stated:
        return stated, []
    query = parse_qs(stated.partition("?")[2] or stated, keep_blank_values=True)
    return query.get("photo", [""])[0], query.get("looks", [])[:MOST_LOOKS]


def _rows(answer: SearchAnswer | None) -> dict[str, Any]:
    if answer is None or answer.explanation is None:
        return {"rows": [], "facets": get_index().facets}
    explained = {item.product_key: item for item in answer.explanation.results}
    rows = [(result, explained[result.key]) for result in answer.results]
    return {"rows": rows, "facets": get_index().facets}


def _moved(left: SearchAnswer, right: SearchAnswer) -> list[Moved]:
    before = {result.card.sku: place for place, result in enumerate(left.results, start=1)}
    return [
        Moved(result, place, before.get(result.card.sku))
        for place, result in enumerate(right.results, start=1)
    ]


def _gone(left: SearchAnswer, right: SearchAnswer) -> list[str]:
    there = {result.card.sku for result in right.results}
    return [result.card.sku for result in left.results if result.card.sku not in there]


def _evaluation(request: HttpRequest, name: str, evaluations: list[Evaluation]) -> Evaluation | None:
    number = _given(request, name)
    return next((one for one in evaluations if str(one.pk) == number), None)


def _given(request: HttpRequest, name: str) -> str:
    return " ".join(storable(request.GET.get(name, "")).split())[:MAX_LENGTH]
