"""Stop at the next batch when the system asks for it, instead of in the middle of one."""

import signal
from types import FrameType
from typing import Self

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """While entered, SIGTERM and SIGINT set `asked`; a second SIGINT ends the program at once."""

    def __init__(self) -> None:
        self.asked = False
        self._earlier: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._earlier = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True
