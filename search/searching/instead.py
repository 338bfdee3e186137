"""What to try where a query finds nothing."""

from ..engine.version_words import words_of
from ..insight.popular import popular_queries
from ..models import IndexVersion
from ..query.lexicon import CATEGORY

MOST = 6


def queries_instead(version: IndexVersion) -> tuple[str, ...]:
    """Return queries that many searched for, then the names of the largest categories that nothing lies below."""
    queries = [query.text for query in popular_queries("", MOST)]
    lexicon = words_of(version).lexicon
    above = set(lexicon.parents.values())
    leaves = [
        (-count, value)
        for facet, value, count in lexicon.values()
        if facet == CATEGORY and value not in above
    ]
    return tuple(dict.fromkeys([*queries, *(value for _, value in sorted(leaves)[:MOST])]))[:MOST]
