"""Embeddings as Postgres writes and reads them: pgvector's halfvec, as text and as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgvector import HalfVector

if TYPE_CHECKING:  # importing it takes longer than all of the plugin's tables, which need this module
    import numpy as np
    from numpy.typing import NDArray

EmbeddingLiteral = str  # "[0.1,...]"


def to_literal(embedding: NDArray[np.float32]) -> EmbeddingLiteral:
    """Write an embedding, shape (dimension,), as Postgres reads it.

    Five digits distinguish every half-precision number from its neighbours. pgvector's own `to_text` writes all digits of the
    doubles: that takes twice as long and twice the room, which a worker pays for every picture.
    """
    return f"[{','.join(map('{:.5g}'.format, embedding.astype('float16').tolist()))}]"


def from_literal(literal: EmbeddingLiteral) -> NDArray[np.float32]:
    """Read an embedding, shape (dimension,), from text."""
    return HalfVector.from_text(literal).to_numpy().astype("float32")


def from_field(value: Any) -> NDArray[np.float32]:
    """Read an embedding, shape (dimension,), as pgvector's field gives it: a list, or an object of its own up to its release 0.4."""
    import numpy as np

    return np.array(value.to_list() if isinstance(value, HalfVector) else value, np.float32)


def from_bytes(sent: bytes) -> NDArray[np.float16]:
    """Read an embedding, shape (dimension,), from what `halfvec_send` gives; in a fortieth of the time that its text takes."""
    return HalfVector.from_binary(sent).to_numpy()
