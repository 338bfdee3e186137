"""What shoppers type, answered by embeddings alone: how much of a query's words the text encoder understands.

A shop also reads a query with the catalogue's own words, and filters by prices; here nothing but similarity counts, so a
query such as "frock", a word that no product has, is answered as well as the text encoder knows it.
"""

import sys
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search.evaluation import metrics
from search.evaluation.judged_queries import JudgedQuery, is_right, read_queries

from ..data import Product
from ..texts import index_text
from .evaluators import EmbeddingModel, Figures, Gallery, Setting
from .retrieval import DEPTH, Embeddings, hits_of, nearest, rows_by_value

FIELDS = ("article_type", "brand", "category", "colour", "gender", "pattern", "subcategory", "usage")


def shopper_queries(model: EmbeddingModel, setting: Setting) -> Figures:
    """Ask the judged queries of a file, by the similarity to pictures, to texts, and to both.

    Both is the sum of the two, as a shop's index weighs them by default. The gallery is the setting's; without one the
    large pictures, where the catalogue has any, otherwise every product.

    Returns:
        A section over all queries and one per kind. Queries without a right answer in the gallery are left out, and
        named on stderr.

    Raises:
        ValueError: no file of queries is set, it cannot be read, a rule names a column that products do not have, or
            no query has a right answer.
    """
    if setting.queries is None:
        raise ValueError("The protocol needs a file of judged queries, one JSON object a line.")
    gallery: Gallery = setting.gallery or ("large" if setting.has_large_pictures else "all")
    judged = read_queries(setting.queries)
    products, pictures = setting.encoded(model, gallery)
    relevant = [right_rows(query, products) for query in judged]
    for query, rows in zip(judged, relevant, strict=True):
        if not len(rows):
            print(f"{setting.queries}: no product is a right answer to {query.text!r}", file=sys.stderr)
    asked = [(query, rows) for query, rows in zip(judged, relevant, strict=True) if len(rows)]
    if not asked:
        raise ValueError(f"No product of the gallery is a right answer to a query of {setting.queries}.")
    kinds = [query.kind for query, _ in asked]
    hits = hits_by_embedding(
        model.encode_texts([query.text for query, _ in asked]),
        pictures,
        model.encode_texts([index_text(product) for product in products]),
        [rows for _, rows in asked],
    )
    possible = np.array([min(len(rows), DEPTH) / DEPTH for _, rows in asked])
    every = np.arange(len(asked))
    sections = {"": every} | {
        f", {kind}": rows for kind, rows in sorted(rows_by_value(kinds).items()) if kind
    }
    return {
        f"queries {gallery}{title}": {
            "queries": len(rows),
            "gallery": len(products),
            **{f"precision@10 {by}": metrics.precision_at(found[rows], DEPTH) for by, found in hits.items()},
            "best possible precision@10": float(possible[rows].mean()),
        }
        for title, rows in sections.items()
    }


def right_rows(query: JudgedQuery, products: Sequence[Product]) -> NDArray[np.int64]:
    """Return the rows of the products that are right answers to a query.

    Raises:
        ValueError: its rule names a column that products do not have.
    """
    unknown = sorted(set(query.fields) - set(FIELDS))
    if unknown:
        raise ValueError(
            f"The rule of {query.text!r} names {unknown[0]!r}; products are judged by {', '.join(FIELDS)}."
        )
    rows = [row for row, product in enumerate(products) if _is_right(query, product)]
    return np.array(rows, dtype=np.int64)


def hits_by_embedding(
    queries: Embeddings,
    pictures: Embeddings,
    texts: Embeddings,
    relevant: Sequence[NDArray[np.int64]],
) -> Mapping[str, NDArray[np.bool_]]:
    """Return (n, 10) whether the first results are right: "by pictures", "by texts", and "by both".

    Args:
        queries: (n, dimension).
        pictures: (m, dimension).
        texts: (m, dimension), of the same products.
        relevant: the right rows of each query.
    """
    galleries = {"by pictures": pictures, "by texts": texts, "by both": pictures + texts}
    return {name: hits_of(nearest(queries, gallery, DEPTH), relevant) for name, gallery in galleries.items()}


def _is_right(query: JudgedQuery, product: Product) -> bool:
    fields = {name: (getattr(product, name),) for name in query.fields}
    return is_right(query, product.id.lower(), fields, product.price or None)
