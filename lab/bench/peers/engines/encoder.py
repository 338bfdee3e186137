"""This project's text encoder, for engines that search by vectors which somebody else makes; without Django being set up."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..protocol import PeerProduct

BATCH = 500


class TextEncoder:
    """The default artifact's."""

    def __init__(self) -> None:
        """Load it."""
        from search.conf import SearchSettings
        from search.encoders.sessions import load_artifact

        self._encoders = load_artifact(SearchSettings().artifact)
        self._encoders.start_texts()
        self.dimension: int = self._encoders.dimension

    def query(self, text: str) -> np.ndarray:
        """Return a query's embedding, of unit length, read as this search reads it."""
        return self._encoders.encode_texts([" ".join(text.lower().split())])[0]

    def batches(self, products: Sequence[PeerProduct]) -> Iterator[tuple[Sequence[PeerProduct], np.ndarray]]:
        """Yield products with their embeddings, shape (products, dimension), unit length."""
        for begin in range(0, len(products), BATCH):
            batch = products[begin : begin + BATCH]
            yield batch, self._encoders.encode_texts([product.encoded for product in batch])
