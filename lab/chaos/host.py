"""The host's own code, which fails by order: its storage of pictures, its registration of products, and how it reads."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import wraps
from typing import Any

from django.apps import AppConfig
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

from . import orders

FILES, PRODUCTS = "files", "products"  # names of orders
FULL = "full"  # in the place of a file's name: nothing can be stored
FROZEN = "frozen"  # in the place of a file's name: nothing is answered, whatever is asked
SLOW_SECONDS = 6.0  # longer than the lease
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


def disturbed_files(names: Iterable[str], order: str) -> AbstractContextManager[None]:
    """Have the storage of every process do something with the files of these names, for as long as this lasts.

    Args:
        names: in the storage; FULL or FROZEN instead of names.
        order: "kill" the process that reads, "slow", "missing", "rubbish", FULL or FROZEN.
    """
    return orders.standing(FILES, dict.fromkeys(names, order))


def disturbed_products(keys: Iterable[Any], *methods: str) -> AbstractContextManager[None]:
    """Have the host's code in every process raise, or give odd values, for these products as long as this lasts.

    Args:
        keys: of products.
        methods: that raise, of the registration; or ODD.
    """
    return orders.standing(PRODUCTS, {method: [str(key) for key in keys] for method in methods})


class HostConfig(AppConfig):
    """Wraps the shop's registration in every process of chaos's shop."""

    name = "lab.chaos"

    def ready(self) -> None:
        """Have each method look for an order first."""
        from shop.search_index import ShopProductIndex

        for method in (DOCUMENT, ENCODED_TEXT, CARD):
            setattr(ShopProductIndex, method, obedient(method, getattr(ShopProductIndex, method)))


def obedient(method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of the registration that looks for an order first."""

    @wraps(function)
    def wrapped(self: Any, given: Any) -> Any:
        key = getattr(given, "key", None) or str(getattr(given, "pk", ""))
        disturbed = orders.read(PRODUCTS, {})
        if key in disturbed.get(method, ()):
            raise LookupError(f"{method}() has no such product")
        answer = function(self, given)
        if method == DOCUMENT and key in disturbed.get(ODD, ()):
            facets = dict(ODD_FACETS, usage=(value for value in ("Casual", "")))
            return replace(answer, facets=facets, brand=None, keywords=None, price=float(answer.price or 0))
        return answer

    return wrapped


class FaultyStorage(FileSystemStorage):
    """The shop's files, some of which an order may name."""

    def _open(self, name: str, mode: str = "rb") -> File:
        _freeze()
        order = orders.read(FILES, {}).get(name, "")
        if order == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "slow":
            time.sleep(SLOW_SECONDS)
        if order == "missing":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        if order == "rubbish":
            return ContentFile(b"This is no picture.", name=name)
        return super()._open(name, mode)

    def exists(self, name: str) -> bool:
        """Whether there is such a file, unless nothing is answered."""
        _freeze()
        return super().exists(name)

    def size(self, name: str) -> int:
        """The size of a file, unless nothing is answered."""
        _freeze()
        return super().size(name)

    def delete(self, name: str) -> None:
        """Delete a file, unless nothing is answered."""
        _freeze()
        super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        _freeze()
        if FULL in orders.read(FILES, {}):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        return super()._save(name, content)


def _freeze() -> None:
    while FROZEN in orders.read(FILES, {}):
        time.sleep(0.1)


class ReadReplica:
    """Reads from the replica, writes to the default database, as Django's own documentation has it."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the replica's alias."""
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the alias of the database that is written to."""
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Let rows of both be related: they are the same rows."""
        return True
