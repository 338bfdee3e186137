"""A media storage that does what it is told to: kill its reader, be slow, lose a file, hand out rubbish, be full."""

import errno
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

FULL = "full"  # in the place of a name: nothing can be stored
FROZEN = "frozen"  # in the place of a name: nothing is answered, whatever is asked
SLOW_SECONDS = 6.0  # longer than the lease


class FaultyStorage(FileSystemStorage):
    """The shop's files; the file that CHAOS_ORDERS names says what is wrong with which."""

    def _open(self, name: str, mode: str = "rb") -> File:
        _freeze()
        order = _orders().get(name, "")
        if order == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "slow":
            time.sleep(SLOW_SECONDS)
        if order == "missing":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        if order == "rubbish":
            return ContentFile(b"This is no picture.", name=name)
        return super()._open(name, mode)

    def exists(self, name: str) -> bool:
        """Whether there is such a file, unless nothing is answered."""
        _freeze()
        return super().exists(name)

    def size(self, name: str) -> int:
        """The size of a file, unless nothing is answered."""
        _freeze()
        return super().size(name)

    def delete(self, name: str) -> None:
        """Delete a file, unless nothing is answered."""
        _freeze()
        super().delete(name)

    def _save(self, name: str, content: Any) -> str:
        _freeze()
        if FULL in _orders():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        return super()._save(name, content)


@contextmanager
def ordered(names: Iterable[str], order: str) -> Iterator[None]:
    """Have the storage of every process do something with the files of these names, for as long as this lasts."""
    path = Path(os.environ["CHAOS_ORDERS"])
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(dict.fromkeys(names, order)))
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink()


def _freeze() -> None:
    while FROZEN in _orders():
        time.sleep(0.1)


def _orders() -> dict[str, str]:
    try:
        orders: dict[str, str] = json.loads(Path(os.environ["CHAOS_ORDERS"]).read_text())
    except FileNotFoundError:
        return {}
    return orders
