"""What the tests of new shops share."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that Postgres' account may enter, whatever other runs of pytest make of their common one."""
    with tempfile.TemporaryDirectory(prefix="fashion-host-") as name:
        yield Path(name)


@pytest.fixture
def report(capsys) -> Callable[[Mapping[str, float]], None]:
    """Print how many seconds each part took, whatever becomes of other output."""

    def write(seconds: Mapping[str, float]) -> None:
        rows = [f"{took:8.1f} s  {part}\n" for part, took in seconds.items()]
        with capsys.disabled():
            sys.stdout.write("\n" + "".join(rows) + f"{sum(seconds.values()):8.1f} s  together\n")

    return write
