"""Find products like another one."""

import logging
from dataclasses import replace
from time import perf_counter

from django.db import DatabaseError

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..merchandising.hits import Hit, count_hits
from ..merchandising.snapshots import snapshot
from ..models import EntryImage, IndexEntry, IndexVersion
from ..query.lexicon import CATEGORY
from ..querysets import EntryQuerySet, ImageQuerySet
from ..registry import get_index
from ..retrieval.candidates import Candidate, Leg, Space
from ..retrieval.filters import Filters, clean_filters
from ..retrieval.nearest import image_leg, leaves_few, text_leg
from ..retrieval.session import search_session
from ..routing import pinned
from . import reasons
from .answers import SimilarAnswer
from .merchandised import Arranged, arrange
from .noting import count_similar
from .products import load_results

logger = logging.getLogger(__name__)

PICTURES = 4  # of the product, in their order, that are compared
NO_FILTERS = Filters()
NO_FLOOR = -2.0  # the most similar products are shown, however similar they are


@pinned()
def find_similar(product_key: str, *, filters: Filters = NO_FILTERS, limit: int = 12) -> SimilarAnswer:
    """Find the products whose pictures are most like the product's; by text, and says so, where it has no picture embedding.

    The answer is degraded where the product has pictures, and none of them is in the index.

    Args:
        product_key: str(pk) of the product.
        filters: conditions that every result meets.
        limit: most results, from 1 to MAX_PAGE_SIZE.

    Raises:
        InvalidQuery: filters or limit cannot be answered.
    """
    started = perf_counter()
    settings = get_settings()
    if limit < 1:
        raise InvalidQuery("invalid_limit", "limit must be a whole number from 1.")
    limit = min(limit, settings.max_page_size)
    filters = clean_filters(filters, get_index().facets)
    answer = _answer(product_key, filters, limit)
    answer = replace(answer, took_ms=round((perf_counter() - started) * 1000, 2))
    count_similar(answer)
    return answer


def _answer(product_key: str, filters: Filters, limit: int) -> SimilarAnswer:
    blind = SimilarAnswer(product_key=product_key, complete=False, left_out=(reasons.RESULTS,))
    version = IndexVersion.objects.serving()
    if version is None:
        return replace(blind, degraded=reasons.NO_VERSION)
    building = version.state != IndexVersion.State.ACTIVE
    degraded = reasons.BUILDING if building else ""
    left_out = (reasons.PRODUCTS,) if building else ()
    try:
        with search_session():
            leg, looks, why = _nearest(version, product_key, filters)
            arranged = _arranged(version, product_key, filters, leg)
    except DatabaseError:
        logger.exception("No products similar to %s could be found in %s", product_key, version)
        return replace(blind, degraded=reasons.NO_SIMILAR)
    if leg is None:
        return replace(blind, degraded=degraded or reasons.NOT_ENCODED, left_out=(reasons.RESULTS, *left_out))
    degraded = degraded or why
    found = [(candidate.product_key, score) for candidate, score in arranged.items]
    loaded = load_results(found[:limit])
    count_hits(Hit("rule", rule.rule_id) for rule in arranged.fired)
    return SimilarAnswer(
        product_key=product_key,
        complete=leg.complete or len(found) >= limit,
        degraded=degraded,
        results=loaded.shown,
        fired=arranged.fired,
        left_out=(*left_out, *(() if looks else (reasons.LOOK,)), *loaded.left_out),
    )


def _arranged(version: IndexVersion, product_key: str, filters: Filters, leg: Leg | None) -> Arranged:
    """The leg's other products, arranged by the rules for items similar to this one."""
    if leg is None:
        return Arranged((), 0)
    found = [
        (candidate, score)
        for candidate, score in zip(leg.candidates, leg.scores, strict=True)
        if candidate.product_key != product_key
    ]
    merchandising = snapshot()
    if not merchandising.has_similar_rules:
        return Arranged(found, len(found))
    every = EntryQuerySet(IndexEntry).in_version(version.pk)
    rules = merchandising.rules_for_similar(product_key, every.values_of(product_key, CATEGORY))
    space = Space.of(version, filters).entries().exclude(product_key=product_key)
    return arrange(rules, found, space)


def _nearest(version: IndexVersion, product_key: str, filters: Filters) -> tuple[Leg | None, bool, str]:
    """What is nearest to the product, whether its pictures were compared, and why they were not though there are some."""
    space = Space.of(version, filters)
    exact = leaves_few(space)
    pictures = ImageQuerySet(EntryImage).of_product(version.pk, product_key)[:PICTURES]
    legs = [image_leg(space, embedding, floor=NO_FLOOR, exact=exact) for embedding in pictures]
    if legs:
        return _best(legs), True, ""
    text = EntryQuerySet(IndexEntry).text_of_product(version.pk, product_key)
    if text is None:
        return None, False, ""
    pictured = EntryImage.objects.filter(entry__version=version, entry__product_key=product_key).exists()
    why = reasons.SIMILAR_BY_TEXT if pictured else ""
    return text_leg(space, text, floor=NO_FLOOR, exact=exact), False, why


def _best(legs: list[Leg]) -> Leg:
    """A product counts by the best of its pictures beside the best of the other's."""
    best: dict[Candidate, float] = {}
    for leg in legs:
        for candidate, similarity in zip(leg.candidates, leg.scores, strict=True):
            best[candidate] = max(similarity, best.get(candidate, similarity))
    ranked = sorted(best, key=lambda candidate: (-best[candidate], candidate))
    return Leg(ranked, [best[candidate] for candidate in ranked], (), all(leg.complete for leg in legs))
