"""Words for pictures: those of the vocabulary that fit best, with how near they are and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..encoders.queries import in_time
from ..encoders.sessions import Embeddings
from ..models import EntryImage
from ..models.entry_queries import ImageQuerySet
from .scoring import confidences
from .serving import Tagger, active_tagger

PER_KIND = 5  # words


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A word for a picture."""

    kind: str
    word: str
    similarity: float  # inner product of the two embeddings, from -1 to 1
    confidence: float  # from 0 to 1; the probability that the word fits, as far as the catalogue tells
    is_value: bool  # a value of the facet that is its kind; else a word of fashion


@dataclass(frozen=True, slots=True)
class FoundTags:
    """The words for one picture, the surest first."""

    every: tuple[FoundTag, ...] = ()

    def kinds(self, limit: int = PER_KIND) -> dict[str, list[FoundTag]]:
        """Return the surest words of each kind, the kind with the surest word first."""
        found: dict[str, list[FoundTag]] = {}
        for tag in self.every:
            of_kind = found.setdefault(tag.kind, [])
            if len(of_kind) < limit:
                of_kind.append(tag)
        return found


def tags_for_embeddings(pictures: Embeddings, tagger: Tagger | None = None) -> list[FoundTags]:
    """Return the words of the vocabulary for pictures, surest first, each with all of them.

    Args:
        pictures: (n, dimension) of unit length, made with the artifact of the tagger's version.
        tagger: the words; those of the active version by default.

    Raises:
        NoTags: there is no vocabulary yet.
    """
    tagger = active_tagger() if tagger is None else tagger
    similarities = np.asarray(pictures, dtype=np.float32) @ tagger.embeddings.T
    sure = confidences(similarities, tagger.scales, tagger.tags)
    return [_found(tagger, *rows) for rows in zip(similarities, sure, strict=True)]


def tags_for_products(keys: Sequence[str], tagger: Tagger | None = None) -> dict[str, FoundTags]:
    """Return product key -> words for its pictures taken together; products without a picture are left out.

    Raises:
        NoTags: there is no vocabulary yet.
    """
    tagger = active_tagger() if tagger is None else tagger
    pictures: dict[str, list[Embeddings]] = {}
    for key, vector in ImageQuerySet(EntryImage).of_products(tagger.version.pk, keys):
        pictures.setdefault(key, []).append(np.array(vector, dtype=np.float32))
    if not pictures:
        return {}
    means = np.stack([np.mean(of_one, axis=0) for of_one in pictures.values()])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    unit = means / np.maximum(lengths, 1e-9)  # pictures that are each other's opposite leave nothing
    return dict(zip(pictures, tags_for_embeddings(unit, tagger), strict=True))


def tags_for_product(key: str) -> FoundTags:
    """Return the words for a product's pictures, none where it has no picture in the index.

    Raises:
        NoTags: there is no vocabulary yet.
    """
    return tags_for_products([key]).get(key, FoundTags())


def tags_for_picture(picture: Image.Image) -> FoundTags:
    """Return the words for an upright RGB picture.

    Raises:
        NoTags: there is no vocabulary yet.
        ArtifactError: the version's artifact is missing, damaged or another one.
        EncoderTimeout: too many pictures are being encoded.
    """
    tagger = active_tagger()
    encoders = encoders_for(tagger.version)
    embedding = in_time(
        lambda: encoders.encode_images([picture]), get_settings().encode_timeout_ms, kind="picture"
    )
    return tags_for_embeddings(embedding, tagger)[0]


def _found(tagger: Tagger, similarities: Embeddings, sure: Embeddings) -> FoundTags:
    order = np.lexsort((-similarities, -sure))
    return FoundTags(
        tuple(
            FoundTag(
                tagger.tags[place].kind,
                tagger.tags[place].word,
                round(float(similarities[place]), 4),
                round(float(sure[place]), 4),
                tagger.tags[place].is_value,
            )
            for place in order
        )
    )
