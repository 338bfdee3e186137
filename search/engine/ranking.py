"""The ranked products of a query: what covers it, and what its embedding is near to, scored together."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.db import DatabaseError

from ..conf import get_settings
from ..encoders.queries import embed_query
from ..exceptions import EncoderTimeout
from ..facets import GENDER
from ..merchandising.apply import Spread
from ..merchandising.conflicts import Conflict
from ..merchandising.rules import Fired, Rule
from ..merchandising.snapshots import pinned_by, snapshot
from ..models import IndexEntry, IndexVersion
from ..models.entries import EntryQuerySet
from ..query.lexicon import VersionWords, words_of, words_with
from ..query.parse import NOTHING_MEANT, Query, Understood, read_query
from ..query.synonyms import SynonymEntry
from ..vectors import EmbeddingLiteral
from . import answers
from .arrange import arrange, spread_tiers, without_hidden
from .candidates import Candidate, Space, image_leg, leaves_few, text_leg
from .filters import Filters
from .scoring import Scored, Steps, Term, cheapness_of, score, terms_of

logger = logging.getLogger(__name__)

LONGEST_RELAXED = 8  # terms; each is left out in turn


@dataclass(frozen=True, slots=True)
class Asked:
    """A query against one version; without an embedding it is answered by words only."""

    version: IndexVersion
    query: Query
    understood: Understood
    words: VersionWords
    embedding: EmbeddingLiteral | None
    rules: tuple[Rule, ...] = ()  # that hold for the query
    photo: EmbeddingLiteral | None = None  # what results look like
    left_out: frozenset[str] = frozenset()  # product keys of what is no result

    @property
    def terms(self) -> list[Term]:
        """What is looked up, one term per unit, in their order."""
        return terms_of(self.understood.units, get_settings().weights)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Every result of a query under some filters, best first."""

    items: Sequence[tuple[Candidate, float]]
    complete: bool = True  # False when more products would qualify
    matching: int = 0  # so many, from the first on, have all that was asked for; others are the closest to it
    explained: dict[int, Scored] = field(default_factory=dict)  # by primary key of the entry
    fired: tuple[Fired, ...] = ()  # rules that took effect
    conflicts: tuple[Conflict, ...] = ()  # rules that contradicted each other, and what came of it
    pinned: Mapping[str, int] = field(default_factory=dict)  # product key -> place from 1 that it shall have
    steps: Steps | None = None  # what was looked at; None where a query of a price only lists everything

    @property
    def entry_ids(self) -> list[int]:
        """Primary keys of the candidates' entries, best first."""
        return [candidate.entry_id for candidate, _ in self.items]


def ask(
    version: IndexVersion,
    query: Query,
    *,
    synonyms: tuple[SynonymEntry, ...] | None = None,
    meant: Mapping[str, str] = NOTHING_MEANT,
    tried: bool = False,
) -> tuple[Asked, str]:
    """Understand and encode the query for the version; return it with the reason why it is degraded, or "".

    Args:
        version: the version that is searched.
        query: what the shopper typed.
        synonyms: those to read it with instead of the table's.
        meant: words that are rare in the catalogue, each with a commoner one that may have been meant.
        tried: whether the version is tried beside the one that serves.
    """
    words = words_of(version, snapshot().synonyms) if synonyms is None else words_with(version, synonyms)
    understood = read_query(
        query.wanted, words.lexicon, get_settings().weights, quoted=query.quoted, meant=meant
    )
    asked = Asked(version, query, understood, words, None, snapshot().rules_for(query.wanted))
    if not (version.is_built if tried else version.is_whole):
        return asked, answers.BUILDING
    if not query.has_words or not understood.encoded:
        return asked, ""
    try:
        return replace(asked, embedding=embed_query(version, understood.encoded)), ""
    except EncoderTimeout as error:
        logger.warning("The query was not encoded in time with the artifact of %s: %s", version, error)
        return asked, answers.SLOW_ENCODER
    except Exception:
        # Whatever the runtime throws, the shop still answers; the log holds the traceback.
        logger.exception("The query could not be encoded with the artifact of %s", version)
        return asked, answers.NO_ENCODER


