"""Tags for pictures and products: the words of the vocabulary that fit best, with how near they are and how sure that is.

`suggest_tags` writes them as rows that people accept or reject; the other functions answer at once and write nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from django.db import transaction
from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import ArtifactKey, encoders_for
from ..encoders.queries import in_time
from ..encoders.sessions import Embeddings
from ..exceptions import NoTags
from ..facets import facet_of, value_of
from ..models import EntryImage, IndexEntry, IndexVersion, ProductTag, VersionTags
from ..resilience import PolledCache
from ..sentences import lazily as _
from ..vectors import from_field
from .confidence import Scales, confidences
from .vocabulary import Tag, same

CHECK_SECONDS = 5.0  # between two looks at whether there is a newer vocabulary
PER_KIND = 5  # words
CHUNK = 500  # products per transaction
CACHED_WORDS = 512  # a kilobyte each


@dataclass(frozen=True, slots=True)
class FoundTag:
    """A word for a picture."""

    kind: str
    word: str
    similarity: float  # inner product of the two embeddings, from -1 to 1
    confidence: float  # from 0 to 1; estimated probability that the word fits
    is_value: bool  # a value of the facet that is its kind; else a word of fashion


@dataclass(frozen=True, slots=True)
class FoundTags:
    """The words for one picture, the surest first; without those that have no confidence."""

    every: tuple[FoundTag, ...] = ()

    def kinds(self, limit: int = PER_KIND) -> dict[str, list[FoundTag]]:
        """Return the surest words of each kind, the kind with the surest word first."""
        found: dict[str, list[FoundTag]] = {}
        for tag in self.every:
            of_kind = found.setdefault(tag.kind, [])
            if len(of_kind) < limit:
                of_kind.append(tag)
        return found


@dataclass(frozen=True, slots=True)
class SimilarWord:
    """A word of the vocabulary near to the one that was asked for."""

    kind: str
    word: str
    similarity: float  # inner product of the two embeddings, from -1 to 1


@dataclass(slots=True)
class Tagger:
    """The words of one version with all that is needed to compare them with pictures."""

    version: IndexVersion
    tags: tuple[Tag, ...]
    embeddings: Embeddings  # (words, dimension)
    scales: Scales
    made_at: datetime


def suggest_tags(keys: Iterable[str]) -> int:
    """Suggest tags for products by their pictures in the active version, and return how many wait for a decision now.

    It may run again: decided tags stay, waiting ones get their present confidence, and those that would not be suggested any
    more are deleted.

    Raises:
        NoTags: there is no vocabulary yet.
    """
    tagger = active_tagger()
    distinct = sorted(set(keys))
    return sum(_suggest(tagger, distinct[start : start + CHUNK]) for start in range(0, len(distinct), CHUNK))


def choose_tags(found: FoundTags, facets: Sequence[str], language: str) -> list[FoundTag]:
    """Return the surest tags that say something new about a product.

    A value is suggested where the product has none of its facet; a word of fashion, where it does not say the same as a value of
    the product.

    Args:
        found: words for the product's pictures, surest first.
        facets: "field=value" tokens of the product.
        language: of stems.
    """
    settings = get_settings()
    has_kinds = {facet_of(token) for token in facets}
    said = {same(value_of(token), language) for token in facets}
    chosen: list[FoundTag] = []
    for tag in found.every:
        if tag.confidence < settings.tag_confidence or len(chosen) >= settings.tags_per_product:
            break
        says = same(tag.word, language)
        if says in said or (tag.is_value and tag.kind in has_kinds):
            continue
        said.add(says)
        if tag.is_value:
            has_kinds.add(tag.kind)  # a product has one of them
        chosen.append(tag)
    return chosen


def _suggest(tagger: Tagger, keys: Sequence[str]) -> int:
    version = tagger.version
    found = tags_for_products(keys, tagger)
    entries = IndexEntry.objects.in_version(version.pk).of_products(keys)
    facets: dict[str, list[str]] = dict(entries.values_list("product_key", "facets"))
    now = timezone.now()
    rows = [
        ProductTag(
            product_key=key,
            kind=tag.kind,
            word=tag.word,
            similarity=tag.similarity,
            confidence=tag.confidence,
            version=version,
            artifact_name=version.artifact_name,
            suggested_at=now,
        )
        for key in keys
        if key in facets
        for tag in choose_tags(found.get(key, FoundTags()), facets[key], version.config)
    ]
    with transaction.atomic():
        # Decided rows are never touched; a rejected tag stays rejected.
        decided = set(
            ProductTag.objects.filter(product_key__in=keys)
            .exclude(state=ProductTag.State.SUGGESTED)
            .values_list("product_key", "kind", "word")
        )
        new = [row for row in rows if (row.product_key, row.kind, row.word) not in decided]
        ProductTag.objects.bulk_create(
            new,
            update_conflicts=True,
            unique_fields=["product_key", "kind", "word"],
            update_fields=["similarity", "confidence", "version", "artifact_name", "suggested_at"],
        )
        waiting = ProductTag.objects.suggested().filter(product_key__in=keys)
        waiting.exclude(suggested_at=now).delete()
        return waiting.count()


def tags_for_embeddings(pictures: Embeddings, tagger: Tagger | None = None) -> list[FoundTags]:
    """Return the words of the vocabulary for pictures, surest first, each with all that have a confidence.

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
    for key, vector in EntryImage.objects.of_products(tagger.version.pk, keys):
        pictures.setdefault(key, []).append(from_field(vector))
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
            if not tagger.scales.untold[place]
        )
    )


