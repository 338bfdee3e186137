"""Somebody who saves products while Postgres is away or comes back, and remembers which saves were accepted."""

import threading
from collections.abc import Sequence
from decimal import Decimal
from random import Random

PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 60.0


class Saver:
    """A thread that gives products other prices, one after the other; use it in a `with` statement."""

    def __init__(self, keys: Sequence[int], drawing: Random) -> None:
        self.refused: list[str] = []
        self._keys = keys
        self._random = Random(drawing.random())
        self._accepted: dict[int, Decimal] = {}
        self._doubtful: set[int] = set()  # the answer to a commit was lost: either price may be the right one
        self._goes_on = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Saver":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE_SECONDS)

    def has_saved(self) -> bool:
        """Whether the last save was accepted."""
        return self._goes_on

    def accepted(self) -> dict[int, Decimal]:
        """Return the prices that were accepted last, by primary key.

        Raises:
            TimeoutError: a save is still under way.
        """
        if self._thread.is_alive():
            raise TimeoutError(f"A save was not answered within {PATIENCE_SECONDS:g} s.")
        return {key: price for key, price in self._accepted.items() if key not in self._doubtful}

    def _run(self) -> None:
        from django.db import DatabaseError, connection

        from .catalogue import save_price

        while not self._stopped.wait(PAUSE_SECONDS):
            key, price = self._random.choice(self._keys), self._random.randint(100, 9000)
            try:
                save_price(key, price)
                self._accepted[key] = Decimal(price)
                self._doubtful.discard(key)  # this one came after whatever became of the other
                self._goes_on = True
            except DatabaseError as error:
                self._doubtful.add(key)
                self._goes_on = False
                self.refused.append(str(error))
                connection.close()
        connection.close()
