"""The ranking of a query: what covers it, and what its embedding is near to, scored together and in order."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
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
from ..models.measured import Floats, MeasuredEntries
from ..query.codes import ReadCodes, read_codes
from ..query.lexicon import VersionWords, words_of, words_with
from ..query.parse import NOTHING_MEANT, Query, Understood, read_query
from ..query.prices import FALLING, ShopMoney
from ..query.synonyms import SynonymEntry
from ..vectors import EmbeddingLiteral
from . import answers
from .answers import LooksLike
from .arrange import Arranged, arrange, without_hidden
from .candidates import Space, Term, image_leg, leaves_few, terms_of, text_leg
from .relaxation import NONE, Parts, kinds_among, relax
from .request import NO_FILTERS, Filters
from .scored import NO_ENTRIES, ScoredEntries, Scoring, cheapness_of, spread_tiers

logger = logging.getLogger(__name__)

MOVING = ("boost", "bury")  # actions of rules that change places
LONGEST_RELAXED = 8  # terms; each is left out in turn


@dataclass(frozen=True, slots=True)
class Shown:
    """How the values of a facet share the votes for what a photo shows."""

    facet: str
    shares: Mapping[str, float]  # by value, from 0 to 1

    def of(self, rows: MeasuredEntries) -> Floats:
        """Return how far each product is what the photo shows, from 0 to 1."""
        return np.array(
            [share_of(values_of(self.facet, row.facets), self.shares) for row in rows], np.float64
        )


@dataclass(frozen=True)
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

    @cached_property
    def terms(self) -> list[Term]:
        """What is looked up, one term per unit, in their order."""
        return terms_of(self.understood.units, get_settings().weights, self.words.lexicon)

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
    scored: ScoredEntries  # every candidate
    closest: bool  # whether the closest might fill up; not where enough have everything before filters
    few: bool  # so few have all that was asked for, or all the rest, that the closest were let in
    kept: ScoredEntries  # candidates worth showing, in order
    shown: ScoredEntries  # the same with variants spread, before rules are applied; RESULTS at most
    dropped: Parts | None = NONE  # units that were dropped; None where nothing has enough of the query


@dataclass(frozen=True, slots=True)
class Ranked:
    """Every result of a query under some filters, best first."""

    items: ScoredEntries
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
    rules: tuple[Rule, ...] | None = None,
    meant: Mapping[str, str] = NOTHING_MEANT,
    tried: bool = False,
) -> tuple[RankingQuery, str]:
    """Understand and encode the query for the version; return it with the reason why it is degraded, or "".

    Args:
        version: the version that is searched.
        query: what the shopper typed.
        synonyms: those to read it with instead of the table's.
        rules: those to arrange its results by instead of the table's.
        meant: words that are rare in the catalogue, each with a commoner one that may have been meant.
        tried: whether the version is tried beside the one that serves.
    """
    read = read_words(version, query, synonyms=synonyms, rules=rules, meant=meant)
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
    rules: tuple[Rule, ...] | None = None,
    meant: Mapping[str, str] = NOTHING_MEANT,
) -> RankingQuery:
    """Understand the query for the version without encoding it; the arguments are those of `understand`."""
    words = words_of(version, snapshot().synonyms) if synonyms is None else words_with(version, synonyms)
    settings = get_settings()
    # Every code has a digit.
    codes = read_codes(query.wanted, version) if any(map(str.isdigit, query.wanted)) else None
    money = ShopMoney(settings.currency, settings.rates)

    def read() -> Understood:
        return read_query(
            query.wanted,
            words.lexicon,
            settings.weights,
            quoted=query.quoted,
            meant=meant,
            shop=money,
            codes=codes,
        )

    key = (
        query.wanted,
        tuple(query.quoted),
        tuple(meant.items()),
        settings.weights,
        money.currency,
        tuple(money.rates.items()),
    )
    understood = read() if codes else words.once(key, read)
    rules = snapshot().rules_for(query.wanted) if rules is None else rules
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
    lacking = closest and seen.held < settings.enough
    # Where they are more than is looked at, the nearest are found among all of them.
    more = seen.held == settings.results
    near, unseen = _near(query, space) if lacking or more else (set(), False)
    kinds = kinds_among(query.understood.units) if lacking and not seen.held else NONE
    parts, cut = _holding_a_part(space, terms, kinds) if lacking and not seen.named.any() else (set(), False)
    scored = score_entries(query, terms, seen, near | parts)
    found = scored.only(~scored.are_of(query.left_out))
    have_all = int(scored.full.sum())
    partly = lacking and have_all < settings.enough
    dropped: Parts | None = NONE
    if (
        partly
        and query.may_be_relaxed
        and (not have_all or any(unit.is_soft for unit in query.understood.units))
    ):
        found, dropped = relax(query.understood.units, terms, found)
    few = partly and int(found.matching.sum()) < settings.enough
    kept = found.only(found.matching | (few & found.are_close(query.words, settings.weights)))
    if codes and codes.only_close:
        none = np.zeros(len(kept), np.bool_)
        kept = replace(kept, full=none, matching=none)
    complete = not more and not (partly and cut) and not (few and unseen)
    named = scored.rows.ids[scored.named].tolist()
    trace = RankingTrace(named, scored, closest, few, _in_order(kept, order, terms), NO_ENTRIES, dropped)
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
    kept = scored.only(~np.isnan(scored.rows.image) & ~scored.are_of(query.left_out))
    first = (
        np.stack([kept.rows.having_any([token_of(*one)]) for one in query.first], axis=1)
        if query.first
        else kept.first
    )
    full = kept.full if terms else np.ones(len(kept), np.bool_)
    kept = replace(kept, full=full, matching=full & first.all(axis=1), first=first)
    trace = RankingTrace((), scored, False, False, _in_order(kept), NO_ENTRIES)
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
        _with_rows(arranged, NO_ENTRIES),
        len(rows) <= limit,
        arranged.fired,
        arranged.conflicts,
        arranged.pinned,
    )


def _in_order(kept: ScoredEntries, order: str = "", terms: Sequence[Term] = ()) -> ScoredEntries:
    """What is named first, then what has all that is asked for, then what leads without, then what comes first for a photo, each by score.

    With an order by price, what leads stands by it: what is called so first, then what is taken for it.
    """
    leading = [~kept.named, ~kept.full, ~kept.matching, *(~kept.first).T]
    if order:
        by_price = (kept.loose(terms), *kept.rows.by_price(falling=order == FALLING))
        # What only comes close stands by its score.
        leading += [np.where(kept.matching, column, 0.0) for column in by_price]
    return kept.take(kept.by_score(*leading))


def _arranged(query: RankingQuery, space: Space, trace: RankingTrace, complete: bool) -> Ranked:
    """The entries that are worth showing as results: variants apart, arranged by rules.

    Args:
        query: the query.
        space: where it was searched.
        trace: what was found.
        complete: whether no other entry would qualify.
    """
    settings, order, kept = get_settings(), query.understood.order, trace.kept
    # In an order by price nothing moves: neither variants nor what rules boost.
    most = 0 if order else settings.variants
    shown = kept
    if most:
        places = spread_tiers(kept.rows.styles.tolist(), _tiers(kept), most=most, page=settings.page_size)
        shown = kept.take(np.array(places[: settings.results], np.intp))
    shown = shown[: settings.results] if len(shown) > settings.results else shown
    rules = tuple(rule for rule in query.rules if not (order and rule.action in MOVING))
    trace = replace(trace, shown=shown)
    complete = complete and len(kept) <= settings.results
    if not rules:
        return Ranked(shown, complete, trace=trace)
    arranged = arrange(
        rules,
        list(zip(shown.keys, shown.rows.ids.tolist(), shown.score.tolist(), strict=True)),
        space.entries(),
        tiers=_tiers(shown),
        spread=None if order else _spread_again(shown),
    )
    items = _with_rows(arranged, shown)
    return Ranked(items, complete, arranged.fired, arranged.conflicts, arranged.pinned, trace)


def _tiers(items: ScoredEntries) -> list[int]:
    """How many items in a row are alike in what leads."""
    if not len(items):
        return []
    leading = np.column_stack((items.named, items.full, items.matching, items.first))
    begins = np.flatnonzero((leading[1:] != leading[:-1]).any(axis=1)) + 1
    lengths: list[int] = np.diff(np.concatenate(([0], begins, [len(items)]))).tolist()
    return lengths


def _with_rows(arranged: Arranged, scored: ScoredEntries) -> ScoredEntries:
    """Arranged entries with all that is read of results; what was not scored is read, with one query at most."""
    places = {key: place for place, key in enumerate(scored.keys)}
    unread = [pk for key, pk, _ in arranged.items if key not in places]
    if unread:
        scored = scored.with_listed(measured(among(unread)))
        places = {key: place for place, key in enumerate(scored.keys)}
    there = [(places[key], points) for key, _, points in arranged.items if key in places]
    items = scored.take(np.array([place for place, _ in there], np.intp))
    points = np.array([points for _, points in there], np.float64)
    return replace(items, score=points, matching=items.matching | items.are_of(arranged.pinned))


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
) -> ScoredEntries:
    """Score what was found and some other entries.

    Args:
        query: the query.
        terms: what is looked up.
        found: entries that are measured already.
        others: primary keys of entries that need not be among these.
    """
    rows, named = found.entries, found.named
    if unmeasured := others.difference(rows.ids.tolist()):
        rows = rows.with_others(
            measured(among(unmeasured), Measure(terms, query.version.config, query.embedding))
        )
        named = np.concatenate((named, np.zeros(len(rows) - len(named), np.bool_)))
    return Scoring(terms, get_settings().weights).of(
        rows,
        named=named,
        for_kids=rows.having_any(_kids_not_asked_for(query)),
        cheapness=cheapness_of(rows) if query.understood.cheap else 0.0,
        shown=query.shown.of(rows) if query.shown else None,
    )


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


def _spread_again(shown: ScoredEntries) -> Spread:
    """Spreads variants over pages once more, where boosts have moved them."""
    settings = get_settings()
    styles = dict(zip(shown.keys, shown.rows.styles.tolist(), strict=True))

    def spread(tiers: list[list[str]]) -> list[str]:
        keys = [key for tier in tiers for key in tier]
        lengths = [len(tier) for tier in tiers]
        again = spread_tiers(
            [styles[key] for key in keys], lengths, most=settings.variants, page=settings.page_size
        )
        return [keys[place] for place in again]

    return spread