def untold_words() -> dict[str, list[Tag]]:
    """Return why some words of the active version have no confidence, so that they are never suggested: reason -> words.

    Without a vocabulary there are none.
    """
    try:
        tagger = active_tagger()
    except NoTags:
        return {}
    found: dict[str, list[Tag]] = {}
    for tag, reason in zip(tagger.tags, tagger.scales.untold, strict=True):
        if reason:
            found.setdefault(reason, []).append(tag)
    return found


def similar_words(word: str, limit: int = 10) -> list[SimilarWord]:
    """Return the words of the active version's vocabulary nearest to a word or phrase, nearest first, each once.

    The word itself is left out, in every spelling that says the same.

    Raises:
        NoTags: there is no vocabulary yet.
        ArtifactError: the version's artifact is missing, damaged or another one.
        EncoderTimeout: encoding the word took longer than ENCODE_TIMEOUT_MS.
    """
    tagger = active_tagger()
    language = tagger.version.config
    similarities = tagger.embeddings @ _embed(ArtifactKey.of(tagger.version), word)
    found: dict[str, SimilarWord] = {}
    left_out = same(word, language)
    for place in np.argsort(-similarities, kind="stable"):
        tag = tagger.tags[place]
        said = same(tag.word, language)
        if said != left_out and said not in found:
            found[said] = SimilarWord(tag.kind, tag.word, round(float(similarities[place]), 4))
            if len(found) == limit:
                break
    return list(found.values())


@lru_cache(maxsize=CACHED_WORDS)
def _embed(artifact: ArtifactKey, word: str) -> Embeddings:
    return in_time(lambda: encoders_for(artifact).encode_texts([word])[0], get_settings().encode_timeout_ms)


# Of one version, because the one that was active before is not needed any more.
_kept: PolledCache[int, Tagger] = PolledCache(CHECK_SECONDS)


def active_tagger() -> Tagger:
    """Return the words of the active version.

    Raises:
        NoTags: there is no active version, or its words are still to be embedded by a worker.
    """
    version = IndexVersion.objects.active()
    if version is None:
        raise NoTags(_("There is no search index yet, so that there are no tags: run a rebuild."))
    return _kept.get(version.pk, lambda kept: _refresh(version, kept))


def forget_taggers() -> None:
    """Forget what was loaded."""
    _kept.forget()


def _refresh(version: IndexVersion, kept: Tagger | None) -> Tagger:
    made_at = VersionTags.objects.filter(version=version).values_list("made_at", flat=True).first()
    if made_at is None:
        raise NoTags(_("The tag vocabulary is not made yet: a worker does that within minutes."))
    return kept if kept is not None and kept.made_at == made_at else _load(version)


def _load(version: IndexVersion) -> Tagger:
    row = VersionTags.objects.get(version=version)
    return Tagger(
        version=version,
        tags=tuple(Tag(*word) for word in row.words),
        embeddings=np.frombuffer(bytes(row.embeddings), dtype=np.float32).reshape(-1, version.dimension),
        scales=Scales(
            slopes=np.array(row.slopes, dtype=np.float32),
            intercepts=np.array(row.intercepts, dtype=np.float32),
            usual=np.frombuffer(bytes(row.usual), dtype=np.float32).reshape(-1, len(row.words)),
            trusts=np.array(row.trusts, dtype=np.float32),
            # A row of the release before has none of these, until a worker has made it anew within minutes.
            ceilings=np.array(row.ceilings or [1.0] * len(row.words), dtype=np.float32),
            untold=tuple(row.untold or [""] * len(row.words)),
        ),
        made_at=row.made_at,
    )
