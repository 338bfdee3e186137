"""Merchandising by eye: the results of a query, a category or a product's similar items, arranged by dragging and buttons."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..exceptions import OvertakenDraft
from ..facets import CATEGORY
from ..models import Arrangement
from ..sentences import gettext_lazy
from ..text import MAX_LENGTH, storable
from .base import ReadOnlyAdmin
from .boards import Board, find_products, read_page, read_sku
from .merchandising_forms import categories

if TYPE_CHECKING:
    from ..merchandising.arranging import Changed, Decision, Page

PLACES = {
    "query": gettext_lazy("Query"),
    "category": gettext_lazy("Category"),
    "similar_product": gettext_lazy("Items similar to (SKU)"),
}
SHOWN, MORE = 24, 96  # results
LATELY = 8  # drafts, publishings and rules that are listed
LAST_YEAR = 9000
ACTIONS = ("pin", "hide", "boost", "bury")


@admin.register(Arrangement)
class ArrangementAdmin(ReadOnlyAdmin):
    """One page, which asks for the permissions of rules."""

    def get_urls(self) -> list[URLPattern]:
        """Return its address: it shows by GET, and changes by POST."""
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name="fashion_search_arrangement_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to view rules."""
        return request.user.has_perm("fashion_search.view_merchandisingrule")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permissions to add and change rules."""
        return may_arrange(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a page of results to arrange, or take a step."""
        from ..merchandising.snapshots import forget_snapshot

        if not self.has_view_permission(request):
            raise PermissionDenied
        forget_snapshot()  # what was published a moment ago is shown
        given = request.POST if request.method == "POST" else request.GET
        place = given.get("place", "query")
        place = place if place in PLACES else "query"
        typed = " ".join(storable(given.get("q", "")).split())[:MAX_LENGTH]
        page, problem = read_page(place, typed) if typed else (None, "")
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            if page is None:
                messages.error(request, problem or _("Type a query first."))
                return HttpResponseRedirect(address(self.admin_site.name, place, typed))
            return self._step(request, page)
        return self._show(request, place, typed, page, problem)

    def _show(
        self, request: HttpRequest, place: str, typed: str, page: Page | None, problem: str
    ) -> HttpResponse:
        from ..merchandising.arranging import draft_of, last_published
        from ..merchandising.rules import say

        more = request.GET.get("more") == "1"
        context: dict[str, Any] = {
            "title": _("Merchandising"),
            "opts": self.opts,
            "media": self.media,
            "places": PLACES.items(),
            "place": place,
            "typed": typed,
            "complaint": problem,
            "may_change": self.has_change_permission(request),
            "more": more,
        }
        if page is not None:
            board = Board(page, draft_of(page, request.user), MORE if more else SHOWN)
            find = " ".join(storable(request.GET.get("find", "")).split())[:MAX_LENGTH]
            context |= {
                "board": board,
                "page": page,
                "draft": board.draft,
                "others": _other_drafts(page, request.user),
                "last": last_published(page),
                "rules": [
                    (rule.id, say(rule, board.at)) for rule in (*board.own, *board.elsewhere, *board.later)
                ],
                "find": find,
                "found": find_products(find) if find else [],
                "shop": _in_the_shop(page),
                "can_show_more": not more and len(board.tiles) >= SHOWN,
            }
        else:
            context |= {
                "drafts": Arrangement.objects.filter(by_id=request.user.pk, published_at=None).order_by(
                    "-pk"
                )[:LATELY],
                "lately": Arrangement.objects.filter(published_at__isnull=False, undone_at=None)
                .select_related("by")
                .order_by("-published_at")[:LATELY],
                "categories": categories() if place == "category" else (),
            }
        return TemplateResponse(
            request,
            "admin/fashion_search/arrangement/arrange.html",
            {**self.admin_site.each_context(request), **context},
        )

    def _step(self, request: HttpRequest, page: Page) -> HttpResponse:
        """Take the step that a button stands for, and lead back to the page."""
        from ..merchandising.arranging import draft_of

        name, _colon, rest = request.POST.get("do", "").partition(":")
        draft = draft_of(page, request.user)
        if name == "discard" and draft is not None:
            draft.delete()
        elif name == "undo":
            self._undo(request, page, rest)
        elif name in (*ACTIONS, "clear", "show", "publish"):
            self._draft(request, page, draft, name, rest)
        find = (
            {"find": request.POST["find"][:MAX_LENGTH]} if request.POST.get("find") and name == "show" else {}
        )
        more = {"more": "1"} if request.POST.get("more") == "1" else {}
        return HttpResponseRedirect(address(self.admin_site.name, page.place, page.phrase, **find, **more))

    def _draft(
        self, request: HttpRequest, page: Page, draft: Arrangement | None, name: str, rest: str
    ) -> None:
        """Keep the schedule of the form and what was decided about a product, and publish where that is asked for."""
        from ..merchandising.arranging import keep_draft

        board = Board(page, draft, SHOWN)
        decisions = board.decisions
        times = (draft.starts, draft.ends) if draft else (None, None)
        try:
            times = _read_times(request) if "starts" in request.POST else times
            if name not in ("show", "publish"):
                decisions = _decided(board, name, rest)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        if not decisions and not any(times):
            if draft is not None:
                draft.delete()
            if name == "publish":
                messages.warning(
                    request, _("There is nothing to publish yet: pin, hide, boost or bury a product first.")
                )
            return
        draft = keep_draft(page, request.user, decisions, *times)
        if name == "publish":
            self._publish(request, page, draft)

    def _publish(self, request: HttpRequest, page: Page, draft: Arrangement) -> None:
        from ..merchandising.arranging import publish

        if not draft.decisions:
            messages.warning(
                request, _("There is nothing to publish yet: pin, hide, boost or bury a product first.")
            )
            return
        try:
            changed = publish(page, draft)
        except OvertakenDraft:
            messages.warning(request, _overtaken(page, draft))
            Arrangement.objects.filter(pk=draft.pk).update(base=page.fingerprint())
            return
        self._log(request, changed, _("Published by eye."))
        messages.success(
            request,
            ngettext("{number} rule published.", "{number} rules published.", len(changed)).format(
                number=len(changed)
            ),
        )

    def _undo(self, request: HttpRequest, page: Page, number: str) -> None:
        from ..merchandising.arranging import last_published, undo

        published = last_published(page)
        done = undo(published) if published is not None and str(published.pk) == number else None
        if done is None:
            messages.warning(
                request, _("Nothing was undone: something else was published or undone meanwhile.")
            )
            return
        self._log(request, done.changed, _("Undone by eye."))
        messages.success(
            request,
            ngettext(
                "{number} rule is as it was before.",
                "{number} rules are as they were before.",
                len(done.changed),
            ).format(number=len(done.changed)),
        )
        if done.kept:
            messages.warning(
                request,
                ngettext(
                    "Rule {numbers} was changed or deleted since, and stays as it is.",
                    "Rules {numbers} were changed or deleted since, and stay as they are.",
                    len(done.kept),
                ).format(numbers=", ".join(map(str, sorted(done.kept)))),
            )

    def _log(self, request: HttpRequest, changed: list[Changed], message: str) -> None:
        for row, is_new in changed:
            if is_new:
                self.log_addition(request, row, message)
            else:
                self.log_change(request, row, message)


