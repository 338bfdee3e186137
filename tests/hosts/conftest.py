"""What the tests of new shops share."""

import sys
from collections.abc import Callable, Mapping

import pytest


@pytest.fixture
def report(capsys) -> Callable[[Mapping[str, float]], None]:
    """Print how many seconds each part took, whatever becomes of other output."""

    def write(seconds: Mapping[str, float]) -> None:
        rows = [f"{took:8.1f} s  {part}\n" for part, took in seconds.items()]
        with capsys.disabled():
            sys.stdout.write("\n" + "".join(rows) + f"{sum(seconds.values()):8.1f} s  together\n")

    return write
