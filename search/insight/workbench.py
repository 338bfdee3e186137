"""The queries that need somebody, and the words of the catalogue that may be meant by one.

A word is offered where its embedding is near that of the query, or where it is spelled like it. How near is near was measured with a
catalogue of 1,500 products and the artifact `light`: of 54 words of other trades ("sofa", "mortgage") 11 are offered something, of 200 words of
random letters 8, where all were before; of 48 words of fashion that the catalogue has otherwise ("pullover") 25 are offered the right one.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import F, Q
from rapidfuzz.distance import OSA

from ..encoders.cache import encoders_for
from ..encoders.sessions import Embeddings, Encoders
from ..exceptions import ArtifactError
from ..facets import BRAND, SIZE, facet_of, has_value, parse_token, token_of, value_of
from ..models import IgnoredQuery, IndexVersion, PopularQuery, VersionLexicon
from .reports import LOW_SEARCHES, LOW_SHARE, Period, Queries, popular_queries

logger = logging.getLogger(__name__)

POPULAR = 300  # queries that are compared
PER_FACET = 6  # words
OFFERED = 2  # words beside a query of the list
NEAR = 0.55  # similarity of a word to a query whose words the text encoder knows whole
NEAR_IN_PIECES = 0.7  # the same where it knows a word in pieces only, as it does nonsense
ALIKE = 0.77  # share of the letters that stay: one edit in five letters, two in nine
KINDS = ("open", "zero", "low", "ignored")


class OpenQueries(Queries):
    """The queries of a period that find nothing or that nobody opens a result of, those with most searches in vain first.

    Args:
        kind: "zero" or "low", as in `Queries`; "open" for both.
        period: days that count.
    """

    def __init__(self, kind: str, period: Period) -> None:
        super().__init__(kind if kind in ("zero", "low") else "top", period)
        rows = self._rows.exclude(query__in=IgnoredQuery.objects.values("query"))
        if kind == "open":
            low = Q(sum_searches__gte=LOW_SEARCHES) & Q(_share__lt=LOW_SHARE)
            rows = rows.filter(Q(sum_zero__gt=0) | low).order_by(
                F("sum_clicked") - F("sum_searches"), "query"
            )
        self._rows = rows


@dataclass(frozen=True, slots=True)
class NearWord:
    """A value of a facet; similarity is an inner product, higher is closer."""

    facet: str
    value: str
    similarity: float
    products: int

    @property
    def token(self) -> str:
        """The value as synonyms name it."""
        return token_of(self.facet, self.value)


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
    facets: dict[str, list[NearWord]]  # the facet with the nearest word first; empty where no word is near
    queries: list[NearQuery]


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words that may be offered, and what compares them."""

    version: IndexVersion
    encoders: Encoders
    tokens: tuple[str, ...]
    products: dict[str, int]

    def near(self, text: str, embedding: Embeddings) -> list[NearWord]:
        """Return what is near a text, the nearest first."""
        similarities = self.embeddings() @ embedding
        in_pieces = len(self.encoders.words(text)) > len(text.split())
        least = NEAR_IN_PIECES if in_pieces else NEAR
        return [
            NearWord(*parse_token(token), float(similarity), self.products[token])
            for token, similarity in sorted(
                zip(self.tokens, similarities, strict=True), key=lambda pair: -pair[1]
            )
            if _is_near(token, similarity, least) or _is_alike(text, value_of(token))
        ]

    def embeddings(self) -> Embeddings:
        """Return one row per token."""
        return _embed(self.encoders, tuple(map(value_of, self.tokens)))


def look_around(text: str) -> Neighbourhood | None:
    """Compare a query with the facet values of the active version and with popular queries.

    Returns:
        None where there is no active version, its words are not counted yet, or its text encoder cannot run.
    """
    others = popular_queries("", POPULAR)
    try:
        vocabulary = _vocabulary()
        if vocabulary is None or not text.strip():
            return None
        encoders = vocabulary.encoders
        query = encoders.encode_texts([text])[0]
        facets: dict[str, list[NearWord]] = {}
        for word in vocabulary.near(text, query):
            words = facets.setdefault(word.facet, [])
            if len(words) < PER_FACET:
                words.append(word)
        near = _embed(encoders, tuple(other.text for other in others)) @ query
        return Neighbourhood(vocabulary.version, encoders.words(text), facets, _queries(text, others, near))
    except (ArtifactError, RuntimeError):  # ONNX Runtime's errors are RuntimeErrors
        logger.exception("The text encoder cannot compare words")
        return None


def offer_words(texts: Sequence[str]) -> dict[str, list[NearWord]]:
    """Return the nearest words of each text, but not the text itself; none where words cannot be compared."""
    try:
        vocabulary = _vocabulary() if texts else None
        if vocabulary is None:
            return {}
        embeddings = vocabulary.encoders.encode_texts(list(texts))
        return {
            text: [
                word for word in vocabulary.near(text, embedding) if word.value.casefold() != text.casefold()
            ][:OFFERED]
            for text, embedding in zip(texts, embeddings, strict=True)
        }
    except (ArtifactError, RuntimeError):
        logger.exception("The text encoder cannot compare words")
        return {}


def _vocabulary() -> _Vocabulary | None:
    version = IndexVersion.objects.active()
    lexicon = VersionLexicon.objects.filter(version=version).first() if version else None
    if version is None or lexicon is None:
        return None
    # Sizes are no words for one another: no synonym leads to one.
    tokens = tuple(sorted(token for token in filter(has_value, lexicon.facets) if facet_of(token) != SIZE))
    return _Vocabulary(version, encoders_for(version), tokens, lexicon.facets)


@lru_cache(maxsize=4)
def _embed(encoders: Encoders, values: tuple[str, ...]) -> Embeddings:
    """Embed a vocabulary once per process and version: 700 words take about a second."""
    return encoders.encode_texts(values)


def _is_near(token: str, similarity: float, least: float) -> bool:
    """Whether a word means about the same; a brand's name means nothing that another word could mean."""
    return similarity >= least and facet_of(token) != BRAND


def _is_alike(text: str, value: str) -> bool:
    return OSA.normalized_similarity(text.casefold(), value.casefold(), score_cutoff=ALIKE) > 0


def _queries(
    text: str, others: Iterable[PopularQuery], similarities: Embeddings, limit: int = 8
) -> list[NearQuery]:
    near = [
        NearQuery(popular.text, float(similarity), popular.searches)
        for popular, similarity in zip(others, similarities, strict=True)
        if popular.text.casefold() != text.strip().casefold() and similarity >= NEAR
    ]
    return sorted(near, key=lambda query: -query.similarity)[:limit]
