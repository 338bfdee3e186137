"""What a ranking looked at on its way to the list, kept for those who ask why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .scoring import Scored


@dataclass(frozen=True, slots=True)
class Steps:
    """The candidates of a ranking, step by step."""

    named: Collection[int]  # entries whose SKU or name is the query
    scored: Sequence[Scored]  # every candidate
    closest: bool  # whether the closest might fill up; not where enough have everything before filters
    few: bool  # so few have all that was asked for that the closest were let in
    kept: Sequence[
        Scored
    ]  # candidates worth showing, by score, before variants were spread and rules applied
