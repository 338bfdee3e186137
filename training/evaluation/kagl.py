"""KAGL's protocols (Marqo, marqo-FashionCLIP, 2024): names of categories and names of products as queries."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.evaluation import metrics

from ..data import Product
from .evaluators import EmbeddingModel, Figures, Setting
from .retrieval import DEPTH, figures_of, hits_of, nearest, product_vectors, rows_by_value

FIELDS = ("category", "subcategory", "article_type", "colour")


def kagl_values(model: EmbeddingModel, setting: Setting) -> Figures:
    """Query with each category, sub-category, article type and colour for products that have it.

    A product is nine parts picture, one part name (`retrieval.product_vectors`). The gallery is `val` unless the
    setting says otherwise: products of the training split would flatter the figures.
    """
    gallery = setting.gallery or "val"
    products, pictures = setting.encoded(model, gallery)
    vectors = product_vectors(pictures, model.encode_texts([product.name for product in products]))
    return {f"kagl {field} {gallery}": _field(model, products, vectors, field) for field in FIELDS}


def _field(
    model: EmbeddingModel, products: Sequence[Product], vectors: NDArray[np.float32], field: str
) -> dict[str, float]:
    rows = rows_by_value(getattr(product, field) for product in products)
    queries = [value for value in rows if value]
    if not queries:
        raise ValueError(f"No product of the gallery has a {field}.")
    relevant = [rows[value] for value in queries]
    hits = hits_of(nearest(model.encode_texts(queries), vectors, DEPTH), relevant)
    return {
        "queries": len(queries),
        "gallery": len(products),
        "precision@1": metrics.precision_at(hits, 1),
        "precision@10": metrics.precision_at(hits, DEPTH),
        # A value of three products has at most three relevant results in ten.
        "best possible precision@10": float(np.mean([min(len(found), DEPTH) / DEPTH for found in relevant])),
        "mrr@10": metrics.mean_reciprocal_rank(hits),
    }


def kagl_texts(model: EmbeddingModel, setting: Setting) -> Figures:
    """Measure text to image as KAGL does: by cosine, on the first ten results.

    The gallery is the whole catalogue unless the setting says otherwise. Without a ground-truth file the queries
    are the distinct names of the val products, and every product of the identical name is relevant.

    Raises:
        ValueError: the file is no ground truth, or names no product of the gallery.
    """
    gallery = setting.gallery or "all"
    products, pictures = setting.encoded(model, gallery)
    truth = read_ground_truth(setting.ground_truth) if setting.ground_truth else ground_truth_of_val(products)
    places = {product.id: row for row, product in enumerate(products)}
    relevant = [np.array([places[each] for each in ids if each in places], int) for ids in truth.values()]
    counts = np.array([len(ids) for ids in truth.values()])
    missing = int(counts.sum()) - sum(len(rows) for rows in relevant)
    if missing == counts.sum():
        raise ValueError(f"No product of the ground truth is in {setting.data}.")
    texts = model.encode_texts(list(truth))
    # A relevant product that is missing from the gallery counts as not found.
    figures = figures_of(hits_of(nearest(texts, pictures, DEPTH), relevant), counts)
    return {
        f"kagl text_to_image {gallery}": {
            "queries": len(truth),
            "gallery": len(products),
            "relevant per query": float(counts.mean()),
            "relevant missing": missing,
            "recall@1": figures["recall@1"],
            "recall@10": figures["recall@10"],
            "average recall": (figures["recall@1"] + figures["recall@10"]) / 2,
            "mrr@10": figures["mrr@10"],
            "ndcg@10": figures["ndcg@10"],
        }
    }


def read_ground_truth(file: Path) -> Mapping[str, Sequence[str]]:
    """Read `{query: {product id: 1}}` and return the ids of each query; an id of 0 is not relevant.

    Raises:
        ValueError: the file has another form, or a query has no relevant product.
    """
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not all(isinstance(marks, dict) for marks in content.values()):
        raise ValueError(
            f"{file} is not a ground truth, which maps a query to its products: {{query: {{id: 1}}}}."
        )
    truth = {query: [key for key, mark in marks.items() if mark > 0] for query, marks in content.items()}
    empty = [query for query, ids in truth.items() if not ids]
    if empty or not truth:
        raise ValueError(
            f"{file} has no relevant product for {empty[0]!r}." if empty else f"{file} has no query."
        )
    return truth


def ground_truth_of_val(products: Sequence[Product]) -> Mapping[str, Sequence[str]]:
    """Return the distinct names of the val products, each with the ids of all products of that name."""
    rows = rows_by_value(product.name for product in products)
    names = dict.fromkeys(product.name for product in products if product.split == "val")
    if not names:
        raise ValueError("The catalogue has no products of split val; name a ground-truth file.")
    return {name: [products[row].id for row in rows[name]] for name in names}
