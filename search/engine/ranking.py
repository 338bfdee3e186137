"""The ranking of a query: what covers it, and what its embedding is near to, scored together and in order."""

import logging
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Any, Protocol, TypeVar

from django.db import DatabaseError

from ..conf import get_settings
from ..encoders.queries import embed_query
from ..encoders.votes import share_of
from ..exceptions import EncoderTimeout
from ..facets import GENDER, FacetValue, token_of, values_of
from ..merchandising.apply import Spread
from ..merchandising.conflicts import Conflict
from ..merchandising.rules import Fired, Rule
from ..merchandising.snapshots import pinned_by, snapshot
from ..models import IndexVersion
from ..models.entries import EntryQuerySet
from ..models.finding import Found, Measure, Row, among, find, holding_each, holding_most, measured
from ..query.codes import ReadCodes, read_codes
from ..query.lexicon import VersionWords, words_of, words_with
from ..query.parse import NOTHING_MEANT, Query, Understood, read_query
from ..query.prices import FALLING, ShopMoney
from ..query.synonyms import SynonymEntry
from ..vectors import EmbeddingLiteral
from . import answers
from .answers import LooksLike
from .arrange import Arranged, arrange, without_hidden
from .candidates import (
    ScoredEntry,
    Scoring,
    Space,
    Term,
    cheapness_of,
    image_leg,
    leaves_few,
    terms_of,
    text_leg,
)
from .relaxation import NONE, Parts, kinds_among, relax
from .request import NO_FILTERS, Filters

logger = logging.getLogger(__name__)

MOVING = ("boost", "bury")  # actions of rules that change places
LONGEST_RELAXED = 8  # terms; each is left out in turn


@dataclass(frozen=True, slots=True)
class Shown:
    """How the values of a facet share the votes for what a photo shows."""

    facet: str
    shares: Mapping[str, float]  # by value, from 0 to 1

    def of(self, tokens: Sequence[str]) -> float:
        """Return how far a product with these tokens is what the photo shows, from 0 to 1."""
        return share_of(values_of(self.facet, tokens), self.shares)


@dataclass(frozen=True, slots=True)
class RankingQuery:
    """A query as one version understands it; without an embedding it is answered by words only."""

    version: IndexVersion
    typed: Query  # with its slips corrected
    understood: Understood
    words: VersionWords
    embedding: EmbeddingLiteral | None
    rules: tuple[Rule, ...] = ()  # that hold for the query
    photo: EmbeddingLiteral | None = None  # what results look like
    left_out: frozenset[str] = frozenset()  # product keys of what is no result
    looks: tuple[LooksLike, ...] = ()  # what the photo shows
    shown: Shown | None = None  # and how its kinds share the votes for that
    codes: ReadCodes | None = None  # of products, which come first

    @property
    def first(self) -> tuple[FacetValue, ...]:
        """The values whose products come first for the photo, the most important before others."""
        return tuple(FacetValue(one.facet, one.value) for one in self.looks if one.first)

    @property
    def terms(self) -> list[Term]:
        """What is looked up, one term per unit, in their order."""
        return terms_of(self.understood.units, get_settings().weights)

    @property
    def lists_all(self) -> bool:
        """Whether it says nothing but prices or what is not wanted, so that everything else is asked for."""
        return self.understood.lists_all or (bool(self.typed.excluded) and not self.typed.wanted)

    @property
    def may_be_relaxed(self) -> bool:
        """Whether parts of it may be dropped: there are some, and it is neither a photo's nor that of a code which no product has."""
        return (
            self.photo is None and bool(self.understood.units) and not (self.codes and self.codes.only_close)
        )

    def under(self, filters: Filters) -> Filters:
        """Return the filters with the price that the query states, unless a price is chosen."""
        price = self.understood.price
        if price is None or filters.has_price:
            return filters
        return replace(filters, price_min=price.lowest, price_max=price.highest)

    def without_stated_price(self, filters: Filters) -> "RankingQuery":
        """Return the query without the price that it states where one is chosen, which takes its place."""
        return replace(self, understood=replace(self.understood, price=None)) if filters.has_price else self


@dataclass(frozen=True, slots=True)
class RankingTrace:
    """What a ranking looked at, step by step, for those who ask why."""

    named: Collection[int]  # entries whose SKU or name is the query
    scored: Sequence[ScoredEntry]  # every candidate
    closest: bool  # whether the closest might fill up; not where enough have everything before filters
    few: bool  # so few have all that was asked for, or all the rest, that the closest were let in
    kept: Sequence[ScoredEntry]  # candidates worth showing, in order
    shown: Sequence[ScoredEntry]  # the same with variants spread, before rules are applied; RESULTS at most
    dropped: Parts | None = NONE  # units that were dropped; None where nothing has enough of the query


