"""The filter panel of a page of results: what is chosen, and the address of every next step."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext

from ..conf import get_settings
from ..engine.answers import Blocking
from ..engine.counts import FacetCount, PriceRange
from ..engine.request import Filters
from ..exceptions import InvalidQuery
from ..facets import CATEGORY
from ..money import amount_card, price_text
from ..query.parse import UnderstoodPart
from .panel import (
    Group,
    PriceOption,
    either,
    group_of,
    kind_of,
    named_once,
    part_label,
    price_label,
    value_label,
)
from .wanted import LOOK, SORTS, Label, Wanted, Within, facet_labels, read_page, read_price


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the query string without it."""

    label: str
    without: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A filter to take away, and what would be found then."""

    label: str
    without: str  # the query string without it
    matching: int
    similar: int


@dataclass(frozen=True, slots=True)
class UnderstoodChip:
    """A part of the query, and the query string without it."""

    kind: str  # what stands before the label; "" where that speaks for itself
    label: str
    without: str


class FilterForm:
    """Reads the query string of a search page, or of the page of a category.

    Args:
        request: of the page.
        within: the category whose page it is.
    """

    def __init__(self, request: HttpRequest, within: Within | None = None) -> None:
        data = request.GET
        self._request = request
        self._data = data
        self._labels = facet_labels()
        self.currency = get_settings().currency  # of the prices that are filtered by
        self._within = within
        self.likes = True  # whether results may be asked for that look like one
        self.sorts: Mapping[str, Label] = {**SORTS, "relevance": gettext("Recommended")} if within else SORTS
        self.sort = data.get("sort") or "relevance"
        self.in_stock = data.get("in_stock", "") == "on"
        self.corrects = data.get("spelling") != "off"
        self.price_min = data.get("price_min", "").strip()
        self.price_max = data.get("price_max", "").strip()
        self.photo = data.get("photo", "")
        self.more = self._chosen("more")
        self.looks_chosen = self._chosen("looks") if self.photo else ()
        # Without words, a photo or a chosen product there is no ranking that this could change.
        self.less = self._chosen("less") if self.looks or data.get("q", "").strip() else ()

    def wanted(self) -> Wanted:
        """The search.

        Raises:
            InvalidQuery: a price or the page is not a number, the lowest price is above the highest, or in_stock is no switch.
        """
        if self._data.get("in_stock", "") not in ("", "on", "off"):
            raise InvalidQuery("invalid_in_stock", "in_stock must be on or off.")
        lowest, highest = read_price(self.price_min, "lowest"), read_price(self.price_max, "highest")
        if lowest is not None and highest is not None and lowest > highest:
            raise InvalidQuery("invalid_price", "The lowest price is above the highest: swap the two.")
        facets = {field: values for field in self._labels if (values := self._chosen(field))}
        if self._within:
            facets.setdefault(CATEGORY, (self._within.name,))
        return Wanted(
            text=self._data.get("q", ""),
            filters=Filters(
                facets=facets,
                price_min=lowest,
                price_max=highest,
                in_stock=self.in_stock,
            ),
            sort=self.sort,
            page=read_page(self._data.get("page", "1")),
            spelling=self.corrects,
            token=self._data.get("token", ""),
            photo=self.photo,
            more=self.more,
            less=self.less,
            looks=self.looks_chosen,
        )

    def only_filters(self, sorts: Mapping[str, Label], default: str) -> None:
        """Leave words and looks aside, for a list that goes by filters alone.

        Args:
            sorts: those that such a list can have.
            default: the one that stands for others.
        """
        self.sorts = sorts
        self.sort = self.sort if self.sort in sorts else default
        self.photo, self.more, self.less, self.looks_chosen = "", (), (), ()
        self.likes = False

    @property
    def looks(self) -> bool:
        """Whether results are found by what they look like."""
        return bool(self.photo or self.more)

    @property
    def left_aside(self) -> list[str]:
        """Categories that the address names and that do not lie below the one whose page it is."""
        if self._within is None:
            return []
        own = {self._within.name, *self._within.below}
        return [name for name in dict.fromkeys(self._data.getlist(CATEGORY)) if name and name not in own]

    @property
    def shares_a_name(self) -> bool:
        """Whether a category elsewhere has the name of a chosen one, so that the index takes both for one."""
        return self._within is not None and not self._within.offered.issuperset(self._chosen(CATEGORY))

    @property
    def carried_look(self) -> list[tuple[str, str]]:
        """The parameters that say what results look like."""
        looks = {
            "photo": (self.photo,) if self.photo else (),
            "more": self.more,
            "less": self.less,
            "looks": self.looks_chosen,
        }
        return [(name, value) for name in LOOK for value in looks[name]]

    @property
    def narrows(self) -> bool:
        """Whether the address asks for more than words and a page: filters, another sort, a look, words as they were typed."""
        plain = {"q", "page", "token"}
        return any(value for name in self._data if name not in plain for value in self._data.getlist(name))

    @property
    def cleared(self) -> str:
        """The query string without filters and sort."""
        return self._kept("q", "spelling", *LOOK)

    def groups(self, facets: Mapping[str, Iterable[FacetCount]]) -> list[Group]:
        """The panel's facets that have values."""
        groups = (
            group_of(field, str(label), self._offered(field, facets.get(field, ())), self._chosen(field))
            for field, label in self._labels.items()
        )
        return [group for group in groups if group is not None]

    def price_options(self, ranges: Iterable[PriceRange]) -> list[PriceOption]:
        """The price ranges to choose from."""
        options = []
        for one in ranges:
            ends = {
                name: "" if price is None else format(price.normalize(), "f")
                for name, price in (("price_min", one.lowest), ("price_max", one.highest))
            }
            chosen = (self.price_min, self.price_max) == (ends["price_min"], ends["price_max"])
            label = self._price_label(one.lowest, one.highest)
            options.append(PriceOption(label, one.count, self._changed(**ends), chosen))
        return options

    def chips(self) -> list[Chip]:
        """The filters that are set, each with the address that drops it; values that name the same are one."""
        chips = [
            Chip(value_label(field, name), self._without(field, *values))
            for field in self._labels
            for name, values in named_once(self._chosen(field)).items()
        ]
        if self.price_min or self.price_max:
            ends = (read_price(self.price_min, "lowest"), read_price(self.price_max, "highest"))
            chips.append(Chip(self._price_label(*ends), self._changed(price_min="", price_max="")))
        if self.in_stock:
            chips.append(Chip(gettext("In stock"), self._without("in_stock")))
        return chips

    def understood(self, parts: Iterable[UnderstoodPart]) -> list[UnderstoodChip]:
        """What the query names, each with the address of the query without it."""
        return [
            UnderstoodChip(kind_of(part), part_label(part), self._changed(q=part.without))
            for part in parts
            if not part.implied
        ]

    def offers(self, blocking: Iterable[Blocking]) -> list[Offer]:
        """The filters without which something would be found, each with the address without it; not the category whose page it is."""
        return [
            Offer(self._label_of(one), without, one.matching, one.similar)
            for one in blocking
            if (without := self._without_blocking(one)) is not None
        ]

    def _label_of(self, one: Blocking) -> str:
        if one.text or one.filter not in ("price", "in_stock"):
            return one.text or either(one.values)
        if one.filter == "in_stock":
            return gettext("In stock")
        return self._price_label(read_price(self.price_min, "lowest"), read_price(self.price_max, "highest"))

    def _without_blocking(self, one: Blocking) -> str | None:
        if one.text:
            return self._changed(q=one.without)
        if one.filter == "price":
            return self._changed(price_min="", price_max="")
        return self._without(one.filter) if one.filter == "in_stock" or self._chosen(one.filter) else None

    def _price_label(self, lowest: Decimal | None, highest: Decimal | None) -> str:
        def write(price: Decimal) -> str:
            return price_text(self._request, amount_card(price, self.currency))

        return price_label(lowest, highest, write)

    def liking(self, name: str, sku: str) -> str:
        """The query string with a product that results should look like, `more`, or less like, `less`."""
        data = QueryDict(self._kept(*self._data), mutable=True)
        for kind in ("more", "less"):
            data.setlist(kind, [other for other in data.getlist(kind) if other != sku])
        data.appendlist(name, sku)
        return data.urlencode()

    def seeing(self, facet: str, value: str) -> str:
        """The query string that takes the photo for showing a value of a facet; "" for none."""
        data = QueryDict(self._kept(*self._data), mutable=True)
        others = [token for token in data.getlist("looks") if not token.startswith(f"{facet}=")]
        data.setlist("looks", [*others, f"{facet}={value}"])
        return data.urlencode()

    def disliking(self, name: str, sku: str) -> str:
        """The query string without it."""
        return self._without(name, sku)

    def as_typed(self) -> str:
        """The query string that searches for what was typed, slips and all."""
        return self._changed(spelling="off")

    def _offered(self, field: str, counts: Iterable[FacetCount]) -> Iterable[FacetCount]:
        if field != CATEGORY or self._within is None:
            return counts
        return [one for one in counts if one.value in self._within.offered]

    def _kept(self, *names: str) -> str:
        data = self._data.copy()
        for name in self._data:
            if name not in names or name in ("page", "token"):
                data.pop(name)
        return data.urlencode()

    def _changed(self, **parameters: str) -> str:
        data = self._data.copy()
        for name in ("page", "token"):
            data.pop(name, None)
        for name, value in parameters.items():
            data[name] = value
            if not value:
                del data[name]
        return data.urlencode()

    def _chosen(self, field: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(filter(None, self._data.getlist(field))))
        if field == CATEGORY and self._within:
            return tuple(value for value in chosen if value in self._within.below)
        return chosen

    def _without(self, field: str, *values: str) -> str:
        """The query string without some values of a parameter, or without all of them."""
        data = self._data.copy()
        for name in ("page", "token"):
            data.pop(name, None)
        rest = [other for other in data.getlist(field) if values and other not in values]
        data.setlist(field, rest)
        return data.urlencode()
