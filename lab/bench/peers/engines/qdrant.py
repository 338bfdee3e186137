"""Qdrant's local mode, in this process and its memory (on disk it writes each point in a transaction of its own): dense vectors and sparse ones of words, fused by their ranks."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .encoder import TextEncoder

NAME, DENSE, SPARSE = "products", "text", "words"
DEEP = 100  # results of each that are fused


class Engine(Peer):
    """Hybrid search; local mode compares with every vector."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from qdrant_client import QdrantClient
        from snowballstemmer import stemmer

        self.encoder = TextEncoder()
        self.client = QdrantClient(":memory:")
        self.stemmer = stemmer("english")
        self.stems: dict[str, str] = {}  # word -> its stem
        self.numbers: dict[str, int] = {}  # stem -> its number

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Write the collection."""
        from qdrant_client import models

        self.client.create_collection(
            NAME,
            vectors_config={
                DENSE: models.VectorParams(size=self.encoder.dimension, distance=models.Distance.COSINE)
            },
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        done = 0
        for batch, embeddings in self.encoder.batches(products):
            points = [
                models.PointStruct(
                    id=done + place,
                    vector={DENSE: embedding.tolist(), SPARSE: self._sparse(product.text, new=True)},
                    payload={"key": product.key, **{name: list(of) for name, of in product.columns.items()}},
                )
                for place, (product, embedding) in enumerate(zip(batch, embeddings, strict=True))
            ]
            self.client.upsert(NAME, points)
            done += len(batch)

    def search(self, text: str) -> list[str]:
        """Return the first ten of both, fused."""
        return self._search(text, None)

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter both searches by the payload."""
        from qdrant_client import models

        match = models.FieldCondition(key=field, match=models.MatchValue(value=value))
        return self._search(text, models.Filter(must=[match]))

    def _search(self, text: str, narrowed) -> list[str]:
        from qdrant_client import models

        legs = [
            models.Prefetch(query=self.encoder.query(text).tolist(), using=DENSE, limit=DEEP, filter=narrowed)
        ]
        if (sparse := self._sparse(text)).indices:
            legs.append(models.Prefetch(query=sparse, using=SPARSE, limit=DEEP, filter=narrowed))
        fusion = models.FusionQuery(fusion=models.Fusion.RRF)
        found = self.client.query_points(NAME, prefetch=legs, query=fusion, limit=DEPTH, with_payload=["key"])
        return [point.payload["key"] for point in found.points]

    def _sparse(self, text: str, *, new: bool = False):
        from qdrant_client import models

        stems = [self._stem(word) for word in re.findall(r"\w+", text.lower())]
        if new:
            for stem in stems:
                self.numbers.setdefault(stem, len(self.numbers))
        counts = Counter(self.numbers[stem] for stem in stems if stem in self.numbers)
        # BM25 without the length of a text, since texts are of one length: saturated counts, and Qdrant's own weight of rare words.
        values = [count * 2.2 / (count + 1.2) for count in counts.values()]
        return models.SparseVector(indices=list(counts), values=values)

    def _stem(self, word: str) -> str:
        if word not in self.stems:
            self.stems[word] = self.stemmer.stemWord(word)
        return self.stems[word]

    def close(self) -> None:
        """Close it."""
        self.client.close()
