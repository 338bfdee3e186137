"""All merchandising as one process knows it: read in one go, and compared with the tables every few seconds.

Scheduled rules are in it, too; the clock decides which ones run, so that a rule starts on time.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, DecimalField, Max, Q, Sum
from django.db.models.functions import Extract
from django.utils import timezone

from ..conf import get_settings
from ..models import Banner, MerchandisingRule, Redirect, Synonym
from ..query.synonyms import SynonymEntry
from ..resilience import PolledCache
from ..text import PhraseIndex
from .rules import Rule, is_safe, runs

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2.0  # between two comparisons with the tables
NOWHERE: PhraseIndex[Any] = PhraseIndex((), "simple")


class BannerShown(NamedTuple):
    """What a page shows of a banner."""

    id: int
    text: str
    link: str  # a path, an address at an allowed host, or ""
    picture: str  # likewise


class RedirectTo(NamedTuple):
    """Where a query leads."""

    id: int
    url: str


class _Timed(NamedTuple):
    """A rule, redirect or banner with its schedule."""

    item: Any
    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Merchandising:
    """What is enabled and not ended: rules, redirects, banners, synonyms."""

    synonyms: tuple[SynonymEntry, ...] = ()
    _synonym_phrases: PhraseIndex[int] = NOWHERE  # primary keys
    _queries: PhraseIndex[_Timed] = NOWHERE
    _pages: dict[tuple[str, str], list[_Timed]] = field(default_factory=dict)  # by place and phrase or key
    _redirects: PhraseIndex[_Timed] = NOWHERE
    _banners: PhraseIndex[_Timed] = NOWHERE
    _category_banners: dict[str, list[_Timed]] = field(default_factory=dict)

    def rules_for(
        self, text: str, categories: Iterable[str] = (), *, now: datetime | None = None
    ) -> tuple[Rule, ...]:
        """Return the rules that hold for a query; for the page of the categories where the query has no words.

        Args:
            text: what the shopper typed, without what it excludes.
            categories: values of the category filter.
            now: the present by default.
        """
        if text:
            return _running(self._queries.matching(text), now)
        return _running(self._on_pages("category", categories), now)

    def rules_of(self, place: str, phrase: str, place_key: str = "") -> tuple[Rule, ...]:
        """Return the rules of one page, running or scheduled; not those of a longer query's words or of a product's category.

        Args:
            place: as in a rule; "contains" has no page.
            phrase: the query or the category.
            place_key: key of the product whose similar items it is about.
        """
        if place == "query":
            found = self._queries.matching(phrase)
        else:
            found = self._pages.get((place, place_key or phrase.casefold()), [])
        return tuple(dict.fromkeys(timed.item for timed in found if timed.item.place == place))

    def rules_for_similar(
        self, product_key: str, categories: Iterable[str] = (), *, now: datetime | None = None
    ) -> tuple[Rule, ...]:
        """Return the rules that hold for items similar to a product.

        Args:
            product_key: str(pk) of the product.
            categories: the categories that it is in.
            now: the present by default.
        """
        own = self._pages.get(("similar_product", product_key), [])
        return _running([*own, *self._on_pages("similar_category", categories)], now)

    @property
    def has_similar_rules(self) -> bool:
        """Whether any rule is about similar items, so that categories have to be looked up."""
        return any(place.startswith("similar") for place, _ in self._pages)

    def redirect_for(self, text: str, *, now: datetime | None = None) -> RedirectTo | None:
        """Return where a query leads instead of to results, or None; the oldest redirect wins."""
        found: tuple[RedirectTo, ...] = _running(self._redirects.matching(text), now)
        return found[0] if found else None

    def synonyms_in(self, text: str) -> tuple[int, ...]:
        """Return the primary keys of the synonyms whose phrase a query holds; of those that work both ways, any of their phrases."""
        return tuple(dict.fromkeys(self._synonym_phrases.matching(text)))

    def banners_for(
        self, text: str, categories: Iterable[str] = (), *, now: datetime | None = None
    ) -> tuple[BannerShown, ...]:
        """Return the banners of a query, or of the page of the categories where the query has no words."""
        if text:
            return _running(self._banners.matching(text), now)
        found = [timed for name in categories for timed in self._category_banners.get(name.casefold(), ())]
        return _running(found, now)

    def _on_pages(self, place: str, categories: Iterable[str]) -> list[_Timed]:
        return [timed for name in categories for timed in self._pages.get((place, name.casefold()), ())]


def _running(found: Iterable[_Timed], now: datetime | None) -> tuple[Any, ...]:
    now = now or timezone.now()
    return tuple(dict.fromkeys(timed.item for timed in found if runs(timed.starts, timed.ends, now)))


_Stamped = tuple[tuple[Any, ...], Merchandising]  # with the state of the tables that it was read in
_kept: PolledCache[None, _Stamped] = PolledCache(CHECK_SECONDS)


def snapshot() -> Merchandising:
    """Return the tables' contents, at most CHECK_SECONDS old."""

    def refresh(kept: _Stamped | None) -> _Stamped:
        stamp = (get_settings().text_config, get_settings().redirect_hosts, *_stamp())
        return kept if kept is not None and kept[0] == stamp else (stamp, load())

    return _kept.get(None, refresh)[1]


