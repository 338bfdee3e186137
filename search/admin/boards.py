"""Results that a merchandiser arranges: before and after, tile by tile, as the engine gives them to shoppers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from ..facets import CATEGORY
from ..models import Arrangement
from ..registry import ProductCard, read_cards
from ..text import split
from .merchandising_forms import as_indexed, key_of_sku, pinned_tokens

if TYPE_CHECKING:
    from ..engine.answers import SearchAnswer, SearchResult, SimilarAnswer
    from ..merchandising.arranging import Decision, Page
    from ..merchandising.rules import Rule

FOUND = 12  # products to add


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


def read_sku(key: str) -> str:
    """Return the SKU that lists show of a product; "" for none."""
    card = read_cards([key]).get(key)
    return card.sku if card else ""
