"""Work of the index that no request waits for, and that a host's time limits for requests must not end."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

NAMES = ("statement_timeout", "lock_timeout")
_READ = "SELECT " + ", ".join(f"current_setting('{name}')" for name in NAMES)


@contextmanager
def unhurried() -> Iterator[None]:
    """Lift the time limits of this connection's statements while the body runs; also a decorator, and may be nested."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        before = dict(zip(NAMES, cursor.fetchone(), strict=True))
        _set(dict.fromkeys(NAMES, "0"))
    try:
        yield
    finally:
        # A transaction that failed has taken the limits back itself, and a new connection begins with them.
        with suppress(Error):
            _set(before)


def _set(limits: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, limit in limits.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, limit])
