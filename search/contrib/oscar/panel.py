"""The facets of an answer as Oscar's templates read them, and what an address chooses of them.

An address chooses by `selected_facets=colour:Blue`, once per value, as with Oscar's own search; `price:20-50` is a range of prices, whose ends
may be left out, and `stock:yes` leaves out what is sold out.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from oscar.templatetags.currency_filters import currency

from ...engine import FacetCount, Filters, SearchAnswer
from ...exceptions import InvalidQuery
from ...facets import CATEGORY
from ...registry import get_index
from ...views.panel import group_of, price_label
from ...views.wanted import facet_labels
from .categories import SEPARATOR

PARAMETER = "selected_facets"
PRICE, STOCK, YES = "price", "stock", "yes"
INDENT = "\u00a0\u00a0"  # per level of the category tree


class Chosen:
    """What an address chooses of the facets.

    Args:
        data: its query parameters.
        within: the value of the category whose page it is, "" for one that is not public; None on other pages.
        below: values of the categories below that one.
    """

    def __init__(self, data: QueryDict, within: str | None = None, below: Collection[str] = ()) -> None:
        self._data, self._within, self._below = data, within, below
        self.facets: dict[str, tuple[str, ...]] = {}
        self.price = ""
        self.in_stock = False
        declared = get_index().facets
        for stated in data.getlist(PARAMETER):
            name, _sign, value = stated.partition(":")
            if name == PRICE:
                self.price = value
            elif name == STOCK:
                self.in_stock = value == YES
            elif value and name in declared and (name != CATEGORY or within is None or value in below):
                self.facets[name] = tuple(dict.fromkeys((*self.facets.get(name, ()), value)))

    @property
    def known(self) -> bool:
        """Whether the index can know the page, which is not that of a category that is not public."""
        return self._within is None or bool(self._within)

    @property
    def narrows(self) -> bool:
        """Whether anything is chosen."""
        return bool(self.facets or self.price or self.in_stock)

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

    def panel(self, answer: SearchAnswer, path: str) -> dict[str, dict[str, Any]]:
        """Return the facets of an answer that can be chosen, as the template `oscar/search/partials/facet.html` reads them.

        Args:
            answer: a page of results.
            path: of the page, without its query string.
        """
        groups: dict[str, dict[str, Any]] = {}
        for facet, label in facet_labels().items():
            options = self._options(facet, str(label), answer.facets.get(facet, ()), path)
            if options:
                groups[facet] = {"name": str(label), "results": options}
        ranges = []
        for one in answer.price_ranges:
            value = "-".join(
                "" if end is None else format(end.normalize(), "f") for end in (one.lowest, one.highest)
            )
            name = price_label(one.lowest, one.highest, currency)
            ranges.append(self._option(PRICE, value, name, one.count, value == self.price, path))
        if ranges:
            groups[PRICE] = {"name": _("Price range"), "results": ranges}
        if self.in_stock or 0 < answer.in_stock < answer.total:
            option = self._option(STOCK, YES, _("In stock"), answer.in_stock, self.in_stock, path)
            groups[STOCK] = {"name": _("Availability"), "results": [option]}
        return groups

    def _options(
        self, facet: str, label: str, counts: Iterable[FacetCount], path: str
    ) -> list[dict[str, Any]]:
        if facet == CATEGORY and self._within is not None:
            counts = [one for one in counts if one.value in self._below]
        group = group_of(facet, label, counts, self.facets.get(facet, ()))
        options = []
        for one in group.options if group else ():
            # Below the one above it a category needs no more than its own name.
            name = one.value.rpartition(SEPARATOR)[2] if one.depth and facet == CATEGORY else one.value
            options.append(
                self._option(facet, one.value, INDENT * one.depth + name, one.count, one.chosen, path)
            )
        return options

    def _option(
        self, facet: str, value: str, name: str, count: int | None, chosen: bool, path: str
    ) -> dict[str, Any]:
        own = f"{facet}:{value}"
        others = [one for one in self._data.getlist(PARAMETER) if one != own]
        if facet == PRICE:  # one range at a time
            others = [one for one in others if not one.startswith(f"{PRICE}:")]
        data = self._data.copy()
        data.pop("page", None)
        data.setlist(PARAMETER, others if chosen else [*others, own])
        return {
            "name": name,
            "count": count,
            "show_count": count is not None,
            "disabled": count == 0 and not chosen,
            "selected": chosen,
            "deselect_url" if chosen else "select_url": f"{path}?{data.urlencode()}",
        }

    def _prices(self) -> tuple[Decimal | None, Decimal | None]:
        lowest, _sign, highest = self.price.partition("-")
        try:
            return (Decimal(lowest) if lowest else None), (Decimal(highest) if highest else None)
        except InvalidOperation as error:
            raise InvalidQuery("invalid_price", "The price must be a range such as 20-50.") from error
