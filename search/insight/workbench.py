"""The words of the catalogue that come nearest to a query in the joint space."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..encoders.cache import encoders_for
from ..encoders.sessions import Embeddings, Encoders
from ..exceptions import ArtifactError
from ..facets import SIZE, facet_of, has_value, parse_token, value_of
from ..models import IndexVersion, PopularQuery, VersionLexicon
from .reports import popular_queries

logger = logging.getLogger(__name__)

POPULAR = 300  # queries that are compared
PER_FACET = 6  # words


@dataclass(frozen=True, slots=True)
class NearWord:
    """A value of a facet; similarity is an inner product, higher is closer."""

    value: str
    similarity: float
    products: int


@dataclass(frozen=True, slots=True)
class NearQuery:
    """A query that others searched for, and found something."""

    text: str
    similarity: float
    searches: int


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What lies around a query in the joint space of the active version."""

    version: IndexVersion
    tokens: list[str]  # the query as the text encoder reads it
    facets: dict[str, list[NearWord]]  # the facet with the nearest word first
    queries: list[NearQuery]


def look_around(text: str) -> Neighbourhood | None:
    """Compare a query with the facet values of the active version and with popular queries.

    Returns:
        None where there is no active version, its words are not counted yet, or its text encoder cannot run.
    """
    version = IndexVersion.objects.active()
    lexicon = VersionLexicon.objects.filter(version=version).first() if version else None
    if version is None or lexicon is None or not text.strip():
        return None
    # Sizes are no words for one another: no synonym leads to one.
    tokens = tuple(sorted(token for token in filter(has_value, lexicon.facets) if facet_of(token) != SIZE))
    others = popular_queries("", POPULAR)
    try:
        encoders = encoders_for(version)
        query = encoders.encode_texts([text])[0]
        words = _embed(encoders, tuple(map(value_of, tokens))) @ query
        near = _embed(encoders, tuple(other.text for other in others)) @ query
        read = encoders.words(text)
    except (ArtifactError, RuntimeError):  # ONNX Runtime's errors are RuntimeErrors
        logger.exception("The text encoder of %s cannot compare words", version)
        return None
    return Neighbourhood(
        version, read, _nearest_by_facet(tokens, words, lexicon.facets), _queries(text, others, near)
    )


@lru_cache(maxsize=4)
def _embed(encoders: Encoders, values: tuple[str, ...]) -> Embeddings:
    """Embed a vocabulary once per process and version: 700 words take about a second."""
    return encoders.encode_texts(values)


def _nearest_by_facet(
    tokens: Sequence[str], similarities: Embeddings, products: dict[str, int]
) -> dict[str, list[NearWord]]:
    facets: dict[str, list[NearWord]] = {}
    for place in np.argsort(-similarities, kind="stable"):
        facet, value = parse_token(tokens[place])
        words = facets.setdefault(facet, [])
        if len(words) < PER_FACET:
            words.append(NearWord(value, float(similarities[place]), products[tokens[place]]))
    return facets


def _queries(
    text: str, others: Sequence[PopularQuery], similarities: Embeddings, limit: int = 8
) -> list[NearQuery]:
    near = [
        NearQuery(popular.text, float(similarity), popular.searches)
        for popular, similarity in zip(others, similarities, strict=True)
        if popular.text.casefold() != text.strip().casefold()
    ]
    return sorted(near, key=lambda query: -query.similarity)[:limit]
