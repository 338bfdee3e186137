"""Merchandising by eye: the results of a query, a category or a product's similar items, arranged by dragging and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..exceptions import OvertakenDraft
from ..facets import CATEGORY
from ..models import Arrangement
from ..registry import ProductCard, read_cards
from ..text import MAX_LENGTH, split, storable
from .base import ReadOnlyAdmin
from .merchandising_forms import as_indexed, categories, key_of_sku, pinned_tokens

if TYPE_CHECKING:
    from ..engine.answers import SearchAnswer, SearchResult, SimilarAnswer
    from ..merchandising.arranging import Changed, Decision, Page
    from ..merchandising.rules import Rule

PLACES = {
    "query": gettext_lazy("Query"),
    "category": gettext_lazy("Category"),
    "similar_product": gettext_lazy("Items similar to (SKU)"),
}
SHOWN, MORE = 24, 96  # results
FOUND = 12  # products to add
LATELY = 8  # drafts, publishings and rules that are listed
LAST_YEAR = 9000
ACTIONS = ("pin", "hide", "boost", "bury")


@dataclass(frozen=True, slots=True)
class Tile:
    """A result, what is done with it, and where it stood before."""

    key: str
    card: ProductCard
    place: int  # from 1
    decision: Decision | None  # of this page
    is_draft: bool  # whether publishing would change what is done with it
    before: int | None  # its place without the draft; None where it was not shown
    others: tuple[str, ...]  # what rules of other places do with it

    @property
    def risen(self) -> int:
        """How many places the draft lifts it; below 0 where it falls, 0 where it was not shown."""
        return self.before - self.place if self.before else 0

    @property
    def fallen(self) -> int:
        """How many places the draft lowers it."""
        return -self.risen


class Held(NamedTuple):
    """A product that is decided about and not among what is shown: hidden, or further down."""

    key: str
    card: ProductCard | None
    decision: Decision
    is_draft: bool


class Board:
    """One page of results as it is published and as a draft would make it."""

    def __init__(self, page: Page, draft: Arrangement | None, shown: int) -> None:
        from ..merchandising.arranging import read_decisions, running

        self.page, self.draft, self.shown = page, draft, shown
        self.decisions = read_decisions(draft)
        now = timezone.now()
        self.at = max(draft.starts, now) if draft and draft.starts else now
        self.due = page.rules()
        self.own = running(self.due, self.at)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All published rules that hold on the page when the draft begins."""
        return rules_on(self.page, self.at)

    @cached_property
    def drafted(self) -> tuple[Rule, ...]:
        """The same with the draft."""
        from ..merchandising.arranging import drafted

        return drafted(self.rules, self.own, self.page, self.decisions)

    @cached_property
    def before(self) -> SearchAnswer | SimilarAnswer:
        """What shoppers see."""
        return answer_of(self.page, self.rules, self.shown)

    @cached_property
    def after(self) -> SearchAnswer | SimilarAnswer:
        """What they would see."""
        return answer_of(self.page, self.drafted, self.shown) if self.decisions else self.before

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Which of the rules contradict each other, and what comes of that."""
        from ..merchandising.conflicts import clashes

        found = clashes(self.drafted, pinned_tokens(self.drafted))
        return tuple(conflict.sentence for conflict in found)

    @property
    def elsewhere(self) -> list[Rule]:
        """Rules that hold here, too, and are not this page's own about products."""
        own = {rule.id for rule in self.own}
        return [rule for rule in self.rules if rule.id not in own]

    @property
    def later(self) -> list[Rule]:
        """The page's own rules that do not run when the draft begins."""
        own = {rule.id for rule in self.own}
        return [rule for rule in self.due if rule.id not in own]

    @cached_property
    def state(self) -> dict[str, Decision]:
        """What is done with each product that is decided about."""
        from ..merchandising.arranging import state_of_page

        return state_of_page(self.own, self.decisions)

    @cached_property
    def tiles(self) -> list[Tile]:
        """The results as the draft would make them."""
        before = {result.key: place for place, result in enumerate(self.before.results, start=1)}
        elsewhere = {rule.id for rule in self.elsewhere}
        others: dict[str, list[str]] = {}
        for fired in self.after.fired:
            if fired.rule_id in elsewhere:
                others.setdefault(fired.product_key, []).append(fired.sentence)
        return [
            Tile(
                result.key,
                result.card,
                place,
                self.state.get(result.key),
                result.key in self.decisions,
                before.get(result.key),
                tuple(others.get(result.key, ())),
            )
            for place, result in enumerate(self.after.results, start=1)
        ]

    @cached_property
    def held(self) -> list[Held]:
        """The products that are decided about and not among the tiles."""
        shown = {tile.key for tile in self.tiles}
        cards = read_cards(key for key in self.state if key not in shown)
        return [
            Held(key, cards.get(key), decision, key in self.decisions)
            for key, decision in self.state.items()
            if key not in shown
        ]

    @property
    def is_overtaken(self) -> bool:
        """Whether the page's rules have changed since the draft was made."""
        return self.draft is not None and self.draft.base != self.page.fingerprint()


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


