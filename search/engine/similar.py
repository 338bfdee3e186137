"""Products like another one, and its style in other colours."""

import logging
from dataclasses import replace
from datetime import datetime
from time import perf_counter

import numpy as np
from django.db import DatabaseError
from django.db.models import TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray

from ..conf import get_settings
from ..exceptions import InvalidQuery
from ..facets import CATEGORY, COLOUR, values_of
from ..merchandising.hits import Hit, count_hits
from ..merchandising.rules import Rule
from ..merchandising.snapshots import snapshot
from ..models import EntryImage, IndexEntry, IndexVersion
from ..prometheus import LEFT_OUT
from ..registry import get_index
from ..session import reading, search_session
from ..vectors import EmbeddingLiteral, from_field
from . import answers
from .answers import SearchResult, SimilarAnswer
from .arrange import Arranged, arrange
from .candidates import Leg, Space, image_leg, leaves_few, text_leg
from .request import NO_FILTERS, Filters, Trial, clean_filters
from .results import load_results
from .service import count_similar

logger = logging.getLogger(__name__)

PICTURES = 4  # of the product, in their order, that are compared
OF_A_STYLE = 60  # products of one style whose colours are compared
NO_FLOOR = -2.0  # the most similar products are shown, however similar they are


@reading
def find_similar(
    product_key: str, *, filters: Filters = NO_FILTERS, limit: int = 12, trial: Trial | None = None
) -> SimilarAnswer:
    """Find the products whose pictures are most like the product's; by text, and says so, where it has no picture embedding.

    The answer is degraded where the product has pictures, and none of them is in the index.

    Args:
        product_key: str(pk) of the product.
        filters: conditions that every result meets.
        limit: most results, from 1 to MAX_PAGE_SIZE.
        trial: whose `rules` arrange the results, where this is not for shoppers; nothing is counted then.

    Raises:
        InvalidQuery: filters or limit cannot be answered.
    """
    started = perf_counter()
    settings = get_settings()
    if limit < 1:
        raise InvalidQuery("invalid_limit", "limit must be a whole number from 1.")
    limit = min(limit, settings.max_page_size)
    filters = clean_filters(filters, get_index().facets)
    answer = _answer(product_key, filters, limit, trial)
    answer = replace(answer, took_ms=round((perf_counter() - started) * 1000, 2))
    if trial is None:
        count_hits(Hit("rule", rule.rule_id) for rule in answer.fired)
        count_similar(answer)
    return answer


def _answer(product_key: str, filters: Filters, limit: int, trial: Trial | None) -> SimilarAnswer:
    blind = SimilarAnswer(product_key=product_key, complete=False, left_out=(answers.RESULTS,))
    version = IndexVersion.objects.serving()
    if version is None:
        return replace(blind, degraded=answers.NO_VERSION)
    building = version.state != IndexVersion.State.ACTIVE
    degraded = answers.BUILDING if building else ""
    left_out = (answers.PRODUCTS,) if building else ()
    try:
        with search_session():
            leg, looks, why = _nearest(version, product_key, filters)
            arranged = _arranged(version, product_key, filters, leg, trial)
    except DatabaseError:
        logger.exception("No products similar to %s could be found in %s", product_key, version)
        return replace(blind, degraded=answers.NO_SIMILAR)
    if leg is None:
        return replace(blind, degraded=degraded or answers.NOT_ENCODED, left_out=(answers.RESULTS, *left_out))
    degraded = degraded or why
    loaded = load_results({key: similarity for key, _, similarity in arranged.items[:limit]})
    return SimilarAnswer(
        product_key=product_key,
        complete=leg.complete or len(arranged.items) >= limit,
        degraded=degraded,
        results=loaded.results,
        fired=arranged.fired,
        left_out=(*left_out, *(() if looks else (answers.LOOK,)), *loaded.left_out),
    )


def _arranged(
    version: IndexVersion, product_key: str, filters: Filters, leg: Leg | None, trial: Trial | None
) -> Arranged:
    """The leg's other products, arranged by the rules for items similar to this one."""
    if leg is None:
        return Arranged(())
    found = [row for row in leg.rows if row[0] != product_key]
    rules = trial.rules if trial else None
    if rules is None:
        rules = similar_rules(version, product_key)
    if not rules:
        return Arranged(found)
    space = Space.of(version, filters).entries().exclude(product_key=product_key)
    return arrange(rules, found, space)


def _nearest(version: IndexVersion, product_key: str, filters: Filters) -> tuple[Leg | None, bool, str]:
    """What is nearest to the product, whether its pictures were compared, and why they were not though there are some."""
    space = Space.of(version, filters)
    exact = leaves_few(space)
    pictures = _picture_embeddings(version, product_key)
    legs = [image_leg(space, embedding, floor=NO_FLOOR, exact=exact) for embedding in pictures]
    if legs:
        return _best(legs), True, ""
    text = _text_embedding(version, product_key)
    if text is None:
        return None, False, ""
    pictured = EntryImage.objects.filter(entry__version=version, entry__product_key=product_key).exists()
    why = answers.SIMILAR_BY_TEXT if pictured else ""
    return text_leg(space, text, floor=NO_FLOOR, exact=exact), False, why


