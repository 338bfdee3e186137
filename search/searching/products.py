"""Join what was found to the host's products, in one query."""

from collections.abc import Iterable

from ..registry import get_index
from ..routing import WRITER, pinned
from .answers import SearchResult


@pinned()
def load_results(found: Iterable[tuple[str, float]]) -> list[SearchResult]:
    """Return results for (product key, score) pairs in their order.

    A product that the host has withdrawn since it was indexed is left out; its entry goes with the next sweep.
    """
    scores = dict(found)
    if not scores:
        return []
    index = get_index()
    to_python = index.model._meta.pk.to_python
    products = {
        str(product.pk): product
        for product in index.get_queryset().using(WRITER).filter(pk__in=map(to_python, scores))
    }
    return [
        SearchResult(product=products[key], card=index.card(products[key]), score=score)
        for key, score in scores.items()
        if key in products
    ]
