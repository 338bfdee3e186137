"""What DeViSE was made for: words of a picture, and pictures of a word, of one or of two by their mean vector."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.evaluation import metrics

from ..data import Product
from .evaluators import EmbeddingModel, Figures, Gallery, Setting
from .retrieval import DEPTH, Embeddings, EncodeTexts, figures_of, hits_of, nearest, rows_by_value


def words(model: EmbeddingModel, setting: Setting) -> Figures:
    """Ask with pictures for article types, and with the words of types and colours for pictures.

    The gallery is `val` unless the setting says otherwise.
    """
    gallery: Gallery = setting.gallery or "val"
    products, pictures = setting.encoded(model, gallery)
    tags = tags_of_pictures(products, pictures, model.encode_texts)
    return {f"words, tags of pictures {gallery}": tags} | {
        f"words, {title} {gallery}": figures
        for title, figures in pictures_of_words(products, pictures, model.encode_texts).items()
    }


def tags_of_pictures(
    products: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts
) -> dict[str, float]:
    """Query with each val product's picture for its article type among those of the gallery.

    Args:
        products: the gallery.
        pictures: (len(products), dimension).
        encode_texts: the text encoder.

    Returns:
        precision@1; recall@5, the share of pictures whose type is among the first five; MRR@10.

    Raises:
        ValueError: no val product has an article type.
    """
    types = sorted({product.article_type for product in products} - {""})
    number = {name: row for row, name in enumerate(types)}
    asking = [row for row, each in enumerate(products) if each.split == "val" and each.article_type]
    if not asking:
        raise ValueError("No val product of the gallery has an article type.")
    relevant = [np.array([number[products[row].article_type]]) for row in asking]
    hits = hits_of(nearest(pictures[asking], encode_texts(types), DEPTH), relevant)
    figures = figures_of(hits, np.ones(len(asking), dtype=np.int64))
    kept = {name: figures[name] for name in ("precision@1", "recall@5", "mrr@10")}
    return {"queries": len(asking), "gallery": len(types), **kept}


def pictures_of_words(
    products: Sequence[Product], pictures: Embeddings, encode_texts: EncodeTexts
) -> dict[str, dict[str, float]]:
    """Query with an article type, a colour, and a colour and a type, for pictures of products that are that.

    Only what at least ten products are is a query, so that a precision@10 of 1 is possible. Two words are asked for
    by the mean of the vectors of each, and, beside it, by one text of both.

    Args:
        products: the gallery.
        pictures: (len(products), dimension).
        encode_texts: the text encoder.

    Returns:
        Sections of precision@1, precision@10 and MRR@10; one for which no query is left is missing.
    """
    types, colours = (
        _frequent([getattr(each, name) for each in products]) for name in ("article_type", "colour")
    )
    both = _frequent([(each.colour, each.article_type) for each in products])
    sections = {
        "an article type": (types, lambda asked: encode_texts(asked)),
        "a colour": (colours, lambda asked: encode_texts(asked)),
        "colour and type, mean vector": (both, lambda asked: _mean(asked, encode_texts)),
        "colour and type, one text": (both, lambda asked: encode_texts([" ".join(pair) for pair in asked])),
    }
    return {
        title: _figures(encode(list(rows)), pictures, list(rows.values()))
        for title, (rows, encode) in sections.items()
        if rows
    }


def _frequent(values: Sequence) -> dict:
    """The rows of each value, of those that ten products have and that lack no part."""
    return {
        value: rows
        for value, rows in rows_by_value(values).items()
        if len(rows) >= DEPTH and "" not in (value if isinstance(value, tuple) else (value,))
    }


def _mean(pairs: Sequence[tuple[str, str]], encode_texts: EncodeTexts) -> Embeddings:
    first, second = (encode_texts(list(side)) for side in zip(*pairs, strict=True))
    mean = first + second
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def _figures(
    queries: Embeddings, pictures: Embeddings, relevant: list[NDArray[np.int64]]
) -> dict[str, float]:
    hits = hits_of(nearest(queries, pictures, DEPTH), relevant)
    return {
        "queries": len(queries),
        "gallery": len(pictures),
        "precision@1": metrics.precision_at(hits, 1),
        "precision@10": metrics.precision_at(hits, DEPTH),
        "mrr@10": metrics.mean_reciprocal_rank(hits),
    }