def similar_rules(
    version: IndexVersion, product_key: str, *, now: datetime | None = None
) -> tuple[Rule, ...]:
    """Return the rules that hold for items similar to a product, at a moment; the present by default."""
    merchandising = snapshot()
    if not merchandising.has_similar_rules:
        return ()
    return merchandising.rules_for_similar(product_key, _categories(version, product_key), now=now)


def _categories(version: IndexVersion, product_key: str) -> list[str]:
    entries = IndexEntry.objects.in_version(version.pk).filter(product_key=product_key)
    tokens = entries.values_list("facets", flat=True).first() or []
    return values_of(CATEGORY, tokens)


def _picture_embeddings(version: IndexVersion, product_key: str) -> list[EmbeddingLiteral]:
    pictures = EntryImage.objects.in_version(version.pk).filter(
        entry__version_id=version.pk, entry__product_key=product_key, embedding__isnull=False
    )
    literal = pictures.annotate(_literal=Cast("embedding", TextField()))
    return list(literal.order_by("position").values_list("_literal", flat=True)[:PICTURES])


def _text_embedding(version: IndexVersion, product_key: str) -> EmbeddingLiteral | None:
    entries = IndexEntry.objects.in_version(version.pk).filter(product_key=product_key)
    literal = entries.annotate(_literal=Cast("text_embedding", TextField()))
    return literal.values_list("_literal", flat=True).first()


def _best(legs: list[Leg]) -> Leg:
    """A product counts by the best of its pictures beside the best of the other's."""
    best: dict[tuple[str, int], float] = {}
    for leg in legs:
        for key, pk, similarity in leg.rows:
            best[key, pk] = max(similarity, best.get((key, pk), similarity))
    ranked = sorted(best, key=lambda entry: (-best[entry], entry))
    return Leg([(*entry, best[entry]) for entry in ranked], all(leg.complete for leg in legs))


# A product's style in other colours.


@reading
def find_other_colours(product_key: str, *, limit: int = 6) -> list[SearchResult]:
    """Find a product's style in other colours, of each colour the one that looks most like the product, most similar first.

    Products of one style are named alike but for their colours; two of them may still differ in their cut. So they are of the
    same kind, too, by the last value of `ProductIndex.kind`, and their pictures are as similar as `OTHER_COLOUR_SIMILARITY`
    says. Without an index, or where the product is not in it, there are none.

    Args:
        product_key: str(pk) of the product.
        limit: most results.
    """
    version = IndexVersion.objects.serving()
    if version is None:
        return []
    try:
        with search_session():
            found = _nearest_by_colour(version, product_key)
    except DatabaseError:
        LEFT_OUT.labels("other_colours").inc()
        logger.exception("Other colours of %s could not be found in %s", product_key, version)
        return []
    return load_results(dict(found[:limit])).results


def _nearest_by_colour(version: IndexVersion, product_key: str) -> list[tuple[str, float]]:
    entries = IndexEntry.objects.in_version(version.pk)
    own = entries.filter(product_key=product_key).only("product_key", "style", "facets").first()
    if own is None or not own.style or not (colours := _colours(own)):
        return []
    others = [
        entry
        for entry in entries.filter(style=own.style).exclude(pk=own.pk).newest()[:OF_A_STYLE]
        if (theirs := _colours(entry)) and not theirs & colours and _kind(entry) == _kind(own)
    ]
    # By key: products of a host may lack an SKU.
    rows = EntryImage.objects.of_products(version.pk, [entry.product_key for entry in (own, *others)])
    pictures: dict[str, NDArray[np.float32]] = {}
    for key, embedding in rows:
        pictures.setdefault(key, from_field(embedding))
    if own.product_key not in pictures:
        return []
    picture, least = pictures[own.product_key], get_settings().other_colour_similarity
    alike = [
        (float(picture @ pictures[entry.product_key]), entry)
        for entry in others
        if entry.product_key in pictures
    ]
    near = [pair for pair in alike if pair[0] >= least]
    best: dict[frozenset[str], tuple[str, float]] = {}
    for similarity, entry in sorted(near, key=lambda pair: -pair[0]):
        best.setdefault(_colours(entry), (entry.product_key, similarity))
    return list(best.values())


def _colours(entry: IndexEntry) -> frozenset[str]:
    return frozenset(values_of(COLOUR, entry.facets))


def _kind(entry: IndexEntry) -> list[str]:
    """The last value of the facet that says what kind of thing a product is, if it has one."""
    return values_of(get_index().kind, entry.facets)[-1:]