def may_arrange(request: HttpRequest) -> bool:
    """Whether somebody may arrange results: add rules and change them."""
    return request.user.has_perms(
        (
            "fashion_search.view_merchandisingrule",
            "fashion_search.add_merchandisingrule",
            "fashion_search.change_merchandisingrule",
        )
    )


def address(site: str, place: str, phrase: str, **more: str) -> str:
    """Return the address of the page that arranges some results."""
    here = reverse(f"{site}:fashion_search_arrangement_changelist")
    return f"{here}?{urlencode({'place': place, 'q': phrase, **more})}"


def _decided(board: Board, name: str, rest: str) -> dict[str, Decision]:
    """The decisions of a draft with one more, from the value of a button: "pin:1:KEY", "hide:KEY".

    Raises:
        ValidationError: there is no such product, or too much is decided already.
    """
    from ..merchandising.arranging import LAST_PLACE, MOST, Decision, decide
    from ..models import IndexEntry, IndexVersion

    place = 1
    if name == "pin":
        number, _colon, rest = rest.partition(":")
        place = min(max(int(number), 1), LAST_PLACE) if number.isdecimal() and len(number) < 6 else 1
    held = board.state.get(rest)
    if name == "clear":
        published = {rule.product_key: rule.sku for rule in board.own}
        sku = held.sku if held else published.get(rest, "")
        if rest not in board.decisions and rest not in published:
            return dict(board.decisions)
        return decide(board.own, board.decisions, rest, Decision(sku))
    version = IndexVersion.objects.serving()
    entries = IndexEntry.objects.in_version(version.pk) if version else IndexEntry.objects.none()
    sku = read_sku(rest) if entries.filter(product_key=storable(rest)).exists() else ""
    if not sku:
        raise ValidationError(
            _("That product is not in the search index any more, or has no SKU, by which rules name it.")
        )
    if len(board.decisions) >= MOST:
        raise ValidationError(
            _("A draft holds {number} decisions at most: publish these first.").format(number=MOST)
        )
    strength = "clearly"
    if held is not None and held.action == name and name in ("boost", "bury"):
        strength = "strongly"
    wanted = Decision(sku, name, place if name == "pin" else None, strength)
    return decide(board.own, board.decisions, rest, wanted)


