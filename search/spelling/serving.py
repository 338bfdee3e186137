"""The speller of an index version, loaded once per process and state of the version's words."""

from collections.abc import Collection, Sequence
from functools import lru_cache, partial

from ..conf import get_settings
from ..models import IndexEntry, WordList
from ..querysets import EntryQuerySet
from .english import everyday_words
from .speller import Correction, Speller
from .vocabulary import Vocabulary


def correct(version_id: int, text: str, extra_known: Collection[str] = ()) -> Correction | None:
    """Return the query corrected against the words of a version, or None where nothing is to be corrected.

    Args:
        version_id: the version that is searched; one whose words were not counted yet corrects nothing.
        text: a cleaned query.
        extra_known: words that are right besides; give the same frozenset every time, since another one makes
            another speller.
    """
    stamp = WordList.objects.filter(pk=version_id).values_list("stamp", flat=True).first()
    if stamp is None:
        return None
    return _speller(version_id, stamp, frozenset(extra_known)).correct(text)


@lru_cache(maxsize=2)
def _speller(version_id: int, _stamp: str, extra_known: frozenset[str]) -> Speller:
    packed = WordList.objects.values_list("vocabulary", flat=True).get(pk=version_id)
    return Speller(
        Vocabulary.unpack(bytes(packed)),
        everyday=everyday_words(),
        extra_known=extra_known,
        in_texts=partial(_in_texts, version_id),
    )


def _in_texts(version_id: int, pairs: Sequence[tuple[str, str]]) -> Collection[str]:
    entries = EntryQuerySet(IndexEntry).in_version(version_id)
    return entries.words_in_texts(pairs, get_settings().text_config)