def rank(asked: Asked, filters: Filters, *, closest: bool = True) -> Ranked:
    """Return the results of a query under filters, best first.

    These are the products that have all that the query asks for; where they are few, also the closest to it: those that
    have a part of it, and those whose picture or text is near. What is named by the query comes first.

    Args:
        asked: the query.
        filters: conditions that every result meets.
        closest: whether the closest may fill up.

    Raises:
        DatabaseError: a leg failed or ran out of time.
    """
    settings = get_settings()
    filters = within(filters, asked.understood)
    space = Space.of(asked.version, filters, asked.query)
    terms = asked.terms
    if asked.photo is not None:
        return _rank_by_photo(asked, asked.photo, space)
    if not terms and asked.understood.price and asked.embedding is None:
        return _everything(asked, space)
    named = [pk for _, pk in space.entries().named(asked.query.wanted)]
    full = space.entries().holding_all(terms, space.config, settings.results) if terms else []
    lacking = closest and len(full) < settings.enough
    # Where they are more than is looked at, the nearest are found among all of them.
    more = len(full) == settings.results
    near, unseen = _near(asked, space) if lacking or more else (set(), False)
    chosen = {*named, *full, *near}
    parts, cut = _holding_a_part(space, terms) if lacking and not named else (set(), False)
    chosen |= parts
    scored = score_entries(asked, space, terms, chosen, set(named))
    few = lacking and sum(item.full for item in scored) < settings.enough
    kept = [
        item
        for item in scored
        if item.row.product_key not in asked.left_out
        if item.named or item.full or (few and item.is_close(asked.words, settings.weights))
    ]
    complete = not more and not (few and (unseen or cut))
    steps = Steps(named, scored, closest, few, in_order(kept))
    return replace(finish(asked, space, steps.kept, complete=complete), steps=steps)


def in_order(kept: Sequence[Scored]) -> list[Scored]:
    """Return what is named first, then what has all that is asked for, each by score."""
    return sorted(kept, key=lambda item: (not item.named, not item.full, -item.score, item.row.product_key))


def _rank_by_photo(asked: Asked, photo: EmbeddingLiteral, space: Space) -> Ranked:
    """Products that look like a photo; with words, those that have what these ask for before others."""
    settings, terms = get_settings(), asked.terms
    leg = image_leg(space, photo, floor=-1.0, exact=leaves_few(space))
    full = space.entries().holding_all(terms, space.config, settings.results) if terms else []
    chosen = {*full, *(candidate.entry_id for candidate in leg.candidates)}
    scored = score_entries(replace(asked, embedding=photo), space, terms, chosen, set())
    kept = [
        replace(item, full=item.full or not terms)
        for item in scored
        if item.row.image is not None and item.row.product_key not in asked.left_out
    ]
    steps = Steps((), scored, False, False, in_order(kept))
    return replace(finish(asked, space, steps.kept, complete=leg.complete), steps=steps)


def finish(asked: Asked, space: Space, kept: Sequence[Scored], *, complete: bool) -> Ranked:
    """Return scored entries as results: variants apart, arranged by rules.

    Args:
        asked: the query.
        space: where it was searched.
        kept: the entries that are results, in order.
        complete: whether no other entry would qualify.
    """
    settings = get_settings()
    tiers = [list(tier) for _, tier in groupby(kept, lambda item: (item.named, item.full))]
    shown = spread_tiers(tiers, most=settings.variants, page=settings.page_size)[: settings.results]
    arranged = arrange(
        asked.rules,
        [(item.candidate, item.score) for item in shown],
        space.entries(),
        tiers=[len(list(tier)) for _, tier in groupby(shown, lambda item: (item.named, item.full))],
        matching=sum(item.full or item.named for item in shown),
        spread=_spread_again(shown),
    )
    return Ranked(
        arranged.items,
        complete and len(kept) <= settings.results,
        arranged.matching,
        {item.row.entry_id: item for item in shown},
        arranged.fired,
        arranged.conflicts,
        arranged.pinned,
    )


def holding_everything(asked: Asked, filters: Filters) -> EntryQuerySet | None:
    """Return the entries that have all that the query asks for, without hidden ones; None where it names nothing to hold.

    Args:
        asked: the query.
        filters: conditions that they meet, too.

    Pinned products are among them, whatever they hold.
    """
    space = Space.of(asked.version, within(filters, asked.understood), asked.query)
    terms = asked.terms
    if not terms or asked.photo is not None:
        return None
    holding = space.entries().holding(terms, space.config, also=pinned_by(asked.rules))
    return without_hidden(holding, asked.rules)


