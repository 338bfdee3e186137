"""Judging in the admin: the results of a query as cards, of which a person ticks the right answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import IndexEntry, IndexVersion, JudgedSet
from ..models.insight import normalise
from ..registry import read_cards
from ..text import cut_text, storable
from .base import ModelAdmin

if TYPE_CHECKING:
    from ..registry import ProductCard

TEMPLATES = "admin/fashion_search/judgedset"
SHOWN = 24  # results of a query, and of a search for other products
MOST_SHOWN = 300  # cards of one form
NEXT = 8  # queries that are named beside the cards
HIGHEST_SKIP = 100_000


class SetPages(ModelAdmin):
    """What all pages of one set share."""

    def set_of(self, request: HttpRequest, pk: int | str, *, changing: bool = False) -> JudgedSet:
        """Return a set to who may see or change it.

        Raises:
            PermissionDenied: for the others.
            Http404: there is no such set.
        """
        allowed = self.has_change_permission(request) if changing else self.has_view_permission(request)
        if not allowed:
            raise PermissionDenied
        found: JudgedSet | None = self.get_object(request, str(pk))
        if found is None:
            raise Http404(_("There is no such set of judged queries."))
        return found

    def address(self, page: str, judged_set: JudgedSet | None = None) -> str:
        """Return the address of a page, of a set where one is given."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[judged_set.pk] if judged_set else [])

    def respond(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        judged_set: JudgedSet | None = None,
        **context: Any,
    ) -> TemplateResponse:
        """Write a page."""
        return TemplateResponse(
            request,
            f"{TEMPLATES}/{template}.html",
            {
                **self.admin_site.each_context(request),
                "title": title,
                "opts": self.opts,
                "set": judged_set,
                "here": template,
                "may_add": self.has_add_permission(request),
                "may_change": self.has_change_permission(request),
                "may_delete": self.has_delete_permission(request),
                "may_see_queries": request.user.has_perm("fashion_search.view_queryday"),
                "may_see_evaluations": request.user.has_perm("fashion_search.view_evaluation"),
                **context,
            },
        )


@dataclass(frozen=True, slots=True)
class Pick:
    """A product that may be ticked."""

    sku: str  # in lower case
    card: ProductCard | None  # None: the index does not have it
    ticked: bool
    focus: bool = False  # whether the page begins with it