@dataclass(frozen=True, slots=True)
class Ranked:
    """Every result of a query under some filters, best first."""

    items: Sequence[ScoredEntry]
    complete: bool = True  # False when more products would qualify
    fired: tuple[Fired, ...] = ()  # rules that took effect
    conflicts: tuple[Conflict, ...] = ()  # rules that contradicted each other, and what came of it
    pinned: Mapping[str, int] = field(default_factory=dict)  # product key -> place from 1 that it is to have
    trace: RankingTrace | None = None  # None where a query of a price or a negation only lists everything

    @property
    def dropped(self) -> Parts | None:
        """Units of the query that were dropped, because nothing has all of it; None where nothing has enough of it."""
        return self.trace.dropped if self.trace else NONE


def understand(
    version: IndexVersion,
    query: Query,
    *,
    synonyms: tuple[SynonymEntry, ...] | None = None,
    meant: Mapping[str, str] = NOTHING_MEANT,
    tried: bool = False,
) -> tuple[RankingQuery, str]:
    """Understand and encode the query for the version; return it with the reason why it is degraded, or "".

    Args:
        version: the version that is searched.
        query: what the shopper typed.
        synonyms: those to read it with instead of the table's.
        meant: words that are rare in the catalogue, each with a commoner one that may have been meant.
        tried: whether the version is tried beside the one that serves.
    """
    read = read_words(version, query, synonyms=synonyms, meant=meant)
    if not (version.is_built if tried else version.is_whole):
        return read, answers.BUILDING
    encoded = read.understood.encoded
    if not encoded or not (query.has_words or read.understood.units):  # emoji may be understood
        return read, ""
    try:
        return replace(read, embedding=embed_query(version, encoded)), ""
    except EncoderTimeout as error:
        logger.warning("The query was not encoded in time with the artifact of %s: %s", version, error)
        return read, answers.SLOW_ENCODER
    except Exception:
        # Whatever the runtime throws, the shop still answers; the log holds the traceback.
        logger.exception("The query could not be encoded with the artifact of %s", version)
        return read, answers.NO_ENCODER


def read_words(
    version: IndexVersion,
    query: Query,
    *,
    synonyms: tuple[SynonymEntry, ...] | None = None,
    meant: Mapping[str, str] = NOTHING_MEANT,
) -> RankingQuery:
    """Understand the query for the version without encoding it; the arguments are those of `understand`."""
    words = words_of(version, snapshot().synonyms) if synonyms is None else words_with(version, synonyms)
    settings = get_settings()
    # Every code has a digit.
    codes = read_codes(query.wanted, version.pk) if any(map(str.isdigit, query.wanted)) else None
    money = ShopMoney(settings.currency, settings.rates)
    understood = read_query(
        query.wanted,
        words.lexicon,
        settings.weights,
        quoted=query.quoted,
        meant=meant,
        shop=money,
        codes=codes,
    )
    rules = snapshot().rules_for(query.wanted)
    return RankingQuery(version, query, understood, words, None, rules, codes=codes)


