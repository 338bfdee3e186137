"""Facets: their names, and the tokens by which the index keeps their values: "colour=Navy Blue"."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

# Facets of these names hold what search knows more about; all others hold plain values.
CATEGORY, BRAND, COLOUR, GENDER, SIZE = "category", "brand", "colour", "gender", "size"
OCCASIONS = frozenset(("occasion", "usage"))  # what a product is worn for
TAGS = "tags"  # accepted tags; a host that declares it as a facet has it filtered and counted

SIGN = "="  # ends the name of the facet: a name holds none, a value may
MAX_FACET_NAME = 100  # characters
WAY = " \u203a "  # between the names of a category's path, where that stands for a name which several categories have


class FacetValue(NamedTuple):
    """A value of a facet."""

    facet: str
    value: str


def token_of(facet: str, value: str) -> str:
    """Return the token of a value: "colour=Navy Blue"."""
    return f"{facet}={value}"


def tokens_of(facets: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the tokens of the values of several facets in their order, each once."""
    return list(dict.fromkeys(token_of(facet, value) for facet, values in facets.items() for value in values))


def prefix_of(facet: str) -> str:
    """Return what the tokens of a facet begin with, and no others."""
    return f"{facet}="


def parse_token(token: str) -> FacetValue:
    """Return facet and value of a token; a text without "=" is a facet without a value."""
    facet, _, value = token.partition(SIGN)
    return FacetValue(facet, value)


def facet_of(token: str) -> str:
    """Return the facet of a token."""
    return token.partition(SIGN)[0]


def value_of(token: str) -> str:
    """Return the value of a token, "" where it has none."""
    return token.partition(SIGN)[2]


def has_value(token: str) -> bool:
    """Whether a token has a value that is not blank; in an index of an earlier release it may be."""
    return bool(value_of(token).strip())


def values_of(facet: str, tokens: Iterable[str]) -> list[str]:
    """Return the values of one facet among tokens, in their order."""
    prefix = prefix_of(facet)
    return [token.removeprefix(prefix) for token in tokens if token.startswith(prefix)]


def group_by_facet(tokens: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of each facet among tokens, both in the order of the tokens."""
    found: dict[str, list[str]] = {}
    for token in tokens:
        facet, value = parse_token(token)
        found.setdefault(facet, []).append(value)
    return found


def parse_typed(text: str) -> FacetValue | None:
    """Return what a person typed as "colour = Navy Blue", or None where there is no "=" in it."""
    facet, sign, value = (part.strip() for part in text.partition(SIGN))
    return FacetValue(facet, value) if sign else None


class Placed(tuple[str, ...]):
    """Values of several paths of a tree, of which those that stand elsewhere, too, carry the way to them already."""


def placed(path: Sequence[str], ambiguous: Collection[str], longest: int) -> list[str]:
    """Return the values of a path of categories: names, and for one that stands elsewhere, too, the way to it: "Women", WAY, "Shoes".

    Args:
        path: names, root first.
        ambiguous: names that several categories have.
        longest: characters of a value; of a longer way only its last steps are kept.
    """
    values = []
    for depth, name in enumerate(path):
        ways = (WAY.join(path[begin : depth + 1]) for begin in range(depth + 1))
        values.append(next((way for way in ways if len(way) <= longest), name) if name in ambiguous else name)
    return values


def name_of(facet: str, value: str) -> str:
    """Return a value as it is called: of a category that carries its way, the last name of it."""
    return value.rpartition(WAY)[2] if facet == CATEGORY else value
