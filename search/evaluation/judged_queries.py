"""Judged queries: what a shopper types, and which products are right answers to it."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..exceptions import HostError, SearchError
from ..indexing.documents import document_of
from ..registry import ProductIndex, describe_failure, get_index, read_all
from ..resilience import SparingLogger

PRICES = ("price_min", "price_max")


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedQuery:
    """A query with its right answers: those that a rule describes, or those with the given SKUs."""

    text: str
    kind: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # each must hold one of its values
    price_min: float | None = None
    price_max: float | None = None
    skus: frozenset[str] | None = None


def read_queries(file: Path) -> list[JudgedQuery]:
    """Read JSON lines: {"query", "kind", "rule": {field: [values], "price_min", "price_max"}} or {..., "relevant": [SKUs]}.

    Raises:
        ValueError: the file is missing, empty, or a line is none of these; the sentence names the line.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    queries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            queries.append(_query(json.loads(line)))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{file}, line {number}: {error}") from error
    if not queries:
        raise ValueError(f"{file} holds no query.")
    return queries


def _query(content: dict[str, Any]) -> JudgedQuery:
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        raise ValueError('a line is an object with a text "query"')
    if ("rule" in content) == ("relevant" in content):
        raise ValueError('give either "rule" or "relevant"')
    text, kind = content["query"], str(content.get("kind", ""))
    if "relevant" in content:
        return JudgedQuery(text=text, kind=kind, skus=frozenset(map(_sku, content["relevant"])))
    rule = dict(content["rule"])
    lowest, highest = (float(rule.pop(name)) if name in rule else None for name in PRICES)
    for name, values in rule.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"rule {name!r} must be a list of texts, not {values!r}")
    return JudgedQuery(
        text=text,
        kind=kind,
        fields={name: tuple(values) for name, values in rule.items()},
        price_min=lowest,
        price_max=highest,
    )


def _sku(sku: object) -> str:
    if not isinstance(sku, str | int):
        raise ValueError(f"an SKU must be a text, not {sku!r}")
    return str(sku).lower()


# Which products are right answers to judged queries.


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
                if _is_right(query, sku, fields, price):
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
