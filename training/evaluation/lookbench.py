"""LookBench's measure on a catalogue's own pictures: does a picture find one of the same type and main attributes?

LookBench (Gao and others, 2026, arxiv.org/abs/2601.14706) asks with a picture and looks at the first result. Fine: it has
the category and the main attribute of the query; coarse: the category. All queries count alike, whether the gallery has a
right answer or not. Here the category is the article type, and the main attributes are colour, pattern, gender, sleeve
length and neck.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.evaluation import metrics

from ..data import Product
from .evaluators import EmbeddingModel, Figures, Gallery, Setting
from .retrieval import DEPTH, Embeddings, nearest, rows_by_value

MAIN_ATTRIBUTES = ("colour", "pattern", "gender", "sleeve", "neck")


def lookbench(model: EmbeddingModel, setting: Setting) -> Figures:
    """Query with the pictures of the val products, in each gallery: val, large where the catalogue has it, and all.

    A gallery that the setting names is the only one.
    """
    galleries: tuple[Gallery, ...] = ("val", "large", "all") if setting.has_large_pictures else ("val", "all")
    figures = {}
    for gallery in (setting.gallery,) if setting.gallery else galleries:
        products, pictures = setting.encoded(model, gallery)
        for group, values in look_alikes(products, pictures).items():
            figures[f"lookbench {gallery}{f', {group}' if group else ''}"] = values
    return figures


def look_alikes(products: Sequence[Product], pictures: Embeddings) -> dict[str, dict[str, float]]:
    """Query with the val products' pictures for products of the same article type and the same main attributes.

    Of products with one and the same picture the first stands in the gallery, and a query never finds its own picture.

    Args:
        products: the gallery; those of split val are the queries.
        pictures: (len(products), dimension).

    Returns:
        Figures of all queries, under "", and of those of each gender. Recall@k as in LookBench, the share of queries with a right answer among the first k: fine, where the article
        type is the same and no main attribute that both products state differs, and coarse, where the article type
        is. `possible` is the share of queries to which the gallery has a fine answer.

    Raises:
        ValueError: the gallery has no val product, or fewer than two pictures.
    """
    owners: dict[str, int] = {}  # the gallery row of each picture
    kept = []
    for row, product in enumerate(products):
        if owners.setdefault(_picture(product), len(kept)) == len(kept):
            kept.append(row)
    asking = [row for row, product in enumerate(products) if product.split == "val"]
    if not asking or len(kept) < 2:
        raise ValueError("The gallery needs a product of split val and a second picture.")
    own = np.array([owners[_picture(products[row])] for row in asking])
    found = nearest(pictures[asking], pictures[kept], DEPTH, itself=own)
    gallery = _Looks([products[row] for row in kept])
    fine, coarse, possible = [], [], []
    for row, itself, results in zip(asking, own, found, strict=True):
        same_type = gallery.of_type(products[row])
        alike = same_type & gallery.agree(products[row])
        fine.append(alike[results])
        coarse.append(same_type[results])
        possible.append(np.delete(alike, itself).any())
    fine_hits, coarse_hits, can = np.stack(fine), np.stack(coarse), np.array(possible)
    genders = rows_by_value(products[row].gender for row in asking)
    groups = {"": np.arange(len(asking))} | {name: genders[name] for name in sorted(genders) if name}
    return {
        name: {
            "queries": len(rows),
            "gallery": len(kept),
            "fine recall@1": metrics.success_at(fine_hits[rows], 1),
            "fine recall@10": metrics.success_at(fine_hits[rows], DEPTH),
            "possible": float(can[rows].mean()),
            "coarse recall@1": metrics.success_at(coarse_hits[rows], 1),
            "coarse recall@10": metrics.success_at(coarse_hits[rows], DEPTH),
        }
        for name, rows in groups.items()
    }


class _Looks:
    """The gallery's article types and main attributes as arrays, so that a query is compared with all at once."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._types = np.array([product.article_type for product in products])
        self._values = {
            name: np.array([getattr(each, name) for each in products]) for name in MAIN_ATTRIBUTES
        }

    def of_type(self, query: Product) -> NDArray[np.bool_]:
        """Return (n,), whether each product has the query's article type; no type is none."""
        return (self._types == query.article_type) & (self._types != "")

    def agree(self, query: Product) -> NDArray[np.bool_]:
        """Return (n,), whether no main attribute that both state differs."""
        agree = np.ones(len(self._types), dtype=np.bool_)
        for name, values in self._values.items():
            if asked := getattr(query, name):
                agree &= (values == asked) | (values == "")
        return agree


def _picture(product: Product) -> str:
    return product.twin or product.id
