"""Make the tag vocabulary of the active version anew, in a worker, after the catalogue or the words have changed."""

import logging
from dataclasses import asdict
from hashlib import sha256

import numpy as np
from django.db.models import TextField
from django.db.models.functions import MD5, Cast
from django.utils import timezone

from ..encoders.cache import encoders_for
from ..encoders.sessions import BATCH, Embeddings, Encoders
from ..exceptions import EncodingError
from ..facets import token_of
from ..indexing.embedding import encode_each
from ..merchandising.snapshots import snapshot
from ..models import EntryImage, IndexEntry, IndexVersion, VersionTags
from ..models.expressions import any_phrase
from ..query.lexicon import words_of
from ..vectors import from_field
from .confidence import UNSETTLED, Floats, Scales, scale
from .vocabulary import Tag, build_vocabulary, general_words, read_changes

logger = logging.getLogger(__name__)

METHOD = 2  # of finding scales; another one makes every vocabulary anew
LOGGED = 20  # words in a line of the log
LOWEST = -1e6  # of a score
DRAWN = 5000  # pictures that scales are found on


def refresh_tags() -> bool:
    """Make the active version's tag vocabulary if catalogue or words have changed since; return whether it was made.

    Raises:
        ArtifactError: the version's artifact is missing, damaged or another one; or it cannot encode a word, which is left
            out until it can.
    """
    version = IndexVersion.objects.active()
    words = words_of(version, snapshot().synonyms) if version else None
    if version is None or words is None or words.built_at is None:
        return False
    vocabulary = build_vocabulary(words.lexicon, general_words(), read_changes())
    source = _source(version, vocabulary)
    held = VersionTags.objects.filter(version=version).first()
    if not vocabulary or (held is not None and held.source == source):
        return False
    known, errors = _embed(encoders_for(version), vocabulary, held)
    vocabulary = [tag for tag in vocabulary if tag.word in known]
    if not vocabulary:
        raise EncodingError(f"No word of the tag vocabulary can be encoded: {next(iter(errors.values()))}")
    embeddings = np.stack([known[tag.word] for tag in vocabulary])
    scales = _scale(version, vocabulary, embeddings)
    VersionTags.objects.update_or_create(
        version=version,
        defaults={
            "source": "" if errors else source,  # so that the next round tries again
            "words": [list(asdict(tag).values()) for tag in vocabulary],
            "embeddings": embeddings.tobytes(),
            "slopes": _rounded(scales.slopes),
            "intercepts": _rounded(scales.intercepts),
            "trusts": _rounded(scales.trusts),
            "usual": scales.usual.tobytes(),
            "ceilings": _rounded(scales.ceilings),
            "untold": list(scales.untold),
            "made_at": timezone.now(),
        },
    )
    _log_untold(version, vocabulary, scales)
    if errors:
        raise EncodingError(
            "Words that are left out of the tag vocabulary: "
            + "; ".join(f"{word!r}: {reason}" for word, reason in errors.items())
        )
    return True


def _source(version: IndexVersion, vocabulary: list[Tag]) -> str:
    listed = "\n".join(f"{tag.kind}\t{tag.word}\t{tag.is_value}\t{tag.share:.6f}" for tag in vocabulary)
    return f"{version.fingerprint} {METHOD} {sha256(listed.encode()).hexdigest()}"


def _embed(
    encoders: Encoders, vocabulary: list[Tag], held: VersionTags | None
) -> tuple[dict[str, Embeddings], dict[str, str]]:
    """Return the words' embeddings, of which only new ones are encoded, and why words cannot be encoded."""
    known: dict[str, Embeddings] = {}
    if held is not None:
        rows = np.frombuffer(bytes(held.embeddings), dtype=np.float32).reshape(-1, encoders.dimension)
        known = {word: row for (_, word, *_), row in zip(held.words, rows, strict=True)}
    new = list(dict.fromkeys(tag.word for tag in vocabulary if tag.word not in known))
    errors: dict[str, str] = {}
    for start in range(0, len(new), BATCH):
        batch = new[start : start + BATCH]
        embedded, refused = encode_each(encoders.encode_texts, {word: word for word in batch})
        known |= embedded
        errors |= refused
    return known, errors


def _scale(version: IndexVersion, vocabulary: list[Tag], embeddings: Embeddings) -> Scales:
    pictured = EntryImage.objects.in_version(version.pk).filter(embedding__isnull=False)
    # Drawn alike from all; the same ones every time.
    shuffled = pictured.order_by(MD5(Cast("pk", TextField())), "pk")
    drawn = list(shuffled.values_list("entry_id", "embedding")[:DRAWN])
    pictures = np.array([from_field(picture) for _, picture in drawn], dtype=np.float32).reshape(
        -1, version.dimension
    )
    entries = np.array([entry_id for entry_id, _ in drawn], dtype=np.int64)
    among = IndexEntry.objects.in_version(version.pk).among(entries.tolist())
    stated = {pk: set(facets) for pk, facets in among.values_list("pk", "facets")}
    held = np.zeros((len(drawn), len(vocabulary)), dtype=bool)
    for place, tag in enumerate(vocabulary):
        if tag.is_value:
            token = token_of(tag.kind, tag.word)
            held[:, place] = [token in stated.get(pk, ()) for pk in entries.tolist()]
        else:
            holding = among.filter(document=any_phrase([tag.word], version.config))
            held[:, place] = np.isin(entries, list(holding.values_list("pk", flat=True)))
    return scale(pictures @ embeddings.T, held, vocabulary)


def _log_untold(version: IndexVersion, vocabulary: list[Tag], scales: Scales) -> None:
    untold: dict[str, list[str]] = {}
    for tag, reason in zip(vocabulary, scales.untold, strict=True):
        if reason:
            untold.setdefault(reason, []).append(tag.word)
    for reason, words in untold.items():
        level = logging.WARNING if reason == UNSETTLED else logging.INFO
        more = f" and {len(words) - LOGGED} more" if len(words) > LOGGED else ""
        logger.log(
            level,
            "Tags of %s without a confidence, because %s: %s",
            version,
            reason,
            ", ".join(words[:LOGGED]) + more,
        )


def _rounded(values: Floats) -> list[float]:
    return [round(max(float(value), LOWEST), 5) for value in values]  # JSON knows no infinity
