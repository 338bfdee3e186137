"""KAGL's text-to-image protocol (Marqo, marqo-FashionCLIP, 2024): sampled names as queries, pictures as gallery."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..data import Product
from ..judging import Judged
from ..ranking import DEPTH, figures_of, hits_of, nearest, rows_by_value
from .setting import Figures, Setting


def kagl_texts(judged: Judged, setting: Setting) -> Figures:
    """Measure text to image as KAGL does: cosine, the first ten, and the share of a query's products found.

    The gallery is the whole catalogue unless the setting says otherwise. Without a ground-truth file the queries
    are the distinct names of the val products, and every product of the identical name is relevant.

    Raises:
        ValueError: the ground truth is not one, or names no product of the gallery.
    """
    gallery = setting.gallery or "all"
    products, pictures = setting.encoded(judged, gallery)
    truth = read_ground_truth(setting.ground_truth) if setting.ground_truth else ground_truth_of_val(products)
    places = {product.id: row for row, product in enumerate(products)}
    relevant = [np.array([places[each] for each in ids if each in places], int) for ids in truth.values()]
    counts = np.array([len(ids) for ids in truth.values()])
    missing = int(counts.sum()) - sum(len(rows) for rows in relevant)
    if missing == counts.sum():
        raise ValueError(f"No product of the ground truth is in {setting.data}.")
    texts = judged.encode_texts(list(truth))
    # A product that the gallery lacks was not found: it stays in the count of what there is to find.
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
    asked = dict.fromkeys(product.name for product in products if product.split == "val")
    if not asked:
        raise ValueError("The catalogue has no products of split val; name a ground-truth file.")
    return {name: [products[row].id for row in rows[name]] for name in asked}
