"""A clock that can be set back while processes run: each follows the file that CHAOS_CLOCK names."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

LOOK_SECONDS = 0.1
_travel: Any = None  # the trip that this process is on; a fork takes it along
_behind = 0.0  # seconds


def follow() -> None:
    """Keep this process's clock as far behind as the file says, and those of the processes that it forks."""
    _follow_here()
    os.register_at_fork(after_in_child=_follow_here)


@contextmanager
def set_back(seconds: float) -> Iterator[None]:
    """Set the clocks of all processes that follow back by so many seconds, and right again afterwards."""
    path = Path(os.environ["CHAOS_CLOCK"])
    _write(path, seconds)
    try:
        yield
    finally:
        _write(path, 0)


def _write(path: Path, seconds: float) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)
    time.sleep(5 * LOOK_SECONDS)  # until everybody has looked


def _follow_here() -> None:
    if "CHAOS_CLOCK" in os.environ:
        threading.Thread(target=_look_again_and_again, name="clock", daemon=True).start()


def _look_again_and_again() -> None:
    path = Path(os.environ["CHAOS_CLOCK"])
    while True:
        _step(float(path.read_text()) if path.exists() else 0.0)
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
