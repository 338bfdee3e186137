"""Pictures and their texts in one plane: t-SNE (van der Maaten, Hinton 2008) of both together."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .subjects import Subject, Thumbnails, sample_rows

SIDE = 1000  # of the square that the plane fills
MARGIN = 25
COLOURED = 7  # categories with their own colour; all others share one


@dataclass(frozen=True, slots=True)
class Pair:
    """A product's picture and name in the plane."""

    picture: tuple[int, int]
    text: tuple[int, int]
    colour: int
    thumbnail: str  # CSS class
    name: str
    category: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane with its legend, and the mean similarity of pairs and of others."""

    pairs: tuple[Pair, ...]
    legend: tuple[tuple[str, int], ...]
    of_pairs: float  # mean cosine of a picture and its own name
    of_others: float  # mean cosine of a picture and another product's name


def plane(subject: Subject, thumbnails: Thumbnails, *, sample: int, seed: int) -> Plane:
    """Lay out a random sample of products; the same seed gives the same plane on the same machine."""
    rows = sample_rows(len(subject.products), sample, seed)
    products = [subject.products[row] for row in rows]
    pictures, texts = subject.pictures[rows], subject.encode([product.name for product in products])
    places = layout(np.concatenate([pictures, texts]), seed)
    categories = [product.category or product.article_type for product in products]
    legend = {name: colour for colour, (name, _) in enumerate(Counter(categories).most_common(COLOURED))}
    similarity = np.einsum("nd,nd->n", pictures, texts)
    pairs = tuple(
        Pair(
            picture=places[number],
            text=places[number + len(rows)],
            colour=legend.get(category, COLOURED),
            thumbnail=thumbnails.add(product.id, subject.pixels[row]),
            name=product.name,
            category=category,
            similarity=float(similarity[number]),
        )
        for number, (row, product, category) in enumerate(zip(rows, products, categories, strict=True))
    )
    rest = [("other", COLOURED)] if len(set(categories)) > COLOURED else []
    every = pictures @ texts.T
    others = (float(every.sum()) - float(similarity.sum())) / max(1, every.size - len(rows))
    return Plane(pairs, (*legend.items(), *rest), float(similarity.mean()), others)


def layout(embeddings: NDArray[np.float32], seed: int) -> list[tuple[int, int]]:
    """Return a position in the square for each of (n, dimension) embeddings, by t-SNE."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, (len(embeddings) - 1) / 3)
    model = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    # One thread: the order of sums is fixed, and on a busy machine several threads took 20 s instead of 2.
    with threadpool_limits(1):
        places = model.fit_transform(embeddings.astype(np.float64))
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = MARGIN + (places - low) / np.maximum(high - low, 1e-9) * (SIDE - 2 * MARGIN)
    return [(round(float(x)), round(float(y))) for x, y in scaled]
