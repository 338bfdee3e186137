"""Encode a batch so that whatever fails is one item's failure, never the batch's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from numpy.typing import NDArray

from ..exceptions import ArtifactError, EncodingError

Item = TypeVar("Item")
Embedding = NDArray[np.float32]  # (dimension,)


def encode_each(
    encode: Callable[[Sequence[Item]], NDArray[np.float32]], items: Mapping[str, Item]
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Encode all items in one run; where that fails, halve the batch until the culprits are alone.

    Args:
        encode: takes n items, gives (n, dimension) float32 of unit length.
        items: hash -> picture or text.

    Returns:
        hash -> embedding, and hash -> reason for the items that cannot be encoded.

    Raises:
        ArtifactError: the encoders cannot be started.
    """
    if not items:
        return {}, {}
    try:
        return dict(zip(items, encode(list(items.values())), strict=True)), {}
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error, ArtifactError) and not isinstance(error, EncodingError):
            raise  # no item's fault: the whole batch is put off
        if len(items) == 1:
            return {}, dict.fromkeys(items, f"The encoder failed: {str(error)[:200]}")
    pairs: list[Any] = list(items.items())
    middle = len(pairs) // 2
    embeddings, errors = encode_each(encode, dict(pairs[:middle]))
    more_embeddings, more_errors = encode_each(encode, dict(pairs[middle:]))
    return embeddings | more_embeddings, errors | more_errors
