"""Retrieval evaluation: rank a gallery by similarity, and compute the metrics of the ranked lists."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from search.evaluation import metrics

from ..data import Product
from ..texts import index_text

Embeddings = NDArray[np.float32]
EncodeTexts = Callable[[Sequence[str]], Embeddings]


def text_to_image(
    queries: Sequence[Product], gallery: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts
) -> dict[str, float]:
    """Query with each distinct product name; every gallery product of the identical name is relevant.

    Args:
        queries: products whose names are the queries.
        gallery: the products searched through; holds at least those of `queries`.
        pictures: (len(gallery), dimension), embeddings of the gallery's pictures.
        encode_texts: the text encoder.

    Returns:
        recall@k (share of the relevant found), success@k, precision@k, nDCG@10, MRR@10, median rank of the first.
    """
    names = list(dict.fromkeys(product.name for product in queries))
    rows = rows_by_value([product.name for product in gallery])
    return _ranked(encode_texts(names), pictures, [rows[name] for name in names])


def image_to_text(
    queries: Sequence[Product], gallery: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts
) -> dict[str, float]:
    """Query with each product's picture for its name among the distinct names of the gallery.

    Args:
        queries: products whose pictures are the queries.
        gallery: the products whose names are searched through; holds at least those of `queries`.
        pictures: (len(queries), dimension), embeddings of the queries' pictures.
        encode_texts: the text encoder.

    Returns:
        The figures of `text_to_image`; one name is relevant, so recall@k equals success@k.
    """
    numbers = {name: number for number, name in enumerate(dict.fromkeys(product.name for product in gallery))}
    relevant = [np.array([numbers[product.name]]) for product in queries]
    return _ranked(pictures, encode_texts(list(numbers)), relevant)


def image_to_image(products: Sequence[Product], pictures: Embeddings) -> dict[str, float]:
    """Query with every picture for the others: P@10 of the same article type, and of the same colour."""
    return similar_items(products, pictures, products, pictures)


def similar_items(
    queries: Sequence[Product],
    query_pictures: Embeddings,
    gallery: Sequence[Product],
    gallery_pictures: Embeddings,
) -> dict[str, float]:
    """Query with pictures for other products of the same article type, and of the same colour.

    Args:
        queries: products whose pictures are the queries.
        query_pictures: (len(queries), dimension).
        gallery: the products searched through.
        gallery_pictures: (len(gallery), dimension).

    Returns:
        precision@1 and @10 over all queries; MRR@10 and nDCG@10 over those queries for which the gallery has another product of that kind.
    """
    places = {(product.catalogue, product.id): row for row, product in enumerate(gallery)}
    own = np.array([places.get((product.catalogue, product.id), -1) for product in queries])
    rows = nearest(query_pictures, gallery_pictures, DEPTH, itself=own)
    result: dict[str, float] = {"queries": len(queries), "gallery": len(gallery)}
    for field in ("article_type", "colour"):
        values = np.array([getattr(product, field) for product in gallery])
        wanted = np.array([getattr(product, field) for product in queries])
        hits = values[rows] == wanted[:, None]
        kinds = rows_by_value(values)
        others = np.array([len(kinds.get(value, ())) for value in wanted]) - (own >= 0)
        result[f"{field} precision@1"] = metrics.precision_at(hits, 1)
        result[f"{field} precision@10"] = metrics.precision_at(hits, DEPTH)
        if others.any():
            answerable = others > 0
            result[f"{field} mrr@10"] = metrics.mean_reciprocal_rank(hits[answerable])
            result[f"{field} ndcg@10"] = metrics.ndcg_at(hits[answerable], others[answerable], DEPTH)
    return result


def attribute_queries(
    products: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts, wording: Mapping[str, str]
) -> dict[str, float]:
    """Query with colour, pattern and type ("red striped t-shirt") for pictures that are all three.

    Only combinations of at least ten products are queries, so that a precision@10 of 1 is possible.

    Args:
        products: the gallery.
        pictures: (len(products), dimension).
        encode_texts: the text encoder.
        wording: what a shopper calls an article type, where the catalogue uses another word.

    Returns:
        precision@10 by pictures alone, and by pictures and texts together: the search index holds an embedding of
        each product's picture and one of its name, brand and facts.
    """
    rows = rows_by_value((product.colour, product.pattern, product.article_type) for product in products)
    combinations = sorted(kind for kind, found in rows.items() if len(found) >= DEPTH)
    if not combinations:
        raise ValueError(
            "No combination of colour, pattern and type has ten products; take a larger catalogue."
        )
    queries = encode_texts(
        [f"{colour} {pattern} {wording.get(kind, kind)}".lower() for colour, pattern, kind in combinations]
    )
    relevant = [rows[kind] for kind in combinations]
    texts = encode_texts([index_text(product) for product in products])
    by_picture = hits_of(nearest(queries, pictures, DEPTH), relevant)
    by_both = hits_of(nearest(queries, pictures + texts, DEPTH), relevant)
    return {
        "queries": len(combinations),
        "gallery": len(products),
        "precision@10": metrics.precision_at(by_picture, DEPTH),
        "precision@10 with texts": metrics.precision_at(by_both, DEPTH),
    }


def product_vectors(pictures: Embeddings, names: Embeddings) -> Embeddings:
    """Return (n, dimension) of unit length: 0.9 times the picture's embedding plus 0.1 times the name's, as in KAGL."""
    mixed = 0.9 * pictures + 0.1 * names
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def _ranked(queries: Embeddings, gallery: Embeddings, relevant: list[NDArray[np.int64]]) -> dict[str, float]:
    hits = hits_of(nearest(queries, gallery, DEPTH), relevant)
    return {
        "queries": len(queries),
        "gallery": len(gallery),
        **figures_of(hits, np.array([len(rows) for rows in relevant])),
        "median_rank": float(np.median(first_relevant_ranks(queries, gallery, relevant))),
    }


Embeddings = NDArray[np.float32]
Rows = NDArray[np.int64]
Value = TypeVar("Value", bound=Hashable)
DEPTH = 10  # results per query that count: what a shopper sees at once
_BLOCK = 256  # queries at a time, which bounds the memory of the similarity matrix


def nearest(queries: Embeddings, gallery: Embeddings, k: int, *, itself: Rows | None = None) -> Rows:
    """Return the gallery rows of each query's k nearest, most similar first.

    Args:
        queries: (n, dimension), unit length.
        gallery: (m, dimension), unit length.
        k: how many; at most the size of the gallery.
        itself: (n,), a gallery row per query that is excluded from its results; -1 for none.

    Returns:
        (n, min(k, m)) int64; with `itself` (n, min(k, m - 1)).
    """
    k = min(k, len(gallery) - (itself is not None))
    found = []
    for start in range(0, len(queries), _BLOCK):
        similarity = queries[start : start + _BLOCK] @ gallery.T
        if itself is not None:
            own = itself[start : start + _BLOCK]
            similarity[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        first = np.argpartition(-similarity, max(k - 1, 0), axis=1)[:, :k]
        order = np.take_along_axis(-similarity, first, axis=1).argsort(axis=1, kind="stable")
        found.append(np.take_along_axis(first, order, axis=1))
    return np.concatenate(found)


def first_relevant_ranks(queries: Embeddings, gallery: Embeddings, relevant: Sequence[Rows]) -> Rows:
    """Return (n,), the rank from 1 of each query's most similar relevant row in the whole gallery.

    Args:
        queries: (n, dimension).
        gallery: (m, dimension).
        relevant: the relevant gallery rows of each query, at least one.
    """
    ranks = []
    for start in range(0, len(queries), _BLOCK):
        similarity = queries[start : start + _BLOCK] @ gallery.T
        wanted = relevant[start : start + _BLOCK]
        best = np.array([row[rows].max() for row, rows in zip(similarity, wanted, strict=True)])
        ranks.append((similarity > best[:, None]).sum(axis=1) + 1)
    return np.concatenate(ranks)


def hits_of(nearest_rows: Rows, relevant: Sequence[Rows]) -> NDArray[np.bool_]:
    """Return (n, k) bool: whether each query's nearest rows are relevant to it."""
    return np.stack([np.isin(rows, wanted) for rows, wanted in zip(nearest_rows, relevant, strict=True)])


def figures_of(hits: NDArray[np.bool_], relevant: NDArray[np.integer]) -> dict[str, float]:
    """Return recall, success, precision, nDCG and MRR of the first ten results.

    Args:
        hits: (n, 10) bool, see `search.evaluation.metrics`; fewer columns where the gallery is smaller.
        relevant: (n,) int, how many relevant items each query has, at least one.
    """
    figures = {f"recall@{k}": metrics.recall_at(hits, relevant, k) for k in (1, 5, DEPTH)}
    figures |= {f"success@{k}": metrics.success_at(hits, k) for k in (1, 5, DEPTH)}
    figures |= {f"precision@{k}": metrics.precision_at(hits, k) for k in (1, DEPTH)}
    figures[f"ndcg@{DEPTH}"] = metrics.ndcg_at(hits, relevant, DEPTH)
    figures[f"mrr@{DEPTH}"] = metrics.mean_reciprocal_rank(hits)
    return figures


def rows_by_value(values: Iterable[Value]) -> dict[Value, Rows]:
    """Return the rows of each value, in the order in which values first appear."""
    rows: dict[Value, list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return {value: np.array(found, dtype=np.int64) for value, found in rows.items()}
