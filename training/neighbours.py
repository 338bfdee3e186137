"""Nearest neighbours in the joint space: products and similar words for a text, products and tags for a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoders.pictures import open_picture, to_pixels

from .data import Catalogue
from .evaluation.evaluators import EmbeddingModel
from .evaluation.retrieval import nearest
from .texts import frequent_words, values_of

Near = list[tuple[str, float]]  # labels and their cosines, nearest first


@dataclass(frozen=True, slots=True)
class Answer:
    """The nearest neighbours of a text or a picture: products by their pictures, and words."""

    products: Near
    words: Near


class Neighbours:
    """A catalogue encoded by a model, for nearest-neighbour queries.

    Args:
        model: the encoders.
        catalogue: the products to search; their facts and the frequent words of their names are the vocabulary of
            tags and similar words.
    """

    def __init__(self, model: EmbeddingModel, catalogue: Catalogue) -> None:
        self.model = model
        self.labels = [f"{product.id}  {product.name}" for product in catalogue.products]
        self.pictures = model.encode_pixels(catalogue.pixels)
        values = (value for kind in values_of(catalogue.products).values() for value in kind)
        words = dict.fromkeys((*values, *frequent_words(catalogue.products)))
        self.vocabulary = list({word.casefold(): word for word in words}.values())
        self.words = model.encode_texts(self.vocabulary)

    def text(self, text: str, count: int) -> Answer:
        """Return the products and the other words nearest to a text of one or several words."""
        embedding = self.model.encode_texts([text])[0]
        words = [near for near in self._words(embedding, count + 1) if near[0].casefold() != text.casefold()]
        return Answer(self._products(embedding, count), words[:count])

    def picture(self, path: Path, count: int) -> Answer:
        """Return the products nearest to a picture, and its tags.

        Raises:
            PictureError: the file is not a readable picture.
        """
        spec = self.model.spec
        with path.open("rb") as file:
            pixels = to_pixels([open_picture(file, at_least=(spec.width, spec.height))], spec)
        embedding = self.model.encode_pixels(pixels)[0]
        return Answer(self._products(embedding, count), self._words(embedding, count))

    def _products(self, embedding: NDArray[np.float32], count: int) -> Near:
        return _near(self.labels, self.pictures, embedding, count)

    def _words(self, embedding: NDArray[np.float32], count: int) -> Near:
        return _near(self.vocabulary, self.words, embedding, count)


def _near(
    labels: Sequence[str], embeddings: NDArray[np.float32], query: NDArray[np.float32], count: int
) -> Near:
    (rows,) = nearest(query[None], embeddings, count)
    return [(labels[row], float(embeddings[row] @ query)) for row in rows]
