"""Which products are right answers to judged queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from ..exceptions import SearchError
from ..indexing.catalogue import product_chunks
from ..registry import get_index
from .queries import JudgedQuery

CHUNK = 1000  # products per read

Report = Callable[[], object]


class UnknownFieldError(SearchError):
    """A rule names a field that the host's products do not have."""


def relevant_skus(queries: Sequence[JudgedQuery], *, report: Report = lambda: None) -> list[frozenset[str]]:
    """Return the lower-case SKUs of each query's right answers among the host's products.

    Args:
        queries: what to look for.
        report: called once per product, for a progress bar.

    Raises:
        UnknownFieldError: a rule names a field that no product has.
    """
    index = get_index()
    found: list[set[str]] = [set() for _ in queries]
    known: set[str] = set()
    for product in chain.from_iterable(product_chunks(CHUNK)):
        document = index.document(product)
        fields = index.judged(product, document)
        known.update(fields)
        sku = document.sku.lower()
        for query, skus in zip(queries, found, strict=True):
            if _is_right(query, sku, fields, document.price):
                skus.add(sku)
        report()
    _refuse_unknown(queries, known)
    return [frozenset(skus) for skus in found]


def _is_right(
    query: JudgedQuery, sku: str, fields: Mapping[str, Iterable[str]], price: Decimal | None
) -> bool:
    if query.skus is not None:
        return sku in query.skus
    if query.price_min is not None and (price is None or price < query.price_min):
        return False
    if query.price_max is not None and (price is None or price > query.price_max):
        return False
    return all(set(values) & set(fields.get(name, ())) for name, values in query.fields.items())


def _refuse_unknown(queries: Sequence[JudgedQuery], known: set[str]) -> None:
    for query in queries:
        for name in query.fields:
            if known and name not in known:
                raise UnknownFieldError(
                    f"The rule of {query.text!r} names {name!r}; products are judged by {', '.join(sorted(known))}."
                )
