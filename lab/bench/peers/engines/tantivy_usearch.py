"""What two libraries give without a search engine: BM25 of tantivy and the vectors of usearch, fused by their ranks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .encoder import TextEncoder

DEEP = 100  # results of each that are fused
DAMPING = 60  # of reciprocal rank fusion, as in the paper that proposed it
BOOSTS = {"title": 4.0, "keywords": 2.0, "description": 1.0}


class Engine(Peer):
    """Any word of the text, in any of its forms, and what is near to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)

        self.encoder = TextEncoder()  # first: ONNX Runtime crashes where it is loaded after usearch

        import tantivy
        from usearch.index import Index

        builder = tantivy.SchemaBuilder()
        for field in BOOSTS:
            builder.add_text_field(field, tokenizer_name="en_stem")
        builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("values", tokenizer_name="raw", fast=True, index_option="basic")
        (folder / "words").mkdir()
        self.words = tantivy.Index(builder.build(), path=str(folder / "words"))
        self.vectors = Index(ndim=self.encoder.dimension, metric="cos", dtype="f16")
        self.keys: list[str] = []

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Write both indexes."""
        import numpy as np
        import tantivy

        writer = self.words.writer()
        for batch, embeddings in self.encoder.batches(products):
            for product in batch:
                document = tantivy.Document(
                    key=product.key,
                    title=product.title,
                    keywords=product.keywords,
                    description=product.description,
                )
                for field, values in product.columns.items():
                    for value in values:
                        document.add_text("values", f"{field}={value}")
                writer.add_document(document)
            self.vectors.add(np.arange(len(self.keys), len(self.keys) + len(batch)), embeddings)
            self.keys += [product.key for product in batch]
        writer.commit()
        writer.wait_merging_threads()
        self.words.reload()
        self.vectors.save(str(self.folder / "vectors.usearch"))

    def search(self, text: str) -> list[str]:
        """Fuse the first hundred of each."""
        near = [self.keys[int(key)] for key in self.vectors.search(self.encoder.query(text), DEEP).keys]
        return fused(self._by_words(self._query(text)), near)

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter the words; usearch has no filters, so what is near is left out."""
        import tantivy

        wanted = tantivy.Query.term_query(self.words.schema, "values", f"{field}={value}", "basic")
        both = [(tantivy.Occur.Must, self._query(text)), (tantivy.Occur.Must, wanted)]
        return self._by_words(tantivy.Query.boolean_query(both))[:DEPTH]

    def counted(self, text: str, field: str) -> Mapping[str, int]:
        """Let tantivy count what the words find."""
        asked = {"values": {"terms": {"field": "values", "size": 1000}}}
        buckets = self.words.searcher().aggregate(self._query(text), asked)["values"]["buckets"]
        return {
            bucket["key"].partition("=")[2]: bucket["doc_count"]
            for bucket in buckets
            if bucket["key"].startswith(f"{field}=")
        }

    def _query(self, text: str):
        return self.words.parse_query_lenient(text, list(BOOSTS), field_boosts=BOOSTS)[0]

    def _by_words(self, query) -> list[str]:
        searcher = self.words.searcher()
        return [searcher.doc(address)["key"][0] for _, address in searcher.search(query, DEEP).hits]


def fused(*lists: Sequence[str]) -> list[str]:
    """Return the ten best by reciprocal rank fusion."""
    scores: dict[str, float] = {}
    for keys in lists:
        for place, key in enumerate(keys, start=1):
            scores[key] = scores.get(key, 0.0) + 1 / (DAMPING + place)
    return sorted(scores, key=lambda key: (-scores[key], key))[:DEPTH]
