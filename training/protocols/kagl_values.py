"""KAGL's category-to-product protocol (Marqo, marqo-FashionCLIP, 2024): the names of values as queries."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search import metrics

from ..data import Product
from ..evaluate import product_vectors
from ..judging import Judged
from ..ranking import DEPTH, hits_of, nearest, rows_by_value
from .setting import Figures, Setting

FIELDS = ("category", "subcategory", "article_type", "colour")


def kagl_values(judged: Judged, setting: Setting) -> Figures:
    """Query with each category, sub-category, article type and colour for products that have it.

    A product is nine parts picture, one part name (`evaluate.product_vectors`). The gallery is `val` unless the
    setting says otherwise: products that were learned from would flatter the figures.
    """
    gallery = setting.gallery or "val"
    products, pictures = setting.encoded(judged, gallery)
    vectors = product_vectors(pictures, judged.encode_texts([product.name for product in products]))
    return {f"kagl {field} {gallery}": _field(judged, products, vectors, field) for field in FIELDS}


def _field(
    judged: Judged, products: Sequence[Product], vectors: NDArray[np.float32], field: str
) -> dict[str, float]:
    rows = rows_by_value(getattr(product, field) for product in products)
    asked = [value for value in rows if value]
    if not asked:
        raise ValueError(f"No product of the gallery has a {field}.")
    relevant = [rows[value] for value in asked]
    hits = hits_of(nearest(judged.encode_texts(asked), vectors, DEPTH), relevant)
    return {
        "queries": len(asked),
        "gallery": len(products),
        "precision@1": metrics.precision_at(hits, 1),
        "precision@10": metrics.precision_at(hits, DEPTH),
        # A value of three products cannot have ten right answers.
        "best possible precision@10": float(np.mean([min(len(found), DEPTH) / DEPTH for found in relevant])),
        "mrr@10": metrics.mean_reciprocal_rank(hits),
    }