class JudgingPages(SetPages):
    """The page for judging."""

    def judge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a query's results to tick, keep what was ticked, find other products."""
        from ..evaluation.sets import waiting_queries

        judged_set = self.set_of(request, pk, changing=True)
        given = request.POST if request.method == "POST" else request.GET
        skip = _skip(given.get("skip", ""))
        text = cut_text(storable(given.get("q", ""))).text
        suggests = request.user.has_perm("fashion_search.view_queryday")
        waiting = waiting_queries(judged_set, skip=skip, limit=NEXT + 1) if suggests else []
        if request.method == "POST" and text:
            find = cut_text(storable(request.POST.get("find", ""))).text
            # Enter in the search box presses the first button of the form; what is typed there is looked for first.
            if (
                "remove" not in request.POST
                and find
                and ("look" in request.POST or find != request.POST.get("found"))
            ):
                picks, before = self._find(request, find)
                return self._page(request, judged_set, text, skip, picks, waiting, find=find, before=before)
            return self._keep(request, judged_set, text, skip)
        text = text or (waiting[0].text if waiting else "")
        picks = self._picks(judged_set, text) if text else []
        return self._page(request, judged_set, text, skip, picks, waiting)

    def _page(
        self,
        request: HttpRequest,
        judged_set: JudgedSet,
        text: str,
        skip: int,
        picks: list[Pick],
        waiting: list[Any],
        *,
        find: str = "",
        before: int = 0,
    ) -> TemplateResponse:
        following = [query for query in waiting if normalise(query.text) != normalise(text)]
        first = bool(waiting) and normalise(waiting[0].text) == normalise(text)
        return self.respond(
            request,
            "judge",
            _("Judge queries"),
            judged_set,
            text=text,
            judged=judged_set.queries.filter(query=normalise(text)).first() if text else None,
            picks=picks[: len(picks) - before] if before else picks,
            others=picks[len(picks) - before :] if before else [],
            find=find,
            skip=skip,
            skip_next=skip + 1 if first else None,
            searches=next((query.searches for query in waiting if query not in following), None),
            following=following[:NEXT],
            count=judged_set.queries.count(),
            version=IndexVersion.objects.active(),
        )

    def _picks(self, judged_set: JudgedSet, text: str) -> list[Pick]:
        """The first results of a query, and what was judged right before, ticked."""
        judged = judged_set.queries.filter(query=normalise(text)).first()
        right = set(judged.right) if judged else set()
        found = _search(text)
        kept = _cards(sku for sku in sorted(right) if sku not in found)
        cards: dict[str, ProductCard | None] = {**kept, **found}
        return [Pick(sku, card, sku in right, place == 0) for place, (sku, card) in enumerate(cards.items())]

    def _find(self, request: HttpRequest, find: str) -> tuple[list[Pick], int]:
        """What the form showed, as it was ticked, and behind it the products that were looked for; how many these are."""
        shown, ticked = _read_picks(request)
        picks = [Pick(sku, card, sku in ticked) for sku, card in _cards(shown).items()]
        more = [(sku, card) for sku, card in _search(find).items() if sku not in set(shown)]
        more = more[: max(0, MOST_SHOWN - len(picks))]
        picks += [Pick(sku, card, ticked=False, focus=place == 0) for place, (sku, card) in enumerate(more)]
        return picks, len(more)

    def _keep(
        self, request: HttpRequest, judged_set: JudgedSet, text: str, skip: int
    ) -> HttpResponseRedirect:
        from ..evaluation.sets import SetError, judge

        if "remove" in request.POST:
            if judged_set.queries.filter(query=normalise(text)).delete()[0]:
                said = _("Took “%(query)s” out of the set.") % {"query": text}
                self.log_change(request, judged_set, said)
                messages.success(request, said)
            return HttpResponseRedirect(self.address("change", judged_set))
        shown, ticked = _read_picks(request)
        try:
            judged = judge(judged_set, text, ticked=ticked, shown=shown, user=request.user)
        except SetError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(f"{self.address('judge', judged_set)}?{urlencode({'q': text})}")
        if judged.right:
            count = len(judged.right)
            said = ngettext(
                "Kept “%(query)s” with %(count)d right answer.",
                "Kept “%(query)s” with %(count)d right answers.",
                count,
            ) % {"query": text, "count": count}
        else:
            said = _(
                "Kept “%(query)s” without a right answer: evaluations leave it out until it has one."
            ) % {"query": text}
        self.log_change(request, judged_set, said)
        messages.success(request, said)
        asked = f"?{urlencode({'skip': skip})}" if skip else ""
        return HttpResponseRedirect(self.address("judge", judged_set) + asked)


def _skip(stated: str) -> int:
    return (
        min(int(stated), HIGHEST_SKIP) if stated.isascii() and stated.isdecimal() and len(stated) < 7 else 0
    )


def _read_picks(request: HttpRequest) -> tuple[list[str], set[str]]:
    """The SKUs of the cards that a form showed, and those that were ticked."""
    shown = list(dict.fromkeys(_sku(sku) for sku in request.POST.getlist("shown")[:MOST_SHOWN]))
    ticked = {_sku(sku) for sku in request.POST.getlist("right")[:MOST_SHOWN]}
    return [sku for sku in shown if sku], ticked & set(shown)


def _sku(stated: str) -> str:
    return storable(stated).strip().lower()[:200]


def _search(text: str) -> dict[str, ProductCard | None]:
    """The first results of a query, by SKU in lower case."""
    from ..engine.request import Trial
    from ..engine.service import search

    answer = search(text, page_size=SHOWN, with_facets=False, freezing=False, trial=Trial())
    return {result.card.sku.lower(): result.card for result in answer.results}


def _cards(skus: Any) -> dict[str, ProductCard | None]:
    """The cards of products by SKU in lower case, in their order; None for those that the index does not have."""
    skus = list(skus)
    version = IndexVersion.objects.active()
    keys = dict(IndexEntry.objects.filter(version=version, sku__in=skus).values_list("sku", "product_key"))
    cards = read_cards(keys.values()) if keys else {}
    return {sku: cards.get(keys.get(sku, "")) for sku in skus}
