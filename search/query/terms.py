"""What a query was understood as: units that products match more or less, and a price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..conf import Weights
from ..facets import BRAND, CATEGORY, COLOUR, GENDER, facet_of
from .lexicon import NEAR


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that the query asks for: a value of a facet, or a word that texts hold."""

    text: str  # as typed
    values: Mapping[str, float] = field(
        default_factory=dict
    )  # "colour=Navy Blue" -> how well it fits, up to 1
    phrases: tuple[str, ...] = ()  # in a product's text, any of them says the same
    importance: float = 1.0  # its share in a product's score
    implied: bool = False  # not typed: "lingerie" asks for "women", too
    near: tuple[str, ...] = ()  # phrases that may have been meant; they fit less well

    @property
    def facets(self) -> tuple[str, ...]:
        """Facets that its values belong to, the best fitting first."""
        best = sorted(self.values, key=lambda token: -self.values[token])
        return tuple(dict.fromkeys(facet_of(token) for token in best))


@dataclass(frozen=True, slots=True)
class Price:
    """A price range that the query states."""

    text: str  # as typed: "under 1500"
    lowest: Decimal | None = None
    highest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, taken apart with the words of a catalogue."""

    units: tuple[Unit, ...] = ()
    price: Price | None = None
    cheap: str = ""  # a word such as "cheap", as typed
    unknown: tuple[str, ...] = ()  # words that no product holds
    encoded: str = ""  # what the text encoder reads: shoppers' words as the catalogue has them

    @property
    def parts(self) -> tuple[Unit, ...]:
        """The units that name values of facets."""
        return tuple(unit for unit in self.units if unit.values)


# Terms: what of a query is looked up in the index, with how well each kind of match fits.


# Where a product's own value is what decides, a mention in its texts is nothing: "shirt" stands in every t-shirt's name.
DECIDED = frozenset((CATEGORY, GENDER, COLOUR, BRAND))


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
