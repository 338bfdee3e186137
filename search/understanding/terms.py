"""Terms: what of a query is looked up in the index, with how well each kind of match fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..conf import Weights
from .lexicon import NEAR
from .units import Unit

# Where a product's own value is what decides, a mention in its texts is nothing: "shirt" stands in every t-shirt's name.
DECIDED = frozenset(("category", "gender", "colour", "brand"))


@dataclass(frozen=True, slots=True)
class Term:
    """A unit with the fits of its matches."""

    values: Mapping[str, float]
    phrases: Sequence[str]
    fits: tuple[float, float, float]  # in title, keywords, description
    importance: float
    needed: float
    near: Sequence[str] = ()  # phrases that may have been meant
    near_share: float = NEAR  # how well they fit, as a share of the fits of `phrases`


def terms_of(units: Sequence[Unit], weights: Weights) -> list[Term]:
    """Return one term per unit, in their order."""
    return [_term(unit, weights) for unit in units]


def _term(unit: Unit, weights: Weights) -> Term:
    if DECIDED.intersection(unit.facets):
        return Term(unit.values, (), (0.0, 0.0, 0.0), unit.importance, weights.covered)
    share = weights.mentioned if unit.values else 1.0
    fits = (share * weights.title, share * weights.keyword, share * weights.description)
    return Term(unit.values, unit.phrases, fits, unit.importance, weights.covered, unit.near)