def rank(query: RankingQuery, filters: Filters, *, closest: bool = True) -> Ranked:
    """Return the results of a query under filters, best first.

    These are the products that have all that the query asks for; where there is none, those that have all the rest when the
    least important parts are dropped. Where they are few, also the closest to it: those that have a part of it, and those
    whose picture or text is near. What is named by the query comes first.

    Args:
        query: the query.
        filters: conditions that every result meets.
        closest: whether the closest may fill up.

    Raises:
        DatabaseError: a leg failed or ran out of time.
    """
    settings = get_settings()
    space = Space.of(query.version, query.under(filters), query.typed, query.understood.negated)
    terms = query.terms
    if query.photo is not None:
        return _rank_by_photo(query, query.photo, space, terms)
    order, codes = query.understood.order, query.codes
    keys = codes.keys if codes else ()
    if query.lists_all and not keys and query.embedding is None:
        return _list_all(query, space)
    # A name may hold what is negated elsewhere.
    named_in = replace(space, negated=()) if space.negated else space
    seen = find(
        space.selected(),
        Measure(terms, space.config, query.embedding),
        limit=settings.results,
        order=order,
        named=named_in.selected(),
        text=query.typed.wanted,
        keys=keys,
    )
    named, full = seen.named, seen.full
    lacking = closest and len(full) < settings.enough
    # Where they are more than is looked at, the nearest are found among all of them.
    more = len(full) == settings.results
    near, unseen = _near(query, space) if lacking or more else (set(), False)
    kinds = kinds_among(query.understood.units) if lacking and not full else NONE
    parts, cut = _holding_a_part(space, terms, kinds) if lacking and not named else (set(), False)
    scored = score_entries(query, terms, seen, near | parts)
    found = [item for item in scored if item.row.product_key not in query.left_out]
    have_all = sum(item.full for item in scored)
    partly = lacking and have_all < settings.enough
    dropped: Parts | None = NONE
    if (
        partly
        and query.may_be_relaxed
        and (not have_all or any(unit.is_soft for unit in query.understood.units))
    ):
        found, dropped = relax(query.understood.units, terms, found)
    few = partly and sum(item.matching for item in found) < settings.enough
    kept = [item for item in found if item.matching or (few and item.is_close(query.words, settings.weights))]
    if codes and codes.only_close:
        kept = [item._replace(full=False, matching=False) for item in kept]
    complete = not more and not (partly and cut) and not (few and unseen)
    trace = RankingTrace(named, scored, closest, few, _in_order(kept, order, terms), (), dropped)
    return _arranged(query, space, trace, complete)


def _rank_by_photo(
    query: RankingQuery, photo: EmbeddingLiteral, space: Space, terms: Sequence[Term]
) -> Ranked:
    """Products that look like a photo; those that have what words ask for before others, and then what comes first for the photo."""
    spaces = [space, *_narrowed(space, query.first)]
    legs = [image_leg(one, photo, floor=-1.0, exact=leaves_few(one)) for one in spaces]
    query = replace(query, embedding=photo)
    # What looks like the photo leads, whatever it is called.
    seen = find(space.selected(), Measure(terms, space.config, photo), limit=get_settings().results)
    scored = score_entries(query, terms, seen, {pk for leg in legs for _, pk, _ in leg.rows})
    tokens = [token_of(*one) for one in query.first]
    kept = []
    for item in scored:
        if item.row.image is None or item.row.product_key in query.left_out:
            continue
        first = tuple(token in item.row.facets for token in tokens)
        full_match = item.full or not terms
        kept.append(item._replace(full=full_match, matching=full_match and all(first), first=first))
    trace = RankingTrace((), scored, False, False, _in_order(kept), ())
    return _arranged(query, space, trace, all(leg.complete for leg in legs))


def _narrowed(space: Space, first: Sequence[FacetValue]) -> Iterator[Space]:
    """The parts of a space where the first value is, the first two, and so on; none beyond a facet that a filter is about."""
    for facet, value in first:
        if space.filters.facets.get(facet):
            return
        chosen = {**space.filters.facets, facet: (value,)}
        space = replace(space, filters=replace(space.filters, facets=chosen))
        yield space


def _list_all(query: RankingQuery, space: Space) -> Ranked:
    """The newest products, or the cheapest or dearest, for a query that says nothing but prices or what is not wanted."""
    limit, order = get_settings().results, query.understood.order
    entries = space.entries().by_price(order) if order else space.entries().newest()
    rows = list(entries.values_list("product_key", "pk")[: limit + 1])
    found: list[Row] = [(key, pk, 0.0) for key, pk in rows[:limit]]
    arranged = arrange(query.rules, found, space.entries()) if query.rules else Arranged(found)
    return Ranked(
        _with_rows(arranged, {}),
        len(rows) <= limit,
        arranged.fired,
        arranged.conflicts,
        arranged.pinned,
    )


def _in_order(kept: Sequence[ScoredEntry], order: str = "", terms: Sequence[Term] = ()) -> list[ScoredEntry]:
    """What is named first, then what has all that is asked for, then what leads without, then what comes first for a photo, each by score.

    With an order by price, what leads stands by it: what is called so first, then what is taken for it.
    """

    def place(item: ScoredEntry) -> tuple[Any, ...]:
        first = tuple(not has for has in item.first) if item.first else ()
        leads = not item.named, not item.full, not item.matching, first
        return *leads, by_price(item) if order else (), -item.score, item.row.product_key

    def by_price(item: ScoredEntry) -> tuple[Any, ...]:
        price = item.row.price
        if not item.matching or price is None:
            return (item.loose(terms), True, 0) if item.matching else ()
        return item.loose(terms), False, -price if order == FALLING else price

    return sorted(kept, key=place)


