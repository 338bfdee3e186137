"""The transaction that a search runs in: settings of Postgres and pgvector that end with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from ..conf import get_settings
from .budget import Watch, left_ms


@contextmanager
def search_session(limit_ms: int | None = None) -> Iterator[None]:
    """Run the body in one transaction with iterative HNSW scans, and end it when its time is up.

    Args:
        limit_ms: its time; SEARCH_TIMEOUT_MS by default. What is left of a budget around it may be less.

    Inside a transaction of the caller the former settings are put back, because SET LOCAL outlives a savepoint.
    """
    settings = get_settings()
    limit = left_ms(settings.search_timeout_ms if limit_ms is None else limit_ms)
    wanted: dict[str, str | None] = {
        "statement_timeout": f"{limit}ms",
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.ef_search": str(min(settings.ef_search, 1000)),
        "hnsw.max_scan_tuples": str(settings.max_scan_tuples),
        "jit": "off",  # compiling takes longer than any of these queries
        "max_parallel_workers_per_gather": "0",  # so does starting workers, and other requests want the cores
    }
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = _current(list(wanted)) if nested else {}
        _set_local(wanted)
        with connection.execute_wrapper(Watch(limit)):
            yield
        if nested:
            _set_local(before)


def _set_local(values: dict[str, str | None]) -> None:
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _ in values)
        cursor.execute(f"SELECT {calls}", [part for pair in values.items() for part in pair])


def _current(names: list[str]) -> dict[str, str | None]:
    with connection.cursor() as cursor:
        calls = ", ".join("current_setting(%s, true)" for _ in names)
        cursor.execute(f"SELECT {calls}", names)
        return dict(zip(names, cursor.fetchone(), strict=True))
