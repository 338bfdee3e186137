"""Words that mean nearly the same, by their places in the joint space."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..encoders.queries import in_time
from ..encoders.sessions import Embeddings
from .serving import active_tagger
from .vocabulary import same

CACHED_WORDS = 512  # a kilobyte each


@dataclass(frozen=True, slots=True)
class SimilarWord:
    """A word of the vocabulary near to the one that was asked for."""

    kind: str
    word: str
    similarity: float  # inner product of the two embeddings, from -1 to 1


def similar_words(word: str, limit: int = 10) -> list[SimilarWord]:
    """Return the words of the active version's vocabulary nearest to a word or phrase, nearest first, each once.

    The word itself, in any spelling that says the same, is none of them.

    Raises:
        NoTags: there is no vocabulary yet.
        ArtifactError: the version's artifact is missing, damaged or another one.
        EncoderTimeout: encoding the word took longer than ENCODE_TIMEOUT_MS.
    """
    tagger = active_tagger()
    language = tagger.version.config
    similarities = tagger.embeddings @ _embed(tagger.version.artifact_path, tagger.version.fingerprint, word)
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
def _embed(path: str, fingerprint: str, word: str) -> Embeddings:
    version = _Artifact(path, fingerprint)
    return in_time(lambda: encoders_for(version).encode_texts([word])[0], get_settings().encode_timeout_ms)


class _Artifact:
    def __init__(self, path: str, fingerprint: str) -> None:
        self.artifact_path = path
        self.fingerprint = fingerprint
