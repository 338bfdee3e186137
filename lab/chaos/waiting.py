"""Wait for something, and keep a process from going on."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from shop.local.processes import LocalProcess


def wait_until(condition: Callable[[], Any], *, seconds: float, every: float = 0.02) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it is not, for so long.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {seconds} s.")
        time.sleep(every)


def expect(condition: Callable[[], Any], what: str, *, seconds: float, every: float = 0.1) -> list[str]:
    """Wait until something is true; return a complaint where it does not become so."""
    try:
        wait_until(condition, seconds=seconds, every=every)
    except TimeoutError:
        return [f"not within {seconds:g} s: {what}"]
    return []


@contextmanager
def frozen(process: LocalProcess) -> Iterator[None]:
    """Stop a process and its children as SIGSTOP does, and let them go on afterwards."""
    _signal(process, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(process, signal.SIGCONT)


def _signal(process: LocalProcess, what: signal.Signals) -> None:
    first = psutil.Process(process.pid)
    for one in [first, *first.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            one.send_signal(what)