def rules_on(page: Page, at: datetime) -> tuple[Rule, ...]:
    """Return all published rules that hold on a page at a moment."""
    from ..engine.similar import similar_rules
    from ..merchandising.snapshots import snapshot
    from ..models import IndexVersion

    if page.place == "query":
        return snapshot().rules_for(page.phrase, now=at)
    if page.place == "category":
        return snapshot().rules_for("", [page.phrase], now=at)
    version = IndexVersion.objects.serving()
    return similar_rules(version, page.product_key, now=at) if version else ()


def answer_of(page: Page, rules: tuple[Rule, ...], size: int) -> SearchAnswer | SimilarAnswer:
    """Return the first results of a page as some rules arrange them; nothing is counted or logged as a shopper's."""
    from ..engine.request import Filters, Trial
    from ..engine.service import search
    from ..engine.similar import find_similar

    trial = Trial(rules=rules)
    if page.place == "similar_product":
        return find_similar(page.product_key, limit=size, trial=trial)
    is_query = page.place == "query"
    filters = Filters() if is_query else Filters(facets={CATEGORY: (page.phrase,)})
    return search(
        page.phrase if is_query else "",
        filters=filters,
        page_size=size,
        with_facets=False,
        spelling=False,
        freezing=False,
        trial=trial,
    )


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


def read_page(place: str, typed: str) -> tuple[Page | None, str]:
    """Return the page that is meant, or None and what is wrong; a query is taken as searches take it, its slips corrected."""
    from ..merchandising.arranging import Page

    try:
        if place == "category":
            return Page("category", as_indexed(CATEGORY, typed)), ""
        if place == "similar_product":
            key = key_of_sku(typed)
            if key is None:
                return None, _("No product with the SKU {sku} is in the search index.").format(
                    sku=repr(typed)
                )
            return Page("similar_product", typed, key), ""
    except ValidationError as error:
        return None, " ".join(error.messages)
    phrase = meant(typed)
    if not split(phrase):
        return None, _("It contains no word that a query could match.")
    return Page("query", phrase), ""


def meant(typed: str) -> str:
    """Return a query as its rules see it: with its slips corrected, without what it excludes."""
    from ..engine.service import slips_of
    from ..models import IndexVersion
    from ..query.parse import clean_query

    version, query = IndexVersion.objects.serving(), clean_query(typed)
    slips = slips_of(version, query) if version else None
    return ((slips[0] if slips else None) or query).wanted


def find_products(text: str) -> list[SearchResult]:
    """Return a few products by name or SKU, whatever rules say, for pickers."""
    from ..engine.request import Trial
    from ..engine.service import search

    answer = search(text, page_size=FOUND, with_facets=False, freezing=False, trial=Trial(rules=()))
    return answer.results


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


def read_sku(key: str) -> str:
    """Return the SKU that lists show of a product; "" for none."""
    card = read_cards([key]).get(key)
    return card.sku if card else ""


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
