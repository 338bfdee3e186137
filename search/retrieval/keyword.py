"""The keyword leg: products that hold the query's words."""

from ..conf import get_settings
from .candidates import Candidate, Leg, Space
from .cleaning import Query


def keyword_leg(space: Space, query: Query) -> Leg:
    """Find products that hold every word of the query, and where they are few, those that hold any word.

    A query of which the text search configuration keeps no word (emoji, stop words) finds nothing here.
    """
    settings = get_settings()
    rows = space.entries().with_every_word(query.text, space.config)
    found = {Candidate(key, pk): rank for key, pk, rank, _ in rows}
    exact = [Candidate(key, pk) for key, pk, _, is_exact in rows if is_exact]
    complete = True
    if len(found) < settings.keyword_enough and len(query.words) > 1:
        limit = settings.candidates
        loose = space.entries().with_any_word(query.words, space.config, limit)
        complete = len(loose) < limit
        for key, pk, words in loose:
            found.setdefault(Candidate(key, pk), float(words))
    return Leg(list(found), list(found.values()), exact, complete)
