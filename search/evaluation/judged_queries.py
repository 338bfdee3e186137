"""Judged queries: what a shopper types, and which products are right answers to it; without Django."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

PRICES = ("price_min", "price_max")


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedQuery:
    """A query with its right answers: those that a rule describes, or those with the given SKUs."""

    text: str
    kind: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # each must hold one of its values
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # each may hold none of its values
    price_min: float | None = None
    price_max: float | None = None
    skus: frozenset[str] | None = None


def read_queries(file: Path) -> list[JudgedQuery]:
    """Read JSON lines: {"query", "kind", "rule": {field: [values], "without": {...}, "price_min", "price_max"}} or {..., "relevant": [SKUs]}.

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
            queries.append(read_query(json.loads(line)))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{file}, line {number}: {error}") from error
    if not queries:
        raise ValueError(f"{file} holds no query.")
    return queries


def read_query(content: dict[str, Any]) -> JudgedQuery:
    """Read one line's object.

    Raises:
        ValueError: it is none; the sentence says what is wrong. So do TypeError, AttributeError and KeyError.
    """
    if not isinstance(content, dict) or not isinstance(content.get("query"), str):
        raise ValueError('a line is an object with a text "query"')
    if ("rule" in content) == ("relevant" in content):
        raise ValueError('give either "rule" or "relevant"')
    text, kind = content["query"], str(content.get("kind", ""))
    if "relevant" in content:
        return JudgedQuery(text=text, kind=kind, skus=frozenset(map(_sku, content["relevant"])))
    rule = dict(content["rule"])
    lowest, highest = (float(rule.pop(name)) if name in rule else None for name in PRICES)
    without = rule.pop("without", {})
    if not isinstance(without, dict):
        raise ValueError(f'rule "without" must be an object of fields, not {without!r}')
    for name, values in (*rule.items(), *without.items()):
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"rule {name!r} must be a list of texts, not {values!r}")
    return JudgedQuery(
        text=text,
        kind=kind,
        fields={name: tuple(values) for name, values in rule.items()},
        without={name: tuple(values) for name, values in without.items()},
        price_min=lowest,
        price_max=highest,
    )


def _sku(sku: object) -> str:
    if not isinstance(sku, str | int):
        raise ValueError(f"an SKU must be a text, not {sku!r}")
    return str(sku).lower()


def is_right(
    query: JudgedQuery, sku: str, fields: Mapping[str, Iterable[str]], price: Decimal | float | None
) -> bool:
    """Return whether a product is a right answer.

    Args:
        query: the query.
        sku: the product's, in lower case.
        fields: the product's values of each field that the rule names; none where one is missing.
        price: None if it is unknown, which is within no bounds.
    """
    if query.skus is not None:
        return sku in query.skus
    if query.price_min is not None and (price is None or price < query.price_min):
        return False
    if query.price_max is not None and (price is None or price > query.price_max):
        return False
    if any(set(values) & set(fields.get(name, ())) for name, values in query.without.items()):
        return False
    return all(set(values) & set(fields.get(name, ())) for name, values in query.fields.items())
