"""The facets of an answer as Oscar's templates read them, and what an address chooses of them.

An address chooses by `selected_facets=colour:Blue`, once per value, as with Oscar's own search; `price:20-50` is a range of prices, whose ends
may be left out, and `stock:yes` leaves out what is sold out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from oscar.templatetags.currency_filters import currency

from ...engine import FacetCount, Filters, PriceRange, SearchAnswer
from ...exceptions import InvalidQuery
from ...facets import CATEGORY, GENDER, SIZE
from ...registry import get_index
from .index import OscarIndex

PARAMETER = "selected_facets"
PRICE, STOCK, YES = "price", "stock", "yes"
SHOWN = 20  # values of a facet; chosen ones are always shown
INDENT = "\u00a0\u00a0"  # per level of the category tree


class Chosen:
    """What an address chooses.

    Args:
        data: its query parameters.
        within: the value of the category whose page it is; "" on other pages.
        below: values of the categories below that one.
    """

    def __init__(self, data: QueryDict, within: str = "", below: Collection[str] = ()) -> None:
        self._data, self._within, self._below = data, within, below
        self.facets: dict[str, tuple[str, ...]] = {}
        self.price = ""
        self.in_stock = False
        declared = get_index().facets
        for stated in data.getlist(PARAMETER):
            name, sign, value = stated.partition(":")
            if name == PRICE:
                self.price = value
            elif name == STOCK:
                self.in_stock = value == YES
            elif sign and value and name in declared and (name != CATEGORY or not within or value in below):
                self.facets[name] = tuple(dict.fromkeys((*self.facets.get(name, ()), value)))

    @property
    def filters(self) -> Filters:
        """The filters of a search.

        Raises:
            InvalidQuery: the price is no range.
        """
        lowest, highest = self._prices()
        facets = dict(self.facets)
        if self._within:
            facets.setdefault(CATEGORY, (self._within,))
        return Filters(facets=facets, price_min=lowest, price_max=highest, in_stock=self.in_stock)

    def _prices(self) -> tuple[Decimal | None, Decimal | None]:
        if not self.price:
            return None, None
        lowest, _sign, highest = self.price.partition("-")
        try:
            return (Decimal(lowest) if lowest else None), (Decimal(highest) if highest else None)
        except InvalidOperation as error:
            raise InvalidQuery("invalid_price", "The price must be a range such as 20-50.") from error

    def panel(self, answer: SearchAnswer, path: str) -> dict[str, dict[str, Any]]:
        """Return the facets of an answer that can be chosen, as the template `oscar/search/partials/facet.html` reads them.

        Args:
            answer: a page of results.
            path: of the page, without its query string.
        """
        groups: dict[str, dict[str, Any]] = {}
        labels = _labels()
        for facet, counts in answer.facets.items():
            shown = [
                one for one in counts if facet != CATEGORY or not self._within or one.value in self._below
            ]
            options = self._options(facet, shown, path)
            if options:
                groups[facet] = {"name": labels[facet], "results": options}
        ranges = [self._price_option(one, path) for one in answer.price_ranges]
        if ranges:
            groups[PRICE] = {"name": _("Price range"), "results": ranges}
        if 0 < answer.in_stock < answer.total or self.in_stock:
            option = self._option(STOCK, YES, _("In stock"), answer.in_stock, self.in_stock, path)
            groups[STOCK] = {"name": _("Availability"), "results": [option]}
        return groups

    def _options(self, facet: str, counts: Sequence[FacetCount], path: str) -> list[dict[str, Any]]:
        chosen = self.facets.get(facet, ())
        commonest = sorted(counts, key=lambda one: -one.count)[:SHOWN]
        shown = {one.value for one in commonest} | set(chosen)
        depths: dict[str, int] = {}
        for one in counts:  # each behind the one above it
            depths[one.value] = depths[one.parent] + 1 if one.parent in depths else 0
        options = [
            self._option(
                facet, one.value, INDENT * depths[one.value] + one.value, one.count, one.value in chosen, path
            )
            for one in counts
            if one.value in shown
        ]
        counted = {one.value for one in counts}
        options += [
            self._option(facet, value, value, None, True, path) for value in chosen if value not in counted
        ]
        return sorted(options, key=lambda option: _place(option["name"])) if facet == SIZE else options

    def _price_option(self, one: PriceRange, path: str) -> dict[str, Any]:
        ends = ["" if end is None else format(end.normalize(), "f") for end in (one.lowest, one.highest)]
        value = "-".join(ends)
        return self._option(PRICE, value, price_label(one), one.count, value == self.price, path)

    def _option(
        self, facet: str, value: str, name: str, count: int | None, chosen: bool, path: str
    ) -> dict[str, Any]:
        own = f"{facet}:{value}"
        others = [one for one in self._data.getlist(PARAMETER) if one != own]
        if facet == PRICE:  # one range at a time
            others = [one for one in others if not one.startswith(f"{PRICE}:")]
        address = self._address(path, others if chosen else [*others, own])
        return {
            "name": name,
            "count": count,
            "show_count": count is not None,
            "disabled": count == 0 and not chosen,
            "selected": chosen,
            "deselect_url" if chosen else "select_url": address,
        }

    def _address(self, path: str, selected: Iterable[str]) -> str:
        data = self._data.copy()
        data.pop("page", None)
        data.setlist(PARAMETER, list(selected))
        return f"{path}?{data.urlencode()}"


def price_label(one: PriceRange) -> str:
    """Return a price range in words, in Oscar's default currency: "£20.00 to £49.99", "Up to £19.99", "£50.00 and more"."""
    lowest, highest = (None if end is None else currency(end) for end in (one.lowest, one.highest))
    if lowest is None:
        return _("Up to %(price)s") % {"price": highest}
    if highest is None:
        return _("%(price)s and more") % {"price": lowest}
    return _("%(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}


def _labels() -> Mapping[str, str]:
    index = get_index()
    given = index.labels if isinstance(index, OscarIndex) else {}
    usual = {CATEGORY: _("Category"), GENDER: _("For")}
    return {
        name: given.get(name) or usual.get(name) or name.replace("_", " ").capitalize()
        for name in index.facets
    }


_LETTERS = {
    name: place
    for place, name in enumerate(("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "2xl", "3xl", "4xl"))
}


def _place(size: str) -> tuple[int, float, str]:
    """Letters in their order, then numbers, then the rest by name."""
    folded = size.strip().casefold()
    if folded in _LETTERS:
        return 0, _LETTERS[folded], folded
    number = folded.split(" ")[-1].split("/")[0].replace(",", ".")
    try:
        return 1, float(number), folded
    except ValueError:
        return 2, 0.0, folded