def _read_times(request: HttpRequest) -> tuple[datetime | None, datetime | None]:
    """The schedule of the form.

    Raises:
        ValidationError: a moment that is none, or an end that has passed or comes before the start.
    """
    now, found = timezone.now(), []
    for name in ("starts", "ends"):
        typed = request.POST.get(name, "").strip()
        try:
            moment = parse_datetime(typed) if typed else None
        except ValueError:
            moment = None
        if typed and (moment is None or not 1900 < moment.year < LAST_YEAR):
            raise ValidationError(_("“{typed}” is no date and time.").format(typed=typed[:40]))
        found.append(timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment)
    starts, ends = found
    if ends is not None and ends <= now:
        raise ValidationError(_("The end has passed; choose a later one."))
    if starts is not None and ends is not None and ends <= starts:
        raise ValidationError(_("It ends before it starts; swap the two."))
    return (starts if starts is not None and starts > now else None), ends


def _overtaken(page: Page, draft: Arrangement) -> str:
    """What the later one of two people is told."""
    others = Arrangement.objects.filter(
        place=page.place, page_key=page.key, published_at__gt=draft.created_at
    ).exclude(pk=draft.pk)
    latest = others.select_related("by").order_by("-published_at").first()
    who = str(latest.by) if latest and latest.by else _("Somebody")
    return _(
        "Not published yet: {who} has changed the rules of this page since you began. Look at what is published now "
        "beside your draft, and publish again if it is still right."
    ).format(who=who)


def _other_drafts(page: Page, user: Any) -> list[Arrangement]:
    drafts = Arrangement.objects.filter(place=page.place, page_key=page.key, published_at=None).exclude(
        by=user
    )
    return list(drafts.select_related("by").order_by("pk")[:LATELY])


def _in_the_shop(page: Page) -> str:
    """The address at which shoppers see a query or a category, where the host has the search pages."""
    try:
        here = reverse("fashion_search_pages:search")
    except NoReverseMatch:
        return ""
    if page.place == "query":
        return f"{here}?{urlencode({'q': page.phrase})}"
    return f"{here}?{urlencode({CATEGORY: page.phrase})}" if page.place == "category" else ""
