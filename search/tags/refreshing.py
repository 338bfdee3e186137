"""Make the tag vocabulary of the active version again, in a worker, where the catalogue or the words have changed."""

from dataclasses import asdict
from hashlib import sha256

import numpy as np
from django.utils import timezone

from ..encoders import BATCH, Embeddings, Encoders
from ..loading import encoders_for
from ..models import EntryImage, IndexVersion, VersionTags
from ..querysets import ImageQuerySet
from ..retrieval.lexicon import words_of
from .scoring import log_norms
from .vocabulary import Tag, build_vocabulary
from .wordlist import general_words, read_changes

DRAWN = 5000  # pictures that words are compared with for how near they come to everything


def refresh_tags() -> bool:
    """Make the active version's tag vocabulary if it is not what catalogue and words say; return whether it was made.

    Raises:
        ArtifactError: the version's artifact is missing, damaged or another one.
    """
    version = IndexVersion.objects.active()
    words = words_of(version) if version else None
    if version is None or words is None or words.built_at is None:
        return False
    vocabulary = build_vocabulary(words.lexicon, general_words(), read_changes())
    source = _source(version, vocabulary)
    held = VersionTags.objects.filter(version=version).first()
    if not vocabulary or (held is not None and held.source == source):
        return False
    embeddings = _embed(encoders_for(version), vocabulary, held)
    norms = log_norms(_drawn(version) @ embeddings.T)
    VersionTags.objects.update_or_create(
        version=version,
        defaults={
            "source": source,
            "words": [list(asdict(tag).values()) for tag in vocabulary],
            "embeddings": embeddings.tobytes(),
            "norms": [round(float(norm), 5) for norm in norms],
            "made_at": timezone.now(),
        },
    )
    return True


def _source(version: IndexVersion, vocabulary: list[Tag]) -> str:
    told = "\n".join(f"{tag.kind}\t{tag.word}\t{tag.is_value}\t{tag.share:.6f}" for tag in vocabulary)
    return f"{version.fingerprint} {sha256(told.encode()).hexdigest()}"


def _embed(encoders: Encoders, vocabulary: list[Tag], held: VersionTags | None) -> Embeddings:
    """Embed the words, in batches, but those that the version has embedded before."""
    known: dict[str, Embeddings] = {}
    if held is not None:
        rows = np.frombuffer(bytes(held.embeddings), dtype=np.float32).reshape(-1, encoders.dimension)
        known = {word: row for (_, word, *_), row in zip(held.words, rows, strict=True)}
    new = list(dict.fromkeys(tag.word for tag in vocabulary if tag.word not in known))
    for start in range(0, len(new), BATCH):
        batch = new[start : start + BATCH]
        known |= dict(zip(batch, encoders.encode_texts(batch), strict=True))
    return np.stack([known[tag.word] for tag in vocabulary])


def _drawn(version: IndexVersion) -> Embeddings:
    pictures = list(ImageQuerySet(EntryImage).in_version(version.pk).drawn(DRAWN))
    return np.array(pictures, dtype=np.float32).reshape(-1, version.dimension)