def _arranged(query: RankingQuery, space: Space, trace: RankingTrace, complete: bool) -> Ranked:
    """The entries that are worth showing as results: variants apart, arranged by rules.

    Args:
        query: the query.
        space: where it was searched.
        trace: what was found.
        complete: whether no other entry would qualify.
    """
    settings, order = get_settings(), query.understood.order
    tiers = [list(tier) for _, tier in groupby(trace.kept, _tier_of)]
    # In an order by price nothing moves: neither variants nor what rules boost.
    most = 0 if order else settings.variants
    shown = spread_tiers(tiers, most=most, page=settings.page_size)[: settings.results]
    rules = tuple(rule for rule in query.rules if not (order and rule.action in MOVING))
    trace = replace(trace, shown=shown)
    complete = complete and len(trace.kept) <= settings.results
    if not rules:
        return Ranked(shown, complete, trace=trace)
    arranged = arrange(
        rules,
        [(item.row.product_key, item.row.entry_id, item.score) for item in shown],
        space.entries(),
        tiers=[len(list(tier)) for _, tier in groupby(shown, _tier_of)],
        spread=None if order else _spread_again(shown),
    )
    items = _with_rows(arranged, {item.row.product_key: item for item in shown})
    return Ranked(items, complete, arranged.fired, arranged.conflicts, arranged.pinned, trace)


def _tier_of(item: ScoredEntry) -> tuple[bool, bool, bool, tuple[bool, ...]]:
    return item.named, item.full, item.matching, item.first


def _with_rows(arranged: Arranged, scored: Mapping[str, ScoredEntry]) -> list[ScoredEntry]:
    """Arranged entries with all that is read of results; what was not scored is read, with one query at most."""
    unread = [pk for key, pk, _ in arranged.items if key not in scored]
    rows = {row.entry_id: row for row in measured(among(unread))} if unread else {}
    items = []
    for key, pk, points in arranged.items:
        if item := scored.get(key):
            items.append(item._replace(score=points, matching=item.matching or key in arranged.pinned))
        elif row := rows.get(pk):
            items.append(ScoredEntry(row, points))
    return items


def holding_everything(query: RankingQuery, filters: Filters) -> EntryQuerySet | None:
    """Return the entries that have all that the query asks for, without hidden ones; None where it names nothing to hold.

    Args:
        query: the query.
        filters: conditions that they meet, too.

    Pinned products are among them, whatever they hold.
    """
    space = Space.of(query.version, query.under(filters), query.typed, query.understood.negated)
    terms = query.terms
    if not terms or query.photo is not None:
        return None
    holding = space.entries().holding(terms, space.config, also=pinned_by(query.rules))
    return without_hidden(holding, query.rules)


def entries_without_filters(query: RankingQuery) -> EntryQuerySet:
    """Return the entries that a query may find under any filters and prices: all but what it negates and what rules hide."""
    space = Space.of(query.version, NO_FILTERS, query.typed, query.understood.negated)
    return without_hidden(space.entries(), query.rules)


def _holding_a_part(space: Space, terms: Sequence[Term], kinds: Parts) -> tuple[set[int], bool]:
    """Entries that lack one term, or where few of these are of the kind, that hold the most important ones; and whether others may do, too."""
    settings, entries = get_settings(), space.selected()
    found: set[int] = set()
    of_kind: set[int] = set()
    cut = False
    if 1 < len(terms) <= LONGEST_RELAXED:
        without = [[*terms[:left_out], *terms[left_out + 1 :]] for left_out in range(len(terms))]
        each = holding_each(entries, without, space.config, settings.candidates)
        for left_out, holding in enumerate(each):
            cut |= len(holding) == settings.candidates
            found.update(holding)
            of_kind.update(() if left_out in kinds else holding)
    if not terms:
        return found, cut
    if len(of_kind) >= settings.enough:
        return found, cut or _may_lack_two(terms)
    most = holding_most(
        entries, terms, space.config, looked_at=settings.results, limit=2 * settings.candidates
    )
    return found.union(most), cut or len(most) == 2 * settings.candidates


def _may_lack_two(terms: Sequence[Term]) -> bool:
    """Whether an entry without two of the terms can have enough of what was asked for to be close."""
    importances = sorted(term.importance for term in terms)
    return sum(importances[2:]) >= get_settings().weights.enough_covered * sum(importances)


