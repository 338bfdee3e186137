"""What the pictures of a catalogue that are nearest to some others vote for, as the search asks them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from search.encoders.votes import NEAREST, Tally, Values, Voter, count_votes

from ..data import Product
from .retrieval import Embeddings, nearest

KIND = "category"  # the facet whose guess comes first


class Polls:
    """The nearest pictures of a gallery to each of some pictures, and what they vote for.

    Args:
        products: of the gallery.
        pictures: (len(products), dimension).
        asked: (n, dimension), about what they are asked.
    """

    def __init__(self, products: Sequence[Product], pictures: Embeddings, asked: Embeddings) -> None:
        self.products = products
        self.rows = nearest(asked, pictures, NEAREST)
        self.similarities = np.einsum("nkd,nd->nk", pictures[self.rows], asked)
        self.similarity = [float(one) for one in self.similarities.max(axis=1)]

    def tallies(self, facet: str) -> list[list[Tally]]:
        """What they vote for in a facet."""
        stated = [values_of(product, facet) for product in self.products]
        counts = Counter(value for values in stated for value in values)
        shares = {value: count / len(stated) for value, count in counts.items()}
        return [
            count_votes(
                [
                    Voter(float(similarity), [stated[row]] if stated[row] else [])
                    for row, similarity in zip(rows, similarities, strict=True)
                ],
                shares,
            )
            for rows, similarities in zip(self.rows, self.similarities, strict=True)
        ]


def values_of(product: Product, facet: str) -> Values:
    """Return a product's value of a facet, behind the path that leads to it; () where it states none."""
    if facet != KIND:
        value = getattr(product, facet)
        return (value,) if value else ()
    path = (product.category, product.subcategory, product.article_type)
    return tuple(dict.fromkeys(filter(None, path)))
