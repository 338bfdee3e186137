"""Find a product's style in other colours."""

import logging

import numpy as np
from django.db import DatabaseError
from numpy.typing import NDArray

from ..models import EntryImage, IndexEntry, IndexVersion
from ..prometheus import LEFT_OUT
from ..query.lexicon import COLOUR
from ..querysets import EntryQuerySet, ImageQuerySet
from ..retrieval.session import search_session
from ..routing import pinned
from .answers import SearchResult
from .products import load_results

logger = logging.getLogger(__name__)

LOOKED_AT = 60  # products of one style


@pinned()
def find_other_colours(product_key: str, *, limit: int = 6) -> list[SearchResult]:
    """Find a product's style in other colours, of each colour the one that looks most like the product, likest first.

    Products of one style are named alike but for their colours; two of them may still differ in their cut, so that their
    pictures decide. Without an index, or where the product is not in it, there are none.

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
    return load_results(found[:limit]).shown


def _nearest_by_colour(version: IndexVersion, product_key: str) -> list[tuple[str, float]]:
    entries = EntryQuerySet(IndexEntry).in_version(version.pk)
    own = entries.filter(product_key=product_key).only("product_key", "style", "facets").first()
    if own is None or not own.style or not (colours := _colours(own)):
        return []
    others = [
        entry
        for entry in entries.filter(style=own.style).exclude(pk=own.pk).newest()[:LOOKED_AT]
        if (theirs := _colours(entry)) and not theirs & colours
    ]
    # By key: products of a host may lack an SKU.
    rows = ImageQuerySet(EntryImage).of_products(version.pk, [entry.product_key for entry in (own, *others)])
    pictures: dict[str, NDArray[np.float32]] = {}
    for key, embedding in rows:
        pictures.setdefault(key, np.array(embedding, np.float32))
    if own.product_key not in pictures:
        return []
    picture = pictures[own.product_key]
    alike = [
        (float(picture @ pictures[entry.product_key]), entry)
        for entry in others
        if entry.product_key in pictures
    ]
    best: dict[frozenset[str], tuple[str, float]] = {}
    for similarity, entry in sorted(alike, key=lambda pair: -pair[0]):
        best.setdefault(_colours(entry), (entry.product_key, similarity))
    return list(best.values())


def _colours(entry: IndexEntry) -> frozenset[str]:
    return frozenset(token for token in entry.facets if token.startswith(f"{COLOUR}="))
