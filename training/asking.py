"""Ask a model: pictures and similar words for a text, tags and similar pictures for a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.preprocessing import open_picture, to_pixels

from .data import Catalogue
from .judging import Judged
from .ranking import nearest
from .report.vocabulary import frequent_words, values_of

Near = list[tuple[str, float]]  # what is near, and its cosine, nearest first


@dataclass(frozen=True, slots=True)
class Answer:
    """What is nearest to a text or a picture: products by their pictures, and words."""

    products: Near
    words: Near


class Asked:
    """A model and a catalogue whose pictures and words it is asked about.

    Args:
        judged: the encoders.
        catalogue: the products that are searched through; their facts and the frequent words of their names are
            the vocabulary of tags and similar words.
    """

    def __init__(self, judged: Judged, catalogue: Catalogue) -> None:
        self.judged = judged
        self.labels = [f"{product.id}  {product.name}" for product in catalogue.products]
        self.pictures = judged.encode_pixels(catalogue.pixels)
        values = (value for kind in values_of(catalogue.products).values() for value in kind)
        words = dict.fromkeys((*values, *frequent_words(catalogue.products)))
        self.vocabulary = list({word.casefold(): word for word in words}.values())
        self.words = judged.encode_texts(self.vocabulary)

    def text(self, text: str, count: int) -> Answer:
        """Return pictures for a text of one or several words, and the words that are like it."""
        embedding = self.judged.encode_texts([text])[0]
        words = [near for near in self._words(embedding, count + 1) if near[0].casefold() != text.casefold()]
        return Answer(self._products(embedding, count), words[:count])

    def picture(self, path: Path, count: int) -> Answer:
        """Return similar pictures for a picture, and its tags.

        Raises:
            PictureError: the file is no picture that can be read.
        """
        spec = self.judged.spec
        with path.open("rb") as file:
            pixels = to_pixels([open_picture(file, at_least=(spec.width, spec.height))], spec)
        embedding = self.judged.encode_pixels(pixels)[0]
        return Answer(self._products(embedding, count), self._words(embedding, count))

    def _products(self, embedding: NDArray[np.float32], count: int) -> Near:
        return _near(self.labels, self.pictures, embedding, count)

    def _words(self, embedding: NDArray[np.float32], count: int) -> Near:
        return _near(self.vocabulary, self.words, embedding, count)


def _near(
    labels: Sequence[str], embeddings: NDArray[np.float32], asked: NDArray[np.float32], count: int
) -> Near:
    (rows,) = nearest(asked[None], embeddings, count)
    return [(labels[row], float(embeddings[row] @ asked)) for row in rows]
