"""Queries that many searches had in common, for suggestions while typing."""

from dataclasses import dataclass

from ..models import PopularQuery
from .draining import normalise


@dataclass(frozen=True, slots=True)
class Popular:
    """A query that was searched for several times in the last weeks, and found something."""

    text: str
    searches: int
    clicked: int  # searches of which a result was clicked


def popular_queries(prefix: str, limit: int) -> list[Popular]:
    """Return the commonest queries that begin with `prefix`, in any capital letters; all of them for "".

    A query is popular from POPULAR_MINIMUM searches in 30 days on, so that what one person types once is
    never suggested to another. The table is made by the roll-up.

    Args:
        prefix: what was typed so far.
        limit: most queries.
    """
    typed = normalise(prefix) + (" " if prefix[-1:].isspace() else "")
    found = PopularQuery.objects.filter(query__startswith=typed.lstrip()).order_by("-searches", "query")
    return [Popular(row.text, row.searches, row.clicked) for row in found[:limit]]
