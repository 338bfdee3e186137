"""Keeps reads beside writes where a host's routers send reads to replicas.

Searches set Postgres up for their statements, and workers index what they have read: neither may go to another connection
than the one that it is set on, nor to a replica that lags behind. So the plugin's own tables are always read from the
database that they are written to, and whatever is read inside `pinned` is, too, the host's models included.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, router

WRITER = DEFAULT_DB_ALIAS  # where the plugin's tables are, in the transactions that change products
_UID = "fashion_search.routing"
_is_pinned: ContextVar[bool] = ContextVar("fashion_search_pinned", default=False)


class WriterRouter:
    """The router that stands before the host's own."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return where a model is written to, if it must be read there, or None for the host's routers to decide."""
        if is_ours(model):
            return WRITER
        return writer_of(model, **hints) if _is_pinned.get() else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Return where the plugin's models are written to; the host's are the host's matter."""
        return WRITER if is_ours(model) else None


@contextmanager
def pinned() -> Iterator[None]:
    """Read each model from the database that it is written to while the body runs; also a decorator, and may be nested."""
    install()
    token = _is_pinned.set(True)
    try:
        yield
    finally:
        _is_pinned.reset(token)


def install() -> None:
    """Put the plugin's router before the host's, unless there is one already."""
    if not any(isinstance(one, WriterRouter) for one in router.routers):
        router.routers.insert(0, WriterRouter())


def connect() -> None:
    """Install the router, and again whenever a test changes the host's."""
    install()
    setting_changed.connect(_reinstall, dispatch_uid=_UID)


def host_routers() -> list[Any]:
    """Return the routers that the host has."""
    return [one for one in router.routers if not isinstance(one, WriterRouter)]


def is_ours(model: Any) -> bool:
    """Return whether a model is the plugin's."""
    return bool(model._meta.app_label == "fashion_search")


def writer_of(model: Any, **hints: Any) -> str | None:
    """Return where the host's routers have a model written to; None where the host has none."""
    host = host_routers()
    if not host:
        return None
    for one in host:
        if hasattr(one, "db_for_write") and (alias := one.db_for_write(model, **hints)):
            return str(alias)
    return DEFAULT_DB_ALIAS


def _reinstall(*, setting: str, **kwargs: Any) -> None:
    # Django's own receiver makes the list anew; it is connected when tests begin, and must come before this one.
    setting_changed.disconnect(dispatch_uid=_UID)
    setting_changed.connect(_reinstall, dispatch_uid=_UID)
    if setting == "DATABASE_ROUTERS":
        install()
