"""Tags: words for products and pictures, found in the joint space, decided on by people."""

from .accepted import accepted_tags, tagged_with
from .deciding import decide
from .similar_words import SimilarWord, similar_words
from .suggesting import suggest_tags
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
    "accepted_tags",
    "decide",
    "similar_words",
    "suggest_tags",
    "tagged_with",
    "tags_for_embeddings",
    "tags_for_picture",
    "tags_for_product",
    "tags_for_products",
]
