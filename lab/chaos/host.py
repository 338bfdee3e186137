"""The shop's own code that does what it is told to: raise for some products, or say odd things of them."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import AppConfig

DOCUMENT, ENCODED_TEXT, CARD, ODD = "document", "encoded_text", "card", "odd"
# What hosts have been seen to give, and what they might.
ODD_FACETS = {
    "brand": ("", None, " \t"),
    "colour": " Red ",
    "gender": (38, float("nan")),
    "size": ("x" * 5000, "a=b", "c > d", "e/f", "a\0\ud800"),
    "usage": (value for value in ("Casual", "")),
    "a=b": ("c",),
    "": ("nameless",),
    "category": ("Apparel", "", "Tops", "Apparel", *(f"level {number}" for number in range(50))),
}


class HostConfig(AppConfig):
    """Wraps the shop's registration in every process of chaos's shop."""

    name = "lab.chaos"

    def ready(self) -> None:
        """Have each method look for an order first."""
        from shop.search_index import ShopProductIndex

        for method in (DOCUMENT, ENCODED_TEXT, CARD):
            setattr(ShopProductIndex, method, _obedient(method, getattr(ShopProductIndex, method)))


@contextmanager
def told(keys: Iterable[Any], *orders: str) -> Iterator[None]:
    """Have the shop's code in every process raise, or say odd things, for these products as long as this lasts."""
    path = _path()
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({order: [str(key) for key in keys] for order in orders}))
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink()


def _obedient(method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(self: Any, given: Any) -> Any:
        key = getattr(given, "key", None) or str(getattr(given, "pk", ""))
        orders = _orders()
        if key in orders.get(method, ()):
            raise LookupError(f"{method}() has no such product")
        answer = function(self, given)
        if method == DOCUMENT and key in orders.get(ODD, ()):
            facets = dict(ODD_FACETS, usage=(value for value in ("Casual", "")))
            return replace(answer, facets=facets, brand=None, keywords=None, price=float(answer.price or 0))
        return answer

    return wrapped


def _orders() -> dict[str, list[str]]:
    try:
        orders: dict[str, list[str]] = json.loads(_path().read_text())
    except FileNotFoundError:
        return {}
    return orders


def _path() -> Path:
    return Path(os.environ["CHAOS_ORDERS"]).with_name("host.json")
