"""Ask a storage of pictures, and give up on one that does not answer.

A storage may be a disk, a network file system or a service such as S3. One that has frozen lets its caller wait for as long as its
client does, minutes or without end, and each client has errors of its own. So whatever asks one asks here: in a thread that is left
to itself when its time is up, and with one error that says that the storage is away.
"""

import errno
import os
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from math import ceil
from threading import Lock, current_thread
from time import monotonic
from typing import Any, TypeVar

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.module_loading import import_string

from .conf import get_settings
from .exceptions import StorageAway
from .resilience import BackgroundCall, TooLate

HANGING = 8  # threads of a process that may wait in vain; with so many, nobody else is made to wait
RETRY_SECONDS = 10.0  # after which one more tries although so many wait
AWAY = frozenset(
    getattr(errno, name)
    for name in (
        "EIO", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENOTCONN", "ENXIO",
        "EREMOTEIO", "ENOLINK", "ECOMM",
    )
    if hasattr(errno, name)
)  # fmt: skip
CLIENTS = frozenset(
    ("aiohttp", "azure", "boto3", "botocore", "google", "httpcore", "httpx", "paramiko", "requests", "s3transfer", "urllib3")
)  # fmt: skip
PASSING = frozenset((408, 425, 429))  # refusals for the moment
Result = TypeVar("Result")


def ask_storage(
    act: Callable[[], Result], *, seconds: float | None = None, waiting: Callable[[], None] | None = None
) -> Result:
    """Return what the function returns, which asks a storage; it runs in another thread, and is left to itself when its time is up.

    Args:
        act: what to do, with database connections of its own.
        seconds: that it may take; STORAGE_SECONDS by default.
        waiting: called every second meanwhile, for callers that must give signs of life.

    Raises:
        StorageAway: it took longer, too many others still wait, or an error says that the storage cannot be reached.
        Exception: whatever else the function raised.
    """
    if isinstance(current_thread(), _Call):
        return act()  # somebody waits already, and gives up in time
    limit = get_settings().storage_seconds if seconds is None else seconds
    call = _Call(partial(copy_context().run, act), name="storage")
    _hanging.admit(call)
    try:
        call.start()
        for second in range(ceil(limit)):
            call.join(min(1.0, limit - second))
            if not call.is_alive():
                break
            if waiting is not None:
                waiting()
    finally:
        _hanging.note(call)
    try:
        return call.result(0)
    except TooLate as error:
        raise StorageAway(f"no answer within {limit:g} s") from error
    except Exception as error:
        if is_away(error) and not isinstance(error, StorageAway):
            raise StorageAway(f"{type(error).__name__}: {str(error)[:200]}") from error
        raise


def is_away(error: BaseException) -> bool:
    """Return whether an error says that a storage cannot be reached, rather than something about one file."""
    if isinstance(error, StorageAway | TimeoutError | ConnectionError):
        return True
    if type(error).__module__.partition(".")[0] in CLIENTS:
        status = status_of(error)
        return status is None or status >= 500 or status in PASSING
    return isinstance(error, OSError) and error.errno in AWAY


def is_refusal(error: BaseException) -> bool:
    """Return whether a storage has answered with an error about one file: it is not there, forbidden, or cannot be written."""
    return not is_away(error) and (isinstance(error, OSError) or status_of(error) is not None)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that a storage's client had; None where it had no answer."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    for status in (response, *(getattr(error, name, None) for name in ("status_code", "status", "code"))):
        status = getattr(status, "status_code", status)
        if isinstance(status, int) and 100 <= status < 600:
            return int(status)
    return None


class PatientStorage(Storage):
    """Any other storage, of which each answer is waited for STORAGE_SECONDS at most.

    Files are read whole when they are opened, so that no reader waits for a part later.

    Args:
        backend: the other storage's class.
        options: what it is made with.
    """

    def __init__(self, backend: str, options: dict[str, Any] | None = None) -> None:
        self.inner: Storage = import_string(backend)(**(options or {}))

    def __getattr__(self, name: str) -> Any:
        """Return what only the other storage has, such as its location."""
        if name == "inner":  # not made yet, as while it is copied
            raise AttributeError(name)
        return getattr(self.inner, name)

    def open(self, name: str, mode: str = "rb") -> "File[Any]":  # noqa: D102
        if mode != "rb":
            return ask_storage(lambda: self.inner.open(name, mode))

        def read() -> bytes:
            with self.inner.open(name, mode) as file:
                content: bytes = file.read()
            return content

        return ContentFile(ask_storage(read), name=name)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:  # noqa: D102
        return ask_storage(lambda: self.inner.save(name, content, max_length=max_length))

    def delete(self, name: str) -> None:  # noqa: D102
        ask_storage(lambda: self.inner.delete(name))

    def exists(self, name: str) -> bool:  # noqa: D102
        return ask_storage(lambda: self.inner.exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:  # noqa: D102
        return ask_storage(lambda: self.inner.listdir(path))

    def size(self, name: str) -> int:  # noqa: D102
        return ask_storage(lambda: self.inner.size(name))

    def url(self, name: str | None) -> str:  # noqa: D102
        return ask_storage(lambda: self.inner.url(name))

    def path(self, name: str) -> str:  # noqa: D102
        return self.inner.path(name)

    def get_accessed_time(self, name: str) -> Any:  # noqa: D102
        return ask_storage(lambda: self.inner.get_accessed_time(name))

    def get_created_time(self, name: str) -> Any:  # noqa: D102
        return ask_storage(lambda: self.inner.get_created_time(name))

    def get_modified_time(self, name: str) -> Any:  # noqa: D102
        return ask_storage(lambda: self.inner.get_modified_time(name))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: D102
        return ask_storage(lambda: self.inner.get_available_name(name, max_length=max_length))

    def get_valid_name(self, name: str) -> str:  # noqa: D102
        return self.inner.get_valid_name(name)

    def generate_filename(self, filename: str | os.PathLike[str]) -> str:  # noqa: D102
        return self.inner.generate_filename(filename)


class _Call(BackgroundCall[Result]):
    """Known by its class to what it calls, which then asks the storage without another thread."""


class _Hanging:
    """The threads that nobody waits for any more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: set[_Call[Any]] = set()
        self._process = 0
        self._tried = 0.0

    def admit(self, call: "_Call[Any]") -> None:
        with self._lock:
            if self._process != os.getpid():  # threads do not live on in a forked process
                self._process, self._calls = os.getpid(), set()
            self._calls = {one for one in self._calls if one.is_alive()}
            if len(self._calls) >= HANGING:
                if monotonic() - self._tried < RETRY_SECONDS:
                    raise StorageAway(f"{len(self._calls)} earlier requests still wait for an answer")
                self._tried = monotonic()

    def note(self, call: "_Call[Any]") -> None:
        if call.is_alive():
            with self._lock:
                self._calls.add(call)


_hanging = _Hanging()
