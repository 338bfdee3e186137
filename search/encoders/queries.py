"""Encode what people search for, within a time limit, by the artifact of the version that it is compared with."""

from collections.abc import Callable
from functools import lru_cache
from os import getpid
from threading import BoundedSemaphore
from typing import TypeVar

from ..conf import get_settings
from ..exceptions import EncoderTimeout
from ..prometheus import ENCODE_SECONDS, ENCODE_TIMEOUTS
from ..resilience import BackgroundCall, TooLate
from ..vectors import EmbeddingLiteral, to_literal
from .cache import ArtifactKey, HasArtifact, encoders_for

Result = TypeVar("Result")
THREADS = {  # per process; while all hang, further encodings are refused after their time, and searches go on by words
    "text": 4,
    "picture": 2,  # separate, so that photos, which take longer, keep no text waiting
}
PICTURE_WAIT_MS = (
    300  # for a free thread; a request beyond that is refused instead of holding the web process
)
CACHED_QUERIES = 1024  # about 3 kB each


def in_time(act: Callable[[], Result], milliseconds: int, *, kind: str = "text") -> Result:
    """Run an encoding in a thread of its own, so that a search does not wait for one that hangs; return its result.

    Args:
        act: the encoding.
        milliseconds: how long it may take; after that it goes on in its thread, and its result is lost.
        kind: "text" or "picture", each of which has threads of its own.

    Raises:
        EncoderTimeout: it took longer, waiting for a free thread included.
    """
    free = _free_threads(getpid(), kind)
    patience = min(milliseconds, PICTURE_WAIT_MS) if kind == "picture" else milliseconds
    if not free.acquire(timeout=patience / 1000):
        ENCODE_TIMEOUTS.labels(kind).inc()
        raise EncoderTimeout(
            f"All {THREADS[kind]} threads of the {kind} encoder were busy for {patience} ms."
        )

    def encode() -> Result:
        try:
            with ENCODE_SECONDS.labels(kind, "search").time():
                return act()
        finally:
            free.release()

    call = BackgroundCall(encode, name=f"encode-{kind}")
    try:
        call.start()
    except BaseException:
        free.release()
        raise
    try:
        return call.result(milliseconds / 1000)
    except TooLate as error:
        ENCODE_TIMEOUTS.labels(kind).inc()
        raise EncoderTimeout(f"The encoder took longer than {milliseconds} ms.") from error


@lru_cache(maxsize=len(THREADS))
def _free_threads(_process: int, kind: str) -> BoundedSemaphore:
    # By process, because threads do not live on in a forked one.
    return BoundedSemaphore(THREADS[kind])


def embed_query(version: HasArtifact, text: str) -> EmbeddingLiteral:
    """Return the query's embedding as Postgres reads it; popular queries are encoded once per process.

    Raises:
        ArtifactError: the version's artifact is missing, damaged or another one.
        EncoderTimeout: encoding took longer than ENCODE_TIMEOUT_MS.
    """
    return _embed(ArtifactKey(version.artifact_path, version.fingerprint), " ".join(text.lower().split()))


@lru_cache(maxsize=CACHED_QUERIES)
def _embed(artifact: ArtifactKey, text: str) -> EmbeddingLiteral:
    def encode() -> EmbeddingLiteral:
        return to_literal(encoders_for(artifact).encode_texts([text])[0])

    return in_time(encode, get_settings().encode_timeout_ms)