def forget_snapshot() -> None:
    """Let the next search of this process compare the snapshot with the tables."""
    _kept.forget()


def rule_of(row: MerchandisingRule) -> Rule:
    """Return a row of the table as plain data."""
    return Rule(
        id=row.pk or 0,
        action=row.action,  # type: ignore[arg-type]
        place=row.place,  # type: ignore[arg-type]
        phrase=row.phrase,
        place_key=row.place_key,
        product_key=row.product_key,
        sku=row.sku,
        token=row.token,
        position=row.position or 1,
        strength=row.strength,
        starts=row.starts,
        ends=row.ends,
    )


def load() -> Merchandising:
    """Read everything that runs now or later."""
    language = get_settings().text_config
    due = Q(enabled=True) & (Q(ends=None) | Q(ends__gt=timezone.now()))
    rules = [rule_of(row) for row in MerchandisingRule.objects.filter(due).order_by("pk")]
    banners = [
        banner
        for banner in Banner.objects.filter(due).order_by("pk")
        if _may_show(banner, banner.link, banner.picture)
    ]
    redirects = [row for row in Redirect.objects.filter(due).order_by("pk") if _may_show(row, row.url)]
    pages: dict[tuple[str, str], list[_Timed]] = defaultdict(list)
    for rule in rules:
        if rule.place not in ("query", "contains"):
            pages[rule.place, rule.place_key or rule.phrase.casefold()].append(
                _Timed(rule, rule.starts, rule.ends)
            )
    by_category: dict[str, list[_Timed]] = defaultdict(list)
    for banner in banners:
        if banner.place == Banner.Place.CATEGORY:
            by_category[banner.phrase.casefold()].append(_shown(banner))
    synonyms = [
        (row.pk, SynonymEntry(row.phrase, tuple(row.means), row.both_ways))
        for row in Synonym.objects.filter(enabled=True).order_by("pk")
    ]
    return Merchandising(
        synonyms=tuple(entry for _, entry in synonyms),
        _synonym_phrases=PhraseIndex(
            [(phrase, True, pk) for pk, entry in synonyms for phrase, _ in entry.pairs()], language
        ),
        _queries=PhraseIndex(
            [
                (rule.phrase, rule.place == "contains", _Timed(rule, rule.starts, rule.ends))
                for rule in rules
                if rule.place in ("query", "contains")
            ],
            language,
        ),
        _pages=dict(pages),
        _redirects=PhraseIndex(
            [
                (
                    row.phrase,
                    row.place == "contains",
                    _Timed(RedirectTo(row.pk, row.url), row.starts, row.ends),
                )
                for row in redirects
            ],
            language,
        ),
        _banners=PhraseIndex(
            [
                (banner.phrase, banner.place == "contains", _shown(banner))
                for banner in banners
                if banner.place != Banner.Place.CATEGORY
            ],
            language,
        ),
        _category_banners=dict(by_category),
    )


def tokens_of(rules: Collection[Rule]) -> list[str]:
    """Return the values of facets that rules are about."""
    return sorted({rule.token for rule in rules if rule.token})


def pinned_by(rules: Sequence[Rule]) -> list[str]:
    """Return the keys of the products that rules pin."""
    return list(dict.fromkeys(rule.product_key for rule in rules if rule.action == "pin"))


def _shown(banner: Banner) -> _Timed:
    shown = BannerShown(banner.pk, banner.text, banner.link, banner.picture)
    return _Timed(shown, banner.starts, banner.ends)


def _may_show(row: Any, *urls: str) -> bool:
    # Forms refuse such addresses; rows written by other means, or before a host was removed, are left out here.
    if all(map(is_safe, urls)):
        return True
    logger.warning("%s %s leads out of the shop and is left out", row._meta.verbose_name, row.pk)
    return False


def _stamp() -> tuple[Any, ...]:
    """Return what differs after every change: numbers of rows, and the sum of the moments of their changes.

    The latest moment alone would miss a change that began before another one and was committed after it.
    """
    stamp: list[Any] = []
    for model in (MerchandisingRule, Redirect, Banner, Synonym):
        seconds = Sum(
            Extract("updated_at", "epoch"), output_field=DecimalField(max_digits=30, decimal_places=6)
        )
        found = model.objects.aggregate(Count("pk"), Max("updated_at"), changed=seconds)
        stamp += [found["pk__count"], found["updated_at__max"], found["changed"]]
    return tuple(stamp)
