"""What the address of a search page asks for, as the engine takes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.formats import get_format
from django.utils.functional import Promise

from ..engine.request import Filters
from ..exceptions import InvalidQuery
from ..facets import BRAND, CATEGORY, COLOUR, GENDER, SIZE, TAGS
from ..money import SYMBOLS
from ..registry import get_index
from ..sentences import gettext_lazy

Label = str | Promise

_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")  # 1.500 where a comma begins the decimals

LOOK = ("photo", "more", "less", "looks")
LABELS: dict[str, Label] = {
    CATEGORY: gettext_lazy("Category"),
    GENDER: gettext_lazy("For"),
    COLOUR: gettext_lazy("Colour"),
    SIZE: gettext_lazy("Size"),
    BRAND: gettext_lazy("Brand"),
    "pattern": gettext_lazy("Pattern"),
    "material": gettext_lazy("Material"),
    "usage": gettext_lazy("Occasion"),
    "occasion": gettext_lazy("Occasion"),
    "season": gettext_lazy("Season"),
    TAGS: gettext_lazy("Tags"),
}
SORTS: dict[str, Label] = {
    "relevance": gettext_lazy("Best match"),
    "newest": gettext_lazy("Newest"),
    "price": gettext_lazy("Price, low to high"),
    "-price": gettext_lazy("Price, high to low"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search as the plugin takes it."""

    text: str
    filters: Filters
    sort: str
    page: int
    spelling: bool  # whether slips are corrected
    token: str  # of the list that pages are cut from
    photo: str  # token of the photo to search with
    more: tuple[str, ...]  # SKUs of products that results should look like
    less: tuple[str, ...]  # and less like
    looks: tuple[str, ...]  # what the photo shows, as facet=value


@dataclass(frozen=True, slots=True)
class Within:
    """The category whose page it is."""

    name: str
    below: frozenset[str]  # names of the categories below it, which may be chosen
    offered: frozenset[str]  # those of them that no category elsewhere has, so that the index can count them


def facet_labels() -> Mapping[str, Label]:
    """Return the label of each facet, in the order of the panel.

    An attribute `labels` of the host's ProductIndex comes first, in its own order; other facets follow in theirs, with a
    label of the plugin's or their name.
    """
    index = get_index()
    given: Mapping[str, Label] = index.labels
    own = {facet: given[facet] for facet in given if facet in index.facets}
    return own | {facet: LABELS.get(facet, _named(facet)) for facet in index.facets if facet not in own}


def label_of(facet: str) -> str:
    """Return the label of a facet that may be a photo's alone."""
    return str(facet_labels().get(facet) or LABELS.get(facet) or _named(facet))


def _named(facet: str) -> str:
    return facet.replace("_", " ").capitalize()


def read_price(stated: str, which: str) -> Decimal | None:
    """Return a price as it was typed, in the form of the active language or with a point; None where there is none.

    Args:
        stated: such as `1500`, `1,500`, `₹ 1500`, in German `1.500,00`.
        which: what it is called in the sentence: "lowest" or "highest".

    Raises:
        InvalidQuery: it is no price.
    """
    if not stated:
        return None
    try:
        price = Decimal(_plain(stated))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < 10**10:
        raise InvalidQuery("invalid_price", f"The {which} price must be a number such as 1500.")
    return price


def _plain(stated: str) -> str:
    """A number as Python reads it.

    Links hold prices with a point, so that a shared address means the same in every language; a language that has commas for
    decimals reads a point as one, too, unless exactly three digits follow.
    """
    for symbol in SYMBOLS.values():
        stated = stated.replace(symbol, "")
    stated = "".join(stated.split())
    if get_format("DECIMAL_SEPARATOR") != ",":
        return stated.replace(",", "")
    if "," in stated or _GROUPED.fullmatch(stated):
        return stated.replace(".", "").replace(",", ".")
    return stated


def read_page(stated: str) -> int:
    """Return the number of a page.

    Raises:
        InvalidQuery: it is none.
    """
    if not (stated.isascii() and stated.isdigit() and len(stated) < 7):
        raise InvalidQuery("invalid_page", "The page must be a whole number from 1.")
    return int(stated)
