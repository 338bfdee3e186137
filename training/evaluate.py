"""Judge embeddings of a catalogue: names as queries for pictures, and pictures as queries for similar ones."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search import metrics

from .catalogue import Product

Embeddings = NDArray[np.float32]
EncodeTexts = Callable[[Sequence[str]], Embeddings]


def text_to_image(
    queries: Sequence[Product], gallery: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts
) -> dict[str, float]:
    """Query with each distinct product name; every gallery product of the identical name is relevant.

    Args:
        queries: products whose names are asked.
        gallery: the products searched through; holds at least those of `queries`.
        pictures: (len(gallery), dimension), embeddings of the gallery's pictures.
        encode_texts: the text encoder.

    Returns:
        recall@1, recall@10 (share of the relevant found), success@10, MRR over the first 10, median rank.
    """
    names = list(dict.fromkeys(product.name for product in queries))
    numbers = {name: number for number, name in enumerate(names)}
    owner = np.array([numbers.get(product.name, -1) for product in gallery])
    relevant = np.bincount(owner[owner >= 0], minlength=len(names))
    texts = encode_texts(names)
    hits, ranks = _ranked_hits(texts, pictures, owner, np.arange(len(names)), 10)
    return {
        "queries": len(names),
        "gallery": len(gallery),
        "recall@1": metrics.recall_at(hits, relevant, 1),
        "recall@10": metrics.recall_at(hits, relevant, 10),
        "success@1": metrics.success_at(hits, 1),
        "success@10": metrics.success_at(hits, 10),
        "mrr@10": metrics.mean_reciprocal_rank(hits),
        "median_rank": float(np.median(ranks)),
    }


def image_to_image(products: Sequence[Product], pictures: Embeddings) -> dict[str, float]:
    """Query with every picture for the others: P@10 of the same article type, and of the same colour."""
    similarity = pictures @ pictures.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :10]
    result: dict[str, float] = {"queries": len(products)}
    for field in ("article_type", "colour"):
        values = np.array([getattr(product, field) for product in products])
        result[f"{field} precision@10"] = metrics.precision_at(values[nearest] == values[:, None], 10)
    return result


def attribute_queries(
    products: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts, wording: Mapping[str, str]
) -> dict[str, float]:
    """Query with colour, pattern and type ("red striped t-shirt") for pictures that are all three.

    Only combinations of at least ten products are asked, so that a precision@10 of 1 is possible.

    Args:
        products: the gallery.
        pictures: (len(products), dimension).
        encode_texts: the text encoder.
        wording: what a shopper calls an article type, where that is not the catalogue's own word.
    """
    kinds = [(product.colour, product.pattern, product.article_type) for product in products]
    asked = sorted({kind for kind in kinds if kinds.count(kind) >= 10})
    if not asked:
        raise ValueError(
            "No combination of colour, pattern and type has ten products; take a larger catalogue."
        )
    numbers = {kind: number for number, kind in enumerate(asked)}
    owner = np.array([numbers.get(kind, -1) for kind in kinds])
    texts = [f"{colour} {pattern} {wording.get(kind, kind)}".lower() for colour, pattern, kind in asked]
    hits, _ = _ranked_hits(encode_texts(texts), pictures, owner, np.arange(len(asked)), 10)
    return {"queries": len(asked), "gallery": len(products), "precision@10": metrics.precision_at(hits, 10)}


def _ranked_hits(
    queries: Embeddings, gallery: Embeddings, owner: NDArray[np.int64], wanted: NDArray[np.int64], k: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the hits in each query's first k, (n, k), and the rank of its first relevant item, (n,)."""
    hits, ranks = [], []
    for start in range(0, len(queries), 256):
        similarity = queries[start : start + 256] @ gallery.T
        relevant = owner[None, :] == wanted[start : start + 256, None]
        best = np.where(relevant, similarity, -np.inf).max(axis=1, keepdims=True)
        ranks.append((similarity > best).sum(axis=1) + 1)
        first = np.argpartition(-similarity, min(k, similarity.shape[1] - 1), axis=1)[:, :k]
        order = np.take_along_axis(-similarity, first, axis=1).argsort(axis=1, kind="stable")
        hits.append(np.take_along_axis(relevant, np.take_along_axis(first, order, axis=1), axis=1))
    return np.concatenate(hits), np.concatenate(ranks)
