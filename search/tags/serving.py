"""The tag vocabulary that a process has loaded, looked at again now and then."""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import numpy as np

from ..encoders.sessions import Embeddings
from ..exceptions import NoTags
from ..models import IndexVersion, VersionTags
from .scoring import Scales
from .vocabulary import Tag

CHECK_SECONDS = 5.0  # between two looks at whether there is a newer one


@dataclass(slots=True)
class Tagger:
    """The words of one version with all that is needed to compare them with pictures."""

    version: IndexVersion
    tags: tuple[Tag, ...]
    embeddings: Embeddings  # (words, dimension)
    scales: Scales
    made_at: datetime
    checked: float


_kept: dict[int, Tagger] = {}
_lock = Lock()


def active_tagger() -> Tagger:
    """Return the words of the active version.

    Raises:
        NoTags: there is no active version, or its words are still to be embedded by a worker.
    """
    version = IndexVersion.objects.active()
    if version is None:
        raise NoTags("There is no search index yet, so that there are no tags: run a rebuild.")
    kept = _kept.get(version.pk)
    if kept is not None and time.monotonic() - kept.checked < CHECK_SECONDS:
        return kept
    with _lock:
        made_at = VersionTags.objects.filter(version=version).values_list("made_at", flat=True).first()
        if made_at is None:
            raise NoTags("The tag vocabulary is not made yet: a worker does that within minutes.")
        if kept is None or kept.made_at != made_at:
            kept = _load(version)
        kept.checked = time.monotonic()
        _kept.clear()  # what was active before is not asked for any more
        _kept[version.pk] = kept
    return kept


def forget_taggers() -> None:
    """Forget what was loaded."""
    _kept.clear()


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
        ),
        made_at=row.made_at,
        checked=0.0,
    )
