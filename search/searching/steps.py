"""What a ranking looked at on its way to the list, kept for those who ask why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..retrieval.filters import Filters
from ..understanding.terms import Term
from .scoring import Scored


@dataclass(frozen=True, slots=True)
class Steps:
    """The candidates of a ranking, step by step."""

    filters: Filters  # that candidates had to meet, with the price that the query states
    terms: Sequence[Term]  # one per unit of the query
    named: Collection[int]  # entries whose SKU or name is the query
    holding: Collection[int]  # entries that hold every term; no more than the setting RESULTS
    near: Collection[int]  # entries whose picture or text is near
    scored: Sequence[Scored]  # every candidate
    closest: bool  # whether the closest might fill up; not where filters leave few of many
    few: bool  # so few have all that was asked for that the closest were let in
    kept: Sequence[
        Scored
    ]  # candidates worth showing, by score, before variants were spread and rules applied
