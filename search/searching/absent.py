"""Why is this product not here? The steps of a search, each asked about one product."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..conf import get_settings
from ..models import IndexEntry
from ..querysets import EntryQuerySet
from ..registry import ProductCard
from ..retrieval.budget import time_budget
from ..retrieval.cleaning import clean_text
from ..retrieval.filters import Filters
from ..retrieval.session import search_session
from .dropping import Step, conditions_of, hidden_by, ranking_of
from .explaining import Explained
from .explanations import Explanation, Ranks, match_of, rules_by_product
from .indexed_state import notes_on, why_not_indexed
from .products import load_results
from .ranking import score_entries
from .scoring import Scored


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What each step of a search makes of one product."""

    sku: str  # as asked for
    steps: tuple[Step, ...]  # in the order of the search
    card: ProductCard | None = None  # None where the host has no such product now
    place: int | None = None  # in the whole list, from 1
    explanation: Explanation | None = None  # its score, whether or not it is found

    @property
    def dropped(self) -> tuple[Step, ...]:
        """The steps that keep it out; the first is why it is not here, others would be reasons, too."""
        return tuple(step for step in self.steps if step.passed is False)


def look_for(sku: str, explained: Explained, filters: Filters) -> Looked:
    """Ask every step of a search about the product with this SKU.

    Args:
        sku: in any case of letters.
        explained: the search.
        filters: those that it was made with.

    Raises:
        InvalidQuery: the SKU is longer than 200 characters or holds NUL.
        DatabaseError: a step could not be asked.
    """
    sku = clean_text(sku, "sku")
    version = explained.version
    if version is None:
        return Looked(sku=sku, steps=(Step("Index", False, explained.answer.degraded),))
    entry = (
        IndexEntry.objects.filter(version_id=version.pk, sku=sku.lower())
        .order_by("product_key")
        .only("pk", "product_key", "facets", "error", "content_hash", "embedded_hash")
        .first()
    )
    if entry is None:
        return Looked(sku=sku, steps=(Step("Index", False, why_not_indexed(sku, version)),))
    with time_budget(get_settings().search_timeout_ms), search_session():
        return _look(sku, entry, explained, filters)


def _look(sku: str, entry: IndexEntry, explained: Explained, filters: Filters) -> Looked:
    key = entry.product_key
    found = load_results([(key, 0.0)])
    steps = [Step("Index", True, "It is in the index."), *notes_on(entry)]
    if not found:
        steps.append(Step("Shop", False, "The shop has withdrawn it since it was indexed."))
    one = EntryQuerySet(IndexEntry).among([entry.pk])
    steps += conditions_of(one, explained, filters)
    scored = _score(entry.pk, one, explained)
    places = {listed: number for number, listed in enumerate(explained.trace.listed, start=1)}
    place = places.get(key)
    explanation = _explanation(key, scored, explained, listed=place is not None)
    meets = all(step.passed is not False for step in steps)
    pinned = explained.trace.ranked is not None and key in explained.trace.ranked.pinned
    steps += _ranked(entry.pk, key, scored, explanation, explained, meets=meets, pinned=pinned)
    steps += hidden_by(key, entry.facets, explained)
    steps.append(_end(place, len(places), steps, explained))
    return Looked(
        sku=sku,
        steps=tuple(steps),
        card=found[0].card if found else None,
        place=place,
        explanation=explanation,
    )


def _ranked(
    pk: int,
    key: str,
    scored: Scored | None,
    explanation: Explanation | None,
    explained: Explained,
    *,
    meets: bool,
    pinned: bool,
) -> Iterator[Step]:
    if explained.trace.ranked is None or explained.asked is None:
        return
    if scored is None or explanation is None or explained.steps is None:
        limit, there = get_settings().results, pk in explained.trace.ranked.entry_ids
        if there or meets:
            sentence = f"The query states a price only: the newest {limit} products are listed."
            yield Step("Ranking", there, sentence)
    elif pinned:
        yield Step("Ranking", True, "A rule pins it, whatever it has of the query.")
    else:
        yield from ranking_of(scored, explanation, explained.asked, explained.trace.ranked, meets=meets)


def _score(pk: int, one: EntryQuerySet, explained: Explained) -> Scored | None:
    """The entry as this search scores it, among its candidates or beside them."""
    asked, steps = explained.asked, explained.steps
    if asked is None or steps is None:
        return None
    for item in steps.scored:
        if item.row.entry_id == pk:
            return item
    named = {found for _, found in one.named(asked.query.wanted)}
    rows = [item.row for item in steps.scored]
    return score_entries(asked, steps.terms, [pk], named, beside=rows)[0]


def _explanation(
    key: str, scored: Scored | None, explained: Explained, *, listed: bool
) -> Explanation | None:
    asked, ranked = explained.asked, explained.trace.ranked
    if scored is None or asked is None or ranked is None or ranked.steps is None:
        return None
    match = match_of(scored, listed=listed, pinned=key in ranked.pinned)
    explanation = Ranks(ranked.steps.scored).explain(asked, ranked.steps.terms, scored, match=match)
    return replace(explanation, rules=tuple(rules_by_product(ranked.fired).get(key, ())))


def _end(place: int | None, total: int, steps: list[Step], explained: Explained) -> Step:
    if place is not None:
        page = -(-place // explained.answer.page_size)
        return Step("List", True, f"It is result {place} of {total}, on page {page}.")
    if explained.trace.ranked is None:
        return Step("List", False, explained.answer.degraded or "There is no list: the query has no words.")
    if any(step.passed is False for step in steps):
        return Step("List", None, f"It is none of the {total} results.")
    return Step("List", False, "No step drops it any more: something changed meanwhile, look again.")
