"""The lexicon that queries of a version are read with, kept per process and looked at again now and then."""

from dataclasses import dataclass
from datetime import datetime

from ..merchandising.snapshots import SynonymEntry, merged_synonyms, synonyms
from ..models import IndexVersion, VersionLexicon
from ..query.lexicon import Lexicon
from ..resilience import PolledCache

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

    @property
    def synonyms(self) -> frozenset[str]:
        """Words that shoppers may say, whatever the catalogue calls the thing."""
        return self.lexicon.synonyms.words


_kept: PolledCache[int, VersionWords] = PolledCache(CHECK_SECONDS, most=KEPT)


def words_of(version: IndexVersion) -> VersionWords:
    """Return the words of a version; before they were counted, a lexicon that takes every word for known."""

    def refresh(kept: VersionWords | None) -> VersionWords:
        built_at = VersionLexicon.objects.filter(version=version).values_list("built_at", flat=True).first()
        entries = synonyms()
        if kept is None or kept.built_at != built_at or kept.entries != entries:
            return words_with(version, entries)
        return kept

    return _kept.get(version.pk, refresh)


def words_with(version: IndexVersion, entries: tuple[SynonymEntry, ...]) -> VersionWords:
    """Return the words of a version with these synonyms beside the general ones, read anew."""
    row = VersionLexicon.objects.filter(version=version).first()
    if row is None:
        uncounted = Lexicon({}, None, 0, merged_synonyms(entries), language=version.config)
        return VersionWords(uncounted, entries=entries)
    return _words(version, row, entries)


def forget_words() -> None:
    """Forget every version's words."""
    _kept.forget()


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
