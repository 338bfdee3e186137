"""The speller of an index version, loaded once per process and state of the version's words."""

from collections.abc import Collection, Sequence
from functools import lru_cache, partial

from django.contrib.postgres.search import SearchQuery
from django.db import connection

from ..models import IndexEntry, WordList
from ..text import stem
from .clean import MAX_LENGTH
from .spelling import Correction, Speller, Vocabulary, everyday_words


def correct(version_id: int, text: str, extra_known: Collection[str] = ()) -> Correction | None:
    """Return the query corrected against the words of a version, or None where nothing is to be corrected.

    Args:
        version_id: the version that is searched; one whose words were not counted yet corrects nothing.
        text: a cleaned query; a correction that would be longer than a query may be is none.
        extra_known: words that are right besides; give the same frozenset every time, since another one makes
            another speller.
    """
    words = (
        WordList.objects.filter(pk=version_id)
        .select_related("version")
        .only("stamp", "version__text_config")
        .first()
    )
    if words is None:
        return None
    speller = _speller(version_id, words.stamp, words.version.config, frozenset(extra_known))
    correction = speller.correct(text)
    return None if correction is None or len(correction.text) > MAX_LENGTH else correction


@lru_cache(maxsize=2)
def _speller(version_id: int, _stamp: str, config: str, extra_known: frozenset[str]) -> Speller:
    packed = WordList.objects.values_list("vocabulary", flat=True).get(pk=version_id)
    return Speller(
        Vocabulary.unpack(bytes(packed)),
        everyday=_Everyday(),
        extra_known=extra_known,
        in_texts=partial(_in_texts, version_id, config),
    )


class _Everyday:
    """The everyday words, read with the first word that the catalogue does not hold."""

    def __contains__(self, word: object) -> bool:
        return word in everyday_words()


def _in_texts(version_id: int, config: str, pairs: Sequence[tuple[str, str]]) -> Collection[str]:
    """Which words the documents of a version hold, in any inflection.

    Args:
        version_id: the version that is searched.
        config: text search configuration.
        pairs: words, each with another one; a word with the same stem as its other one is not returned.
    """
    # The stem of "earings" is that of "ear": were it an inflection of an everyday word, it would be everyday, too.
    doubtful = [pair for pair in pairs if not _is_stem_of_everyday(stem(pair[0].lower(), config))]
    entries = IndexEntry.objects.in_version(version_id)
    held = set()
    with connection.cursor() as cursor:
        # Counted, because EXISTS makes Postgres hope for an early hit and read the whole table where there is none.
        for word, other in doubtful:
            query = SearchQuery(word, config=config, search_type="plain")
            sql, params = entries.filter(document=query).values("pk").query.sql_with_params()
            cursor.execute(
                # the subquery is Django's own SQL, with placeholders for every value
                "SELECT plainto_tsquery(%s::regconfig, %s) <> plainto_tsquery(%s::regconfig, %s)"  # noqa: S608
                f" AND (SELECT count(*) FROM ({sql}) AS entry) > 0",
                [config, word, config, other, *params],
            )
            if cursor.fetchone()[0]:
                held.add(word)
    return held


def _is_stem_of_everyday(stemmed: str) -> bool:
    words = {stemmed, stemmed + "e", stemmed + "s", stemmed + "y", stemmed.removesuffix("i") + "y"}
    return not words.isdisjoint(everyday_words())
