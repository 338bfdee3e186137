"""Count a version's words for its lexicon, and how similar nonsense comes to its embeddings."""

import random
import string
from datetime import timedelta

import numpy as np
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..facets import CATEGORY, TAGS, facet_of, has_value, values_of
from ..models import EntryImage, IndexEntry, IndexVersion, VersionLexicon
from ..models.entries import EntryQuerySet
from ..resilience import Attempts
from ..session import search_session
from ..vectors import EmbeddingLiteral, to_literal
from .connections import unhurried

NONSENSE = 200  # words
NONSENSE_SHARE = 99  # percentile
NOISE_LIMIT_MS = 600_000  # for comparing all of it


@unhurried()
def build_lexicon(version: IndexVersion) -> VersionLexicon:
    """Count facet values and words of a version and keep them; a former count is replaced.

    Raises:
        ArtifactError: the version's artifact is missing or another one.
    """
    return _count(version, _noise(version))


@unhurried()
def refresh_lexicons() -> None:
    """Count the active version's words again where that was done too long ago.

    Raises:
        ArtifactError: the version's artifact is missing or another one; the words were counted all the same.
    """
    version = IndexVersion.objects.active()
    if version is None:
        return
    held = VersionLexicon.objects.filter(version=version).first()
    if held is None:
        build_lexicon(version)
    elif held.built_at <= timezone.now() - timedelta(seconds=get_settings().lexicon_seconds):
        with Attempts(f"Counting the words of {version}") as attempts:
            noise = held.image_noise, held.text_noise
            with attempts.at("how similar nonsense comes, which stays as it was"):
                noise = _noise(version)
            _count(version, noise)


def _count(version: IndexVersion, noise: tuple[float, float]) -> VersionLexicon:
    entries = IndexEntry.objects.in_version(version.pk)
    lexicon, _ = VersionLexicon.objects.update_or_create(
        version=version,
        defaults={
            "total": entries.count(),
            # An accepted tag is a word of its product; as a value it would take the word's meaning from all others.
            "facets": {
                token: count
                for token, count in entries.facet_counts()
                if has_value(token) and facet_of(token) != TAGS
            },
            "paths": _paths(entries, CATEGORY),
            "lexemes": _lexemes(version),
            "image_noise": noise[0],
            "text_noise": noise[1],
            "built_at": timezone.now(),
        },
    )
    return lexicon


def _paths(entries: EntryQuerySet, facet: str) -> list[list[str]]:
    """The distinct lists of values that entries have of one facet, in the order that the host gave."""
    found = entries.values_list("facets", flat=True).distinct()
    paths = {tuple(values_of(facet, tokens)) for tokens in found}
    return sorted(map(list, filter(None, paths)))


def nonsense() -> list[str]:
    """Words of four to nine random letters, the same ones every time."""
    letters = random.Random(1)
    return [
        "".join(letters.choices(string.ascii_lowercase, k=letters.randint(4, 9))) for _ in range(NONSENSE)
    ]


def _lexemes(version: IndexVersion) -> dict[str, int]:
    # ts_stat takes its query as text; the number is the version's own primary key.
    query = f"SELECT document FROM fashion_search_indexentry WHERE version_id = {int(version.pk)}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, ndoc FROM ts_stat(%s)", [query])
        return dict(cursor.fetchall())


def _noise(version: IndexVersion) -> tuple[float, float]:
    """Similarities of nonsense words to their nearest picture and text: the 99th percentile of each."""
    embeddings = [to_literal(embedding) for embedding in encoders_for(version).encode_texts(nonsense())]
    with search_session(NOISE_LIMIT_MS):
        images = _nearest_similarities(EntryImage, "embedding", version, embeddings)
        texts = _nearest_similarities(IndexEntry, "text_embedding", version, embeddings)
    return _highest(images), _highest(texts)


def _nearest_similarities(
    model: type[Model], column: str, version: IndexVersion, embeddings: list[EmbeddingLiteral]
) -> list[float]:
    """Similarity of each embedding to its nearest one in a column, all in one statement; none where the column is empty."""
    indexed = f"{column}::halfvec({int(version.dimension)})"  # what the version's partial HNSW index is over
    # Names and numbers in it are the module's and the version's own.
    statement = (
        "SELECT -nearest.distance FROM unnest(%s::halfvec[]) AS nonsense(embedding) CROSS JOIN LATERAL"  # noqa: S608
        f" (SELECT {indexed} <#> nonsense.embedding AS distance FROM {model._meta.db_table}"
        f" WHERE version_id = {int(version.pk)} AND {column} IS NOT NULL ORDER BY distance LIMIT 1) AS nearest"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [embeddings])
        return [similarity for (similarity,) in cursor.fetchall()]


def _highest(similarities: list[float]) -> float:
    return float(np.percentile(similarities, NONSENSE_SHARE)) if similarities else 0.0
