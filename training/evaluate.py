"""Judge embeddings of a catalogue: names for pictures, pictures for names, and pictures for similar ones."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search import metrics

from .data import Product
from .ranking import DEPTH, figures_of, first_relevant_ranks, hits_of, nearest, rows_by_value
from .texts import attribute_text

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
        queries: products whose pictures are asked.
        gallery: the products whose names are searched through; holds at least those of `queries`.
        pictures: (len(queries), dimension), embeddings of the pictures that are asked.
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
    """Query with pictures for products of the same article type, and of the same colour, never for themselves.

    Args:
        queries: products whose pictures are asked.
        query_pictures: (len(queries), dimension).
        gallery: the products searched through.
        gallery_pictures: (len(gallery), dimension).

    Returns:
        precision@1 and @10 over all queries; MRR@10 and nDCG@10 over those that have another of their kind.
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
            asked = others > 0
            result[f"{field} mrr@10"] = metrics.mean_reciprocal_rank(hits[asked])
            result[f"{field} ndcg@10"] = metrics.ndcg_at(hits[asked], others[asked], DEPTH)
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

    Returns:
        precision@10 by pictures alone, and by pictures and texts together: a shop's index holds the embedding of
        each product's picture and that of its name, brand and facts.
    """
    rows = rows_by_value((product.colour, product.pattern, product.article_type) for product in products)
    asked = sorted(kind for kind, found in rows.items() if len(found) >= DEPTH)
    if not asked:
        raise ValueError(
            "No combination of colour, pattern and type has ten products; take a larger catalogue."
        )
    queries = encode_texts(
        [f"{colour} {pattern} {wording.get(kind, kind)}".lower() for colour, pattern, kind in asked]
    )
    relevant = [rows[kind] for kind in asked]
    texts = encode_texts([f"{item.name}. {item.brand}. {attribute_text(item)}" for item in products])
    by_picture = hits_of(nearest(queries, pictures, DEPTH), relevant)
    by_both = hits_of(nearest(queries, pictures + texts, DEPTH), relevant)
    return {
        "queries": len(asked),
        "gallery": len(products),
        "precision@10": metrics.precision_at(by_picture, DEPTH),
        "precision@10 with texts": metrics.precision_at(by_both, DEPTH),
    }


def product_vectors(pictures: Embeddings, names: Embeddings) -> Embeddings:
    """Return (n, dimension) of unit length: nine parts of a product's picture, one of its name, as KAGL mixes them."""
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
