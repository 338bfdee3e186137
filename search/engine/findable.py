"""Which texts find something: suggestions are searched before they are offered, all of them in one statement."""

from collections.abc import Iterable, Sequence
from itertools import islice
from threading import Lock
from time import monotonic
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Value

from ..models import IndexVersion
from ..models.entries import EntryQuerySet
from ..models.terms import Fit, fit_of
from ..query.parse import clean_query
from ..session import reading, search_session
from ..text import split
from .candidates import Space
from .ranking import RankingQuery, holding_everything, read_words
from .request import NO_FILTERS

KEPT_SECONDS = 60.0  # that a process knows what a text finds
MOST_KEPT = 20_000  # texts, about 200 bytes each

_kept: dict[tuple[int, str], tuple[bool, float]] = {}  # with the moment of the look
_lock = Lock()


@reading
def which_find(version_id: int, texts: Iterable[str]) -> list[str]:
    """Return the texts that some product has all of, in their order; texts with a word that no product has are left out.

    What was looked up in the last minute is known to the process; the others cost one statement together.

    Args:
        version_id: the version that is searched.
        texts: as they would be typed.

    Raises:
        OperationalError: the database is away, or the time of a search was up.
    """
    texts = list(dict.fromkeys(texts))
    now = monotonic()
    known = {text: kept[0] for text in texts if (kept := _kept.get((version_id, text))) and kept[1] > now}
    if missing := [text for text in texts if text not in known]:
        found = _look(version_id, missing)
        known |= found
        with _lock:
            for text, finds in found.items():
                _kept.pop((version_id, text), None)  # what was looked up last stands last
                _kept[version_id, text] = finds, now + KEPT_SECONDS
            for oldest in list(islice(_kept, max(0, len(_kept) - MOST_KEPT))):
                del _kept[oldest]
    return [text for text in texts if known[text]]


def first_that_find(version_id: int, texts: Sequence[str], limit: int) -> list[str]:
    """Return the first `limit` of the texts that find something; those behind are looked up only where some do not."""
    found: list[str] = []
    for start in range(0, len(texts), limit):
        found += which_find(version_id, texts[start : start + limit])
        if len(found) >= limit:
            break
    return found[:limit]


def forget_findable() -> None:
    """Forget what texts find."""
    with _lock:
        _kept.clear()


def _look(version_id: int, texts: Sequence[str]) -> dict[str, bool]:
    found = dict.fromkeys(texts, False)
    version = IndexVersion.objects.filter(pk=version_id).first()
    if version is None:
        return found
    lookups: list[str] = []
    values: list[Any] = []
    with search_session():
        for number, text in enumerate(texts):
            entries = _entries_of(read_words(version, clean_query(text)))
            if entries is None:
                continue
            try:
                sql, params = entries.order_by().values_list(Value(number))[:1].query.sql_with_params()
            except EmptyResultSet:  # nothing that any entry could have fits well enough
                continue
            lookups.append(f"({sql})")
            values += params
        if lookups:
            with (
                connection.cursor() as cursor
            ):  # the parts are Django's own SQL, with placeholders for every value
                cursor.execute(" UNION ALL ".join(lookups), values)
                found |= {texts[number]: True for (number,) in cursor.fetchall()}
    return found


def _entries_of(query: RankingQuery) -> EntryQuerySet | None:
    """The entries that have all that a query asks for; None where it asks for what no product has, or ends with what asks for nothing."""
    understood, words = query.understood, split(query.typed.text)
    if words and words[-1].text in query.words.lexicon.synonyms.fillers:
        return None
    if understood.unknown or understood.unlisted or (query.codes and query.codes.only_close):
        return None
    if query.codes and query.codes.keys:
        return Space.of(query.version, query.under(NO_FILTERS)).entries().of_products(query.codes.keys)
    if query.lists_all:
        if understood.encoded:  # what is near to that follows, which may be nothing
            return None
        return Space.of(query.version, query.under(NO_FILTERS), query.typed, understood.negated).entries()
    entries = holding_everything(query, NO_FILTERS)
    if entries is None:
        return None
    # A mention in a description may be too little, as it is for the search.
    config = query.version.config
    for term in query.terms:
        entries = entries.alias(_fit=Fit(fit_of(term, config))).filter(_fit__gte=term.needed)
    return entries
