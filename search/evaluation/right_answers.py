"""Which of the host's products are right answers to judged queries."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..exceptions import HostError, SearchError
from ..indexing.documents import document_of
from ..registry import ProductIndex, describe_failure, get_index, read_all
from ..resilience import SparingLogger
from .judged_queries import JudgedQuery, is_right

Report = Callable[[], object]
Failed = Callable[[str, str], object]
sparing = SparingLogger(logging.getLogger(__name__))


class UnknownFieldError(SearchError):
    """A rule names a field that the host's products do not have."""


def relevant_skus(
    queries: Sequence[JudgedQuery], *, report: Report = lambda: None, failed: Failed | None = None
) -> list[frozenset[str]]:
    """Return the lower-case SKUs of each query's right answers among the host's products.

    Args:
        queries: what to look for.
        report: called once per product, for a progress bar.
        failed: called with the key of each product that cannot be judged, because the host's code raises for it, and the
            reason; by default it is logged. Such a product is no right answer.

    Raises:
        UnknownFieldError: a rule names a field that no product has.
        HostError: no product can be judged.
    """
    index, failed = get_index(), failed or _log
    found: list[set[str]] = [set() for _ in queries]
    known: set[str] = set()
    judged, reason = 0, ""
    for loaded in read_all():
        failures = dict(loaded.failures)
        for key, product in loaded.products.items():
            try:
                sku, fields, price = _judged(index, product)
            except HostError as error:
                failures[key] = str(error)
                continue
            judged += 1
            known.update(fields)
            for query, skus in zip(queries, found, strict=True):
                if is_right(query, sku, fields, price):
                    skus.add(sku)
            report()
        for key, reason in failures.items():
            failed(key, reason)
            report()
    if reason and not judged:
        raise HostError(f"No product can be judged: {reason}")
    _refuse_unknown(queries, known)
    return [frozenset(skus) for skus in found]


def _judged(index: ProductIndex, product: Any) -> tuple[str, Mapping[str, Collection[str]], Decimal | None]:
    """A product's lower-case SKU, what rules are compared with, and its price."""
    document = document_of(index, product)[0]
    try:
        stated = index.judged(product, document)
        fields = {
            name: (values,) if isinstance(values, str) else tuple(values) for name, values in stated.items()
        }
    except Exception as error:
        raise HostError(describe_failure("judged", error)) from error
    return document.sku.lower(), fields, document.price


def _log(key: str, reason: str) -> None:
    sparing.warning("judged", "Product %s cannot be judged: %s", key, reason)


def _refuse_unknown(queries: Sequence[JudgedQuery], known: set[str]) -> None:
    for query in queries:
        for name in (*query.fields, *query.without):
            if known and name not in known:
                raise UnknownFieldError(
                    f"The rule of {query.text!r} names {name!r}; products are judged by {', '.join(sorted(known))}."
                )
