"""Tags: words for products and pictures, found in the joint space, decided on by people."""

from .similar_words import SimilarWord, similar_words
from .tagging import (
    FoundTag,
    FoundTags,
    tags_for_embeddings,
    tags_for_picture,
    tags_for_product,
    tags_for_products,
)

__all__ = [
    "FoundTag",
    "FoundTags",
    "SimilarWord",
    "similar_words",
    "tags_for_embeddings",
    "tags_for_picture",
    "tags_for_product",
    "tags_for_products",
]
