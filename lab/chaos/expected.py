"""What a fault leaves behind that is as it should be: all else counts as broken."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple


class Deleted(NamedTuple):
    """A product that is gone."""

    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class Expected:
    """By default nothing was deleted and nothing failed."""

    deleted: tuple[Deleted, ...] = ()
    failed: frozenset[str] = frozenset()  # keys of products that have an error, parked or not
    parked: frozenset[str] = frozenset()  # keys of products that are put aside
    prices: dict[int, Decimal] = field(default_factory=dict)  # of saves that were accepted, by primary key


NOTHING = Expected()
