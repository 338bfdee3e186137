"""The review of suggested tags: a grid of products, decided on by keyboard, by pointer, or by plain forms."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from ..models import ProductTag
from ..registry import get_index
from ..tags.deciding import decide
from ..tags.reviewing import ReviewFilter, count_states, read_products
from .base import ReadOnlyAdmin

PER_PAGE = 24
DECISIONS = {
    "accept": ProductTag.State.ACCEPTED,
    "reject": ProductTag.State.REJECTED,
    "undo": ProductTag.State.SUGGESTED,
}
MOST_AT_ONCE = 200  # tags of one request: those of a product, many times over
State = ProductTag.State


class ReviewPage(ReadOnlyAdmin):
    """Who may view tags sees the page; who may change them decides."""

    def review_view(self, request: HttpRequest) -> HttpResponse:
        """Show products with the tags that wait for a decision, or with those that were accepted or rejected."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = _read_filter(request.GET)
        pages: Paginator[Any] = Paginator(wanted.product_keys(), PER_PAGE)
        page = pages.get_page(request.GET.get("p"))
        counts = count_states()
        kinds = ProductTag.objects.filter(state=wanted.state).order_by("kind").values_list("kind", flat=True)
        return TemplateResponse(
            request,
            "admin/fashion_search/producttag/review.html",
            {
                **self.admin_site.each_context(request),
                "title": "Review tags",
                "opts": self.opts,
                "wanted": wanted,
                "page": page,
                "products": read_products(wanted, list(page.object_list)),
                "states": [(state.value, state.label, counts[state.value]) for state in State],
                "kinds": list(kinds.distinct()),
                "may_change": self.has_change_permission(request),
                "undoable": _ids(request.GET.get("undo", "")),
                "product_page": self._product_page(),
                "query": _query(wanted),
            },
        )

    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """Take decisions, and answer a script in JSON, a form with the page that it came from."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        name = next((name for name in DECISIONS if name in request.POST), "")
        ids = _ids(request.POST.get(name, ""))
        changed = decide(ids, DECISIONS[name], request.user) if name and ids else []
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"changed": [{"id": tag.pk, "state": tag.state} for tag in changed]})
        if changed:
            messages.success(request, _sentence(name, changed))
        wanted = _read_filter(QueryDict(request.POST.get("back", "")))
        undo = {"undo": ",".join(str(tag.pk) for tag in changed)} if changed and name != "undo" else {}
        page = {"p": request.POST["p"]} if request.POST.get("p", "").isdecimal() else {}
        address = reverse(f"{self.admin_site.name}:fashion_search_tag_review")
        return HttpResponseRedirect(f"{address}?{urlencode({**_parameters(wanted), **page, **undo})}")

    def _product_page(self) -> str:
        """Name of the admin's page of a product, "" where the host has none."""
        meta = get_index().model._meta
        name = f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_change"
        try:
            reverse(name, args=["0"])
        except NoReverseMatch:
            return ""
        return name


def _read_filter(given: QueryDict) -> ReviewFilter:
    state = given.get("state", "")
    return ReviewFilter(
        state=state if state in State.values else State.SUGGESTED,
        kind=_plain(given.get("kind", "")),
        product=_plain(given.get("product", "")),
    )


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()[:200]


def _parameters(wanted: ReviewFilter) -> dict[str, str]:
    named = {"state": str(wanted.state), "kind": wanted.kind, "product": wanted.product}
    return {name: value for name, value in named.items() if value}


def _query(wanted: ReviewFilter) -> str:
    return urlencode(_parameters(wanted))


def _ids(text: str) -> list[int]:
    """Read primary keys, separated by commas; what is none is passed over."""
    parts = text.split(",")[:MOST_AT_ONCE]
    return [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 19]


def _sentence(name: str, changed: list[ProductTag]) -> str:
    words = ", ".join(f"“{tag.word}”" for tag in changed[:3])
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    done = {"accept": "Accepted", "reject": "Rejected", "undo": "Taken back:"}[name]
    return f"{done} {words}{more}."
