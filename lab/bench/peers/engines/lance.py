"""LanceDB: full text and vectors in one table, fused by its own reranker."""

from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .encoder import TextEncoder

INDEXED_FROM = 5_000  # products, below which LanceDB compares with every vector


class Engine(Peer):
    """Hybrid search."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import lancedb
        from lancedb.rerankers import RRFReranker

        self.encoder = TextEncoder()
        self.database = lancedb.connect(str(folder))
        self.reranker = RRFReranker()
        self.table = None

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Write the table, its full-text index and, where there are many vectors, theirs."""
        import pyarrow as arrow

        schema = arrow.schema(
            [
                ("key", arrow.string()),
                ("text", arrow.string()),
                ("values", arrow.list_(arrow.string())),
                ("vector", arrow.list_(arrow.float32(), self.encoder.dimension)),
            ]
        )
        table = self.database.create_table("products", schema=schema)
        for batch, embeddings in self.encoder.batches(products):
            table.add(
                [
                    {
                        "key": product.key,
                        "text": product.text,
                        "values": [
                            f"{field}={value}"
                            for field, values in product.columns.items()
                            for value in values
                        ],
                        "vector": embedding,
                    }
                    for product, embedding in zip(batch, embeddings, strict=True)
                ]
            )
        table.create_fts_index("text", replace=True)
        if len(products) >= INDEXED_FROM:
            table.create_index(metric="cosine", vector_column_name="vector", index_type="IVF_HNSW_SQ")
        table.optimize()
        self.table = table

    def search(self, text: str) -> list[str]:
        """Return the first ten of the hybrid query."""
        return self._keys(self._query(text))

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter before both searches."""
        quoted = f"{field}={value}".replace("'", "''")
        return self._keys(self._query(text).where(f"array_has(values, '{quoted}')", prefilter=True))

    def _query(self, text: str):
        return (
            self.table.search(query_type="hybrid")
            .vector(self.encoder.query(text))
            .text(text)
            .rerank(self.reranker)
        )

    def _keys(self, query) -> list[str]:
        return query.limit(DEPTH).select(["key"]).to_arrow()["key"].to_pylist()
