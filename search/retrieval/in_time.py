"""Run encodings in threads of their own, so that a search does not wait for one that hangs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import lru_cache
from os import getpid
from threading import BoundedSemaphore
from typing import TypeVar

from ..exceptions import EncoderTimeout

Result = TypeVar("Result")
THREADS = 4  # of a process; when all hang, further encodings are refused after their time, and searches go on by words


def in_time(act: Callable[[], Result], milliseconds: int) -> Result:
    """Return what the function returns; it runs in another thread, which goes on where this one has given up.

    Raises:
        EncoderTimeout: it took longer, waiting for a free thread included.
    """
    threads, free = _threads(getpid())
    if not free.acquire(timeout=milliseconds / 1000):
        raise EncoderTimeout(f"All {THREADS} threads of the encoder were busy for {milliseconds} ms.")
    try:
        running = threads.submit(act)
    except BaseException:
        free.release()
        raise
    running.add_done_callback(lambda _: free.release())
    try:
        return running.result(timeout=milliseconds / 1000)
    except FutureTimeout as error:
        if running.done():  # it raised a TimeoutError of its own
            raise
        running.cancel()
        raise EncoderTimeout(f"The encoder took longer than {milliseconds} ms.") from error


@lru_cache(maxsize=1)
def _threads(_process: int) -> tuple[ThreadPoolExecutor, BoundedSemaphore]:
    # By process, because threads do not live on in a forked one.
    return ThreadPoolExecutor(THREADS, thread_name_prefix="encode"), BoundedSemaphore(THREADS)