def score_entries(
    query: RankingQuery, terms: Sequence[Term], found: Found, others: set[int]
) -> list[ScoredEntry]:
    """Score what was found and some other entries.

    Args:
        query: the query.
        terms: what is looked up.
        found: entries that are measured already.
        others: primary keys of entries that need not be among these.
    """
    rows, unmeasured = [*found.rows.values()], others - found.rows.keys()
    if unmeasured:
        rows += measured(among(unmeasured), Measure(terms, query.version.config, query.embedding))
    if not rows:
        return []
    cheapness = cheapness_of(rows) if query.understood.cheap else {}
    score, kids = Scoring.by(terms, get_settings().weights), frozenset(_kids_not_asked_for(query))
    return [
        score.of(
            row,
            named=row.entry_id in found.named,
            for_kids=not kids.isdisjoint(row.facets),
            cheapness=cheapness.get(row.entry_id, 0.0),
            shown=query.shown.of(row.facets) if query.shown else 0.0,
        )
        for row in rows
    ]


def _kids_not_asked_for(query: RankingQuery) -> tuple[str, ...]:
    """The tokens of children's products, where the query does not say for whom."""
    said = any(GENDER in unit.facets for unit in query.understood.units)
    return () if said else query.words.lexicon.kids


def _near(query: RankingQuery, space: Space) -> tuple[set[int], bool]:
    """Entries near to the query's embedding, and whether more would qualify."""
    if query.embedding is None:
        return set(), False
    exact, floor = leaves_few(space), get_settings().min_similarity
    legs = [leg(space, query.embedding, floor=floor, exact=exact) for leg in (image_leg, text_leg)]
    found = {pk for leg in legs for _, pk, _ in leg.rows}
    noises = (query.words.image_noise, query.words.text_noise)
    unseen = (not leg.complete and leg.rows[-1][2] > noise for leg, noise in zip(legs, noises, strict=True))
    return found, any(unseen)


def is_semantic_failure(query: RankingQuery, error: DatabaseError) -> bool:
    """Whether the query may still be answered by words after this error; it is logged here."""
    if query.embedding is None and query.photo is None:
        return False
    logger.error("The search by embeddings in %s failed", query.version, exc_info=error)
    return True


# Variants: the colours of one style do not fill a page.


class HasStyle(Protocol):
    """Anything that is a variant of a style."""

    @property
    def style(self) -> str:
        """What its variants have in common; "" for what has none."""


Item = TypeVar("Item", bound=HasStyle)


def spread_variants(items: Sequence[Item], *, most: int, page: int) -> list[Item]:
    """Return all items with at most so many variants of one style on each page, as far as others can fill it.

    What is too many moves to the next page, before everything that stood there; the order stays otherwise.

    Args:
        items: best first.
        most: variants of one style on a page; 0 leaves the order alone.
        page: items on a page.
    """
    if not most:
        return list(items)
    spread: list[Item] = []
    waiting = deque(items)
    while waiting:
        spread += _one_page(waiting, most, page)
    return spread


def _one_page(waiting: deque[Item], most: int, page: int) -> list[Item]:
    """Take a page from the front of what waits; what is too many for it stays there, in order."""
    seen: Counter[str] = Counter()
    shown: list[Item] = []
    held_back: list[Item] = []
    while waiting and len(shown) < page:
        item = waiting.popleft()
        if (style := item.style) and seen[style] >= most:
            held_back.append(item)
        else:
            seen[style] += 1
            shown.append(item)
    if len(shown) < page:  # nothing else could fill it
        missing = page - len(shown)
        shown += held_back[:missing]
        held_back = held_back[missing:]
    waiting.extendleft(reversed(held_back))
    return shown


def spread_tiers(tiers: Iterable[Sequence[Item]], *, most: int, page: int) -> list[Item]:
    """Spread the variants inside each tier; a later tier never comes before an earlier one."""
    return list(chain.from_iterable(spread_variants(tier, most=most, page=page) for tier in tiers))


def _spread_again(shown: Sequence[ScoredEntry]) -> Spread:
    """Spreads variants over pages once more, where boosts have moved them."""
    settings = get_settings()
    items = {item.row.product_key: item for item in shown}

    def spread(tiers: list[list[str]]) -> list[str]:
        again = spread_tiers(
            [[items[key] for key in tier] for tier in tiers], most=settings.variants, page=settings.page_size
        )
        return [item.row.product_key for item in again]

    return spread
