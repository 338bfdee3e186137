"""Terms: what of a query is looked up in the index, with how well each kind of match fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..weights import Weights
from .units import Unit

# Where a product's own value is what decides, a mere mention in its texts is little.
DECIDED = frozenset(("category", "gender", "colour", "brand"))


@dataclass(frozen=True, slots=True)
class Term:
    """A unit with the fits of its matches."""

    values: Mapping[str, float]
    phrases: Sequence[str]
    fits: tuple[float, float, float]  # in title, keywords, description
    importance: float
    needed: float


def terms_of(units: Sequence[Unit], weights: Weights) -> list[Term]:
    """Return one term per unit, in their order."""
    return [
        Term(unit.values, unit.phrases, _fits(unit, weights), unit.importance, weights.covered)
        for unit in units
    ]


def _fits(unit: Unit, weights: Weights) -> tuple[float, float, float]:
    if DECIDED.intersection(unit.facets):
        return (weights.beside,) * 3
    share = weights.mentioned if unit.values else 1.0
    return (share * weights.title, share * weights.keyword, share * weights.description)