def _spread_again(shown: Sequence[Scored]) -> Spread:
    """Spreads variants over pages once more, where boosts have moved them."""
    settings = get_settings()
    items = {item.candidate.product_key: item for item in shown}

    def spread(tiers: list[list[str]]) -> list[str]:
        again = spread_tiers(
            [[items[key] for key in tier] for tier in tiers], most=settings.variants, page=settings.page_size
        )
        return [item.candidate.product_key for item in again]

    return spread


def _holding_a_part(space: Space, terms: Sequence[Term]) -> tuple[set[int], bool]:
    """Entries that lack one term, or where they are few, that hold the most important ones; and whether others may do, too."""
    settings = get_settings()
    found: set[int] = set()
    cut = False
    if 1 < len(terms) <= LONGEST_RELAXED:
        for left_out in range(len(terms)):
            rest = [term for number, term in enumerate(terms) if number != left_out]
            holding = space.entries().holding_all(rest, space.config, settings.candidates)
            cut |= len(holding) == settings.candidates
            found.update(holding)
    if not terms:
        return found, cut
    if len(found) >= settings.enough:
        return found, cut or _may_lack_two(terms)
    most = space.entries().holding_most(
        terms, space.config, looked_at=settings.results, limit=2 * settings.candidates
    )
    return found.union(most), cut or len(most) == 2 * settings.candidates


def _may_lack_two(terms: Sequence[Term]) -> bool:
    """Whether an entry without two of the terms can have enough of what was asked for to be close."""
    importances = sorted(term.importance for term in terms)
    return sum(importances[2:]) >= get_settings().weights.enough_covered * sum(importances)


def score_entries(
    asked: Asked, space: Space, terms: Sequence[Term], chosen: set[int], named: set[int]
) -> list[Scored]:
    """Score every chosen entry.

    Args:
        asked: the query.
        space: where it is searched.
        terms: what is looked up.
        chosen: primary keys of the entries.
        named: of those whose SKU or name is the query.
    """
    if not chosen:
        return []
    rows = IndexEntry.objects.among(list(chosen)).measured(
        terms, space.config, asked.embedding, dimension=space.dimension
    )
    cheapness = cheapness_of(rows) if asked.understood.cheap else {}
    weights, kids = get_settings().weights, frozenset(_unasked(asked))
    return [
        score(
            row,
            terms,
            weights,
            named=row.entry_id in named,
            unasked=not kids.isdisjoint(row.facets),
            cheapness=cheapness.get(row.entry_id, 0.0),
        )
        for row in rows
    ]


def _unasked(asked: Asked) -> tuple[str, ...]:
    """The tokens of children's products, where the query does not say for whom."""
    named = any(GENDER in unit.facets for unit in asked.understood.units)
    return () if named else asked.words.lexicon.kids


def _near(asked: Asked, space: Space) -> tuple[set[int], bool]:
    """Entries near to the query's embedding, and whether more would qualify."""
    if asked.embedding is None:
        return set(), False
    exact, floor = leaves_few(space), get_settings().min_similarity
    legs = [leg(space, asked.embedding, floor=floor, exact=exact) for leg in (image_leg, text_leg)]
    found = {candidate.entry_id for leg in legs for candidate in leg.candidates}
    noises = (asked.words.image_noise, asked.words.text_noise)
    unseen = (not leg.complete and leg.scores[-1] > noise for leg, noise in zip(legs, noises, strict=True))
    return found, any(unseen)


def within(filters: Filters, understood: Understood) -> Filters:
    """Return the filters with the price that the query states, unless a price is chosen."""
    price = understood.price
    if price is None or filters.has_price:
        return filters
    return replace(filters, price_min=price.lowest, price_max=price.highest)


def _everything(asked: Asked, space: Space) -> Ranked:
    limit = get_settings().results
    rows = list(space.entries().newest().values_list("product_key", "pk")[: limit + 1])
    items = [(Candidate(key, pk), 0.0) for key, pk in rows[:limit]]
    arranged = arrange(asked.rules, items, space.entries())
    return Ranked(
        arranged.items,
        len(rows) <= limit,
        arranged.matching,
        fired=arranged.fired,
        conflicts=arranged.conflicts,
        pinned=arranged.pinned,
    )


def is_semantic_failure(asked: Asked, error: DatabaseError) -> bool:
    """Whether the query may still be answered by words after this error; it is logged here."""
    if asked.embedding is None and asked.photo is None:
        return False
    logger.error("The search by embeddings in %s failed", asked.version, exc_info=error)
    return True
