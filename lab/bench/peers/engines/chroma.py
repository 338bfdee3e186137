"""Chroma, in this process: vectors alone; its words only filter."""

from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .encoder import TextEncoder


class Engine(Peer):
    """Nearest texts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import chromadb
        from chromadb.config import Settings

        self.encoder = TextEncoder()
        settings = Settings(anonymized_telemetry=False)  # nothing is sent anywhere
        self.client = chromadb.PersistentClient(path=str(folder), settings=settings)
        self.collection = None

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Write the collection."""
        collection = self.client.create_collection(
            "products", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        for batch, embeddings in self.encoder.batches(products):
            collection.add(
                ids=[product.key for product in batch],
                embeddings=embeddings,
                documents=[product.text for product in batch],
                # One value per field, as its metadata have.
                metadatas=[
                    {field: values[0] for field, values in product.columns.items() if values}
                    for product in batch
                ],
            )
        self.collection = collection

    def search(self, text: str) -> list[str]:
        """Return the ten nearest."""
        return self._search(text, None)

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter by metadata."""
        return self._search(text, {field: value})

    def _search(self, text: str, where) -> list[str]:
        found = self.collection.query(
            query_embeddings=[self.encoder.query(text)], n_results=DEPTH, where=where, include=[]
        )
        return found["ids"][0]
