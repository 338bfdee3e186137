"""The embedding of a query, encoded by the artifact of the version that it is compared with."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..conf import get_settings
from ..loading import HasArtifact, encoders_for
from ..querysets import EmbeddingLiteral
from .in_time import in_time

CACHED_QUERIES = 1024  # about 3 kB each


def embed_query(version: HasArtifact, text: str) -> EmbeddingLiteral:
    """Return the query's embedding as Postgres reads it; popular queries are encoded once per process.

    Raises:
        ArtifactError: the version's artifact is missing, damaged or another one.
        EncoderTimeout: encoding took longer than ENCODE_TIMEOUT_MS.
    """
    return _embed(version.artifact_path, version.fingerprint, " ".join(text.lower().split()))


def to_literal(embedding: NDArray[np.float32]) -> EmbeddingLiteral:
    """Write an embedding, shape (dimension,), as Postgres reads it; five digits tell all half floats apart."""
    return f"[{','.join(f'{value:.5g}' for value in embedding.astype(np.float16).tolist())}]"


class _Artifact:
    def __init__(self, path: str, fingerprint: str) -> None:
        self.artifact_path = path
        self.fingerprint = fingerprint


@lru_cache(maxsize=CACHED_QUERIES)
def _embed(path: str, fingerprint: str, text: str) -> EmbeddingLiteral:
    def encode() -> EmbeddingLiteral:
        return to_literal(encoders_for(_Artifact(path, fingerprint)).encode_texts([text])[0])

    return in_time(encode, get_settings().encode_timeout_ms)
