"""The lexicon that queries of a version are read with, kept per process and looked at again now and then."""

import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from ..merchandising.snapshots import SynonymEntry, merged_synonyms, synonyms
from ..models import IndexVersion, VersionLexicon
from ..query.lexicon import Lexicon

CHECK_SECONDS = 5.0  # between two looks at whether there is a newer one
KEPT = 2  # versions: the one that is searched, and one that it is compared with


@dataclass(slots=True)
class VersionWords:
    """A version's lexicon and how similar nonsense comes."""

    lexicon: Lexicon
    image_noise: float = 0.0
    text_noise: float = 0.0
    built_at: datetime | None = None
    entries: tuple[SynonymEntry, ...] = ()  # synonyms of the table
    checked: float = 0.0

    @property
    def synonyms(self) -> frozenset[str]:
        """Words that shoppers may say, whatever the catalogue calls the thing."""
        return self.lexicon.synonyms.words


_kept: dict[int, VersionWords] = {}
_lock = Lock()


def words_of(version: IndexVersion) -> VersionWords:
    """Return the words of a version; before they were counted, a lexicon that takes every word for known."""
    kept = _kept.get(version.pk)
    if kept is not None and time.monotonic() - kept.checked < CHECK_SECONDS:
        return kept
    with _lock:
        built_at = VersionLexicon.objects.filter(version=version).values_list("built_at", flat=True).first()
        entries = synonyms()
        if kept is None or kept.built_at != built_at or kept.entries != entries:
            kept = words_with(version, entries)
        kept.checked = time.monotonic()
        while version.pk not in _kept and len(_kept) >= KEPT:
            del _kept[next(iter(_kept))]
        _kept[version.pk] = kept
    return kept


def words_with(version: IndexVersion, entries: tuple[SynonymEntry, ...]) -> VersionWords:
    """Return the words of a version with these synonyms beside the general ones, read anew."""
    row = VersionLexicon.objects.filter(version=version).first()
    if row is None:
        uncounted = Lexicon({}, None, 0, merged_synonyms(entries), language=version.config)
        return VersionWords(uncounted, entries=entries)
    return _words(version, row, entries)


def forget_words() -> None:
    """Forget every version's words."""
    _kept.clear()


def _words(version: IndexVersion, row: VersionLexicon, entries: tuple[SynonymEntry, ...]) -> VersionWords:
    lexicon = Lexicon(
        row.facets,
        row.lexemes,
        row.total,
        merged_synonyms(entries),
        language=version.config,
        paths=[tuple(path) for path in row.paths],
    )
    return VersionWords(lexicon, row.image_noise, row.text_noise, row.built_at, entries)
