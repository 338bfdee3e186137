"""Workers that kill themselves at a step of a rebuild, and say which products they index together.

What is wrapped here is wrapped in the children of chaos's workers only, once Celery has forked them.
"""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

MARKING, ENCODING, INDEXING, VERIFYING, SWITCHING = (
    "marking",
    "encoding",
    "indexing",
    "verifying",
    "switching",
)
SWITCHED = "switched"
STEPS = (MARKING, ENCODING, INDEXING, VERIFYING, SWITCHING, SWITCHED)
QUICK_STEPS = (MARKING, ENCODING, SWITCHING)


def wrap(**_signal: Any) -> None:
    """Have this process look for an order to kill its worker at each step."""
    from search.indexing import builds, draining, versions

    def entered(_version_id: int, step: str) -> None:
        if step != ENCODING:
            _kill_at(step)

    builds.enter = _after(builds.enter, entered)
    versions.enter = _after(versions.enter, lambda *_, **__: _kill_at(MARKING))  # and before it is committed
    versions.activate = _after(versions.activate, lambda *_, **__: _kill_at(SWITCHED))
    draining.index_batch = _before(draining.index_batch, _encode)


@contextmanager
def killed_at(step: str) -> Iterator[Callable[[], bool]]:
    """Have the worker that comes to a step kill itself; what is yielded says whether it has."""
    order = _order()
    order.write_text(step)
    try:
        yield lambda: not order.exists()
    finally:
        order.unlink(missing_ok=True)


def batches(log: str) -> list[list[str]]:
    """Return the keys of the products that were indexed together, batch by batch, from a worker's log."""
    marker = f"{__name__}: A batch of "
    return [
        line.partition(marker)[2].partition(": ")[2].split() for line in log.splitlines() if marker in line
    ]


def _encode(claims: Sequence[Any]) -> None:
    logger.info("A batch of %d: %s", len(claims), " ".join(claim.key for claim in claims))
    _kill_at(ENCODING)


def _kill_at(step: str) -> None:
    try:
        if _order().read_text() != step:
            return
        _order().unlink()
    except FileNotFoundError:
        return  # no order, or another child follows it
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _order() -> Path:
    return Path(os.environ["CHAOS_ORDERS"]).with_name("kill-at")


def _after(function: Callable[..., Any], then: Callable[..., None]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        then(*arguments, **options)
        return result

    return wrapped


def _before(function: Callable[..., Any], first: Callable[..., None]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any) -> Any:
        first(*arguments)
        return function(*arguments)

    return wrapped
