"""What a query for girls, boys or kids asks for: children's products, by their values and by what their names say."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..facets import GENDER, facet_of, value_of
from ..text import keys, split
from .lexicon import EXACT, LOOSE, Lexicon

OTHER_CHILD = 0.5  # boys' products, where the query names girls as well: just enough
GROWN_UP = 0.45  # "unisex" for girls, by a synonym: a miss, before boys' products
MISSED = 0.15  # boys' products, where the query names girls alone: a miss, before what no child can wear
_GROWN = {"boys": "men", "girls": "women"}  # whose value a child's product may have by mistake of a catalogue


class ForChildren(NamedTuple):
    """What is asked for: values with their fits; words of names, and the values that a product called so may have."""

    values: Mapping[str, float]
    titles: tuple[str, ...]
    roots: tuple[str, ...]


def children_stated(parts: Iterable[Mapping[str, float]], lexicon: Lexicon) -> frozenset[str]:
    """Return the children that a query states: "girls" of "kids clothes girls", both of "boys and girls", none of "kids".

    Args:
        parts: tokens that each part of the query names, with their fits.
        lexicon: the catalogue's words.
    """
    named = [_asked(values, lexicon) for values in parts]
    return frozenset().union(*(tokens for tokens in named if len(tokens) < len(lexicon.kids)))


def for_children(
    values: Mapping[str, float], own: Iterable[str], stated: Collection[str], lexicon: Lexicon
) -> ForChildren | None:
    """Return what a part of a query asks for that names children; None where it does not.

    The other child's value is a miss, as women's is for men, unless another part of the query states that child.

    Args:
        values: tokens that it names, with their fits.
        own: those that are called so.
        stated: the children that the whole query states.
        lexicon: the catalogue's words.
    """
    kids, own = lexicon.kids, frozenset(own)
    named = _asked(values, lexicon)
    if not named:
        return None
    asked = named & frozenset(stated) or named
    fits = {
        token: fit if token in asked or token in own else GROWN_UP
        for token, fit in values.items()
        if token in asked or token not in kids
    }
    fits |= {token: OTHER_CHILD if token in stated else MISSED for token in kids if token not in asked}
    others = [word for word in lexicon.synonyms.kids if asked.isdisjoint(lexicon.senses([word]))]
    not_for = {
        token for word in others for token in (*_exact(word, lexicon), *_exact(_GROWN.get(word, ""), lexicon))
    }
    genders = [token for token in lexicon.facets if facet_of(token) == GENDER and token not in not_for]
    return ForChildren(fits, _titles(asked, lexicon), tuple(genders))


def _asked(values: Mapping[str, float], lexicon: Lexicon) -> frozenset[str]:
    return frozenset(token for token in lexicon.kids if values.get(token, 0.0) >= LOOSE)


def _titles(asked: Collection[str], lexicon: Lexicon) -> tuple[str, ...]:
    """Words in names of children's products: the values asked for, and what means only these or all children; each in one inflection."""
    kids = set(lexicon.kids)
    phrases = [value_of(token) for token in sorted(asked)]
    for phrase, targets in lexicon.synonyms.means.items():
        meant = {token for target in targets for token in _exact(target, lexicon)}
        if meant and meant <= kids and (meant == kids or meant.issubset(asked)):
            phrases.append(phrase)
    found: dict[str, str] = {}
    for phrase in phrases:
        words = [word.text for word in split(phrase)]
        found.setdefault(keys(words, lexicon.language)[0], " ".join(words))
    return tuple(found.values())


def _exact(word: str, lexicon: Lexicon) -> list[str]:
    senses = lexicon.senses([word]) if word else {}
    return [token for token, fit in senses.items() if fit >= EXACT]
