"""Orders to the processes of a shop that faults are done to: files in the folder that CHAOS_ORDERS names.

Each process looks for them: its clock follows one, workers kill themselves by one at a step of a rebuild, and the host's own code
(`host.py`) follows others. What is wrapped here is wrapped in the children of chaos's workers only, once Celery has forked them.
"""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

CLOCK, KILL = "clock", "kill"
LOOK_SECONDS = 0.1  # between two looks at the clock's order
MARKING, ENCODING, INDEXING, VERIFYING, SWITCHING, SWITCHED = STEPS = (
    "marking", "encoding", "indexing", "verifying", "switching", "switched",
)  # fmt: skip
QUICK_STEPS = (MARKING, ENCODING, SWITCHING)
_travel: Any = None  # the trip that this process is on; a fork takes it along
_behind = 0.0  # seconds


def read(name: str, default: Any) -> Any:
    """Return the order of a name, or the default where there is none."""
    try:
        return json.loads(_file(name).read_text())
    except FileNotFoundError:
        return default


@contextmanager
def standing(name: str, order: Any) -> Iterator[None]:
    """Give an order that all processes see at once, and withdraw it afterwards."""
    fresh = _file(f"{name}.new")
    fresh.write_text(json.dumps(order))
    fresh.replace(_file(name))
    try:
        yield
    finally:
        _file(name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return Path(os.environ["CHAOS_ORDERS"]) / name


# Clocks


@contextmanager
def clocks_set_back(seconds: float) -> Iterator[None]:
    """Set the clocks of all processes that follow back by so many seconds, and right again afterwards."""
    with standing(CLOCK, seconds):
        time.sleep(5 * LOOK_SECONDS)  # until everybody has looked
        yield
    time.sleep(5 * LOOK_SECONDS)


def follow_clock() -> None:
    """Keep this process's clock as far behind as the order says, and those of the processes that it forks."""
    _follow_here()
    os.register_at_fork(after_in_child=_follow_here)


def _follow_here() -> None:
    if "CHAOS_ORDERS" in os.environ:
        threading.Thread(target=_look_again_and_again, name="clock", daemon=True).start()


def _look_again_and_again() -> None:
    while True:
        _step(float(read(CLOCK, 0.0)))
        time.sleep(LOOK_SECONDS)


def _step(behind: float) -> None:
    global _behind, _travel
    if behind == _behind:
        return
    import time_machine

    if _travel is not None:
        _travel.stop()
        _travel = None
    if behind:
        _travel = time_machine.travel(datetime.now(UTC) - timedelta(seconds=behind), tick=True)
        _travel.start()
    _behind = behind


# Workers


@contextmanager
def worker_killed_at(step: str) -> Iterator[Callable[[], bool]]:
    """Have the worker that comes to a step kill itself; what is yielded says whether it has."""
    with standing(KILL, step):
        yield lambda: not _file(KILL).exists()


def batches(log: str) -> list[list[str]]:
    """Return the keys of the products that were indexed together, batch by batch, from a worker's log."""
    marker = f"{__name__}: A batch of "
    return [
        line.partition(marker)[2].partition(": ")[2].split() for line in log.splitlines() if marker in line
    ]


def wrap_steps(**_signal: Any) -> None:
    """Have this process look for an order to kill its worker at each step of a rebuild."""
    from search.indexing import batches as draining
    from search.indexing import building, versions

    def entered(_version_id: int, step: str) -> None:
        if step != ENCODING:
            _kill_at(step)

    building.enter_step = _after(building.enter_step, entered)
    # Before it is committed.
    versions.enter_products = _after(versions.enter_products, lambda *_, **__: _kill_at(MARKING))
    versions.activate = _after(versions.activate, lambda *_, **__: _kill_at(SWITCHED))
    draining.index_batch = _before(draining.index_batch, _encode)


def _encode(claims: Sequence[Any]) -> None:
    logger.info("A batch of %d: %s", len(claims), " ".join(claim.key for claim in claims))
    _kill_at(ENCODING)


def _kill_at(step: str) -> None:
    if read(KILL, "") != step:
        return
    try:
        _file(KILL).unlink()
    except FileNotFoundError:
        return  # another child follows it
    os.killpg(os.getpgid(0), signal.SIGKILL)


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
