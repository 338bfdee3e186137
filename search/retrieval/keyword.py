"""The keyword leg: products that hold the query's words."""

from collections.abc import Callable, Iterator, Sequence

from ..conf import get_settings
from ..querysets import Row
from .candidates import Candidate, Leg, Space
from .cleaning import Query

LONGEST_RELAXED = 8  # words; a query with each word left out in turn grows with their square


def keyword_leg(space: Space, query: Query) -> Leg:
    """Find products that hold every word of the query; where they are few, all words but one, then any word.

    What has the query as its SKU or name is what was meant: then no word is left out. A query of which the text
    search configuration keeps no word (emoji, stop words) finds nothing here.
    """
    settings = get_settings()
    rows = space.entries().with_every_word(query.text, space.config)
    found = {Candidate(key, pk): rank for key, pk, rank, _ in rows}
    exact = [Candidate(key, pk) for key, pk, _, is_exact in rows if is_exact]
    complete = True
    for relaxed in () if exact else _relaxations(space, query):
        if len(found) >= settings.keyword_enough:
            break
        looser = relaxed(query.words, space.config, settings.candidates)
        complete = len(looser) < settings.candidates
        for key, pk, words in looser:
            found.setdefault(Candidate(key, pk), words)
    return Leg(list(found), list(found.values()), exact, complete)


def _relaxations(space: Space, query: Query) -> Iterator[Callable[[Sequence[str], str, int], list[Row]]]:
    if 2 < len(query.words) <= LONGEST_RELAXED:
        yield space.entries().with_most_words
    if len(query.words) > 1:
        yield space.entries().with_any_word
