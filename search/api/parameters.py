"""Read and check what the address of an API request asks for."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from difflib import get_close_matches

from django.http import QueryDict

from ..conf import get_settings
from ..engine.request import Filters, SearchRequest, Trial, check_range
from ..exceptions import InvalidQuery
from ..registry import get_index
from ..text import clean_text

PRICES = ("price_min", "price_max")
_PRICE = re.compile(r"\d{1,10}(\.\d{1,4})?", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def search_parameters(given: QueryDict, trial: Callable[[], Trial]) -> SearchRequest:
    """Read the parameters of a search.

    Args:
        given: the request's parameters.
        trial: gives the trial of a search that explains itself, or refuses it.

    Raises:
        InvalidQuery: a parameter is unknown, doubled, or has a value that it cannot have.
    """
    own = ("q", "sort", "page", "page_size", "spelling", "token", "explain", "photo", "more", "less", "looks")
    _check_names(given, own)
    settings = get_settings()
    return SearchRequest(
        _single(given, "q"),
        filters=_filters(given),
        sort=_single(given, "sort") or "relevance",
        page=_number(given, "page", 1),
        page_size=min(_number(given, "page_size", settings.page_size), settings.max_page_size),
        spelling=_switch(given, "spelling", default=True),
        token=_single(given, "token"),
        photo=_single(given, "photo"),
        more=given.getlist("more"),
        less=given.getlist("less"),
        looks=given.getlist("looks"),
        trial=trial() if _switch(given, "explain", default=False) else None,
    )


def similar_parameters(given: QueryDict) -> tuple[Filters, int]:
    """Read filters and limit of a request for similar products.

    Raises:
        InvalidQuery: a parameter is unknown, doubled, or has a value that it cannot have.
    """
    _check_names(given, ("limit",))
    return _filters(given), min(_number(given, "limit", 12), get_settings().max_page_size)


def suggest_parameters(given: QueryDict) -> tuple[str, int]:
    """Read text and limit of a request for suggestions.

    Raises:
        InvalidQuery: a parameter is unknown, doubled, or has a value that it cannot have.
    """
    return limited_parameters(given, "q", 6)


def limited_parameters(given: QueryDict, own: str, default: int) -> tuple[str, int]:
    """Read one parameter and the limit of a request that takes no other.

    Args:
        given: the request's parameters.
        own: name of the one beside the limit.
        default: the limit where none is given.

    Raises:
        InvalidQuery: a parameter is unknown, doubled, or has a value that it cannot have.
    """
    for name in given:
        if name not in (own, "limit"):
            raise InvalidQuery("unknown_parameter", f"{name[:60]!r} is not a parameter: use {own} and limit.")
    return _single(given, own), min(_number(given, "limit", default), get_settings().max_page_size)


def browse_parameters(given: QueryDict) -> tuple[str, int]:
    """Read cursor and size of a page of the catalogue.

    Raises:
        InvalidQuery: a parameter is unknown, doubled, or has a value that it cannot have.
    """
    for name in given:
        if name not in ("cursor", "page_size"):
            raise InvalidQuery(
                "unknown_parameter", f"{name[:60]!r} is not a parameter: use cursor and page_size."
            )
    settings = get_settings()
    size = min(_number(given, "page_size", settings.page_size), settings.max_page_size)
    return _single(given, "cursor"), size


def refuse_parameters(given: QueryDict) -> None:
    """Refuse every parameter.

    Raises:
        InvalidQuery: there is one.
    """
    for name in given:
        raise InvalidQuery("unknown_parameter", f"{name!r} is not a parameter here: remove it.")


def _check_names(given: QueryDict, own: Iterable[str]) -> None:
    known = [*own, *PRICES, "in_stock", *get_index().facets]
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else f"the parameters are {', '.join(known)}."
            raise InvalidQuery("unknown_parameter", f"{name[:60]!r} is not a parameter: {remedy}")


def _filters(given: QueryDict) -> Filters:
    facets = {name: tuple(filter(None, given.getlist(name))) for name in get_index().facets}
    for name, values in facets.items():
        for value in values:
            clean_text(
                value, name
            )  # a client's mistake, which a search would take for a value that nothing has
    price_min, price_max = (_price(given, name) for name in PRICES)
    filters = Filters(
        facets={name: values for name, values in facets.items() if values},
        price_min=price_min,
        price_max=price_max,
        in_stock=_switch(given, "in_stock", default=False),
    )
    check_range(filters)
    return filters


def _single(given: QueryDict, name: str) -> str:
    values = given.getlist(name)
    if len(values) > 1:
        raise InvalidQuery("repeated_parameter", f"{name} is given {len(values)} times: give it once.")
    return values[0] if values else ""


def _price(given: QueryDict, name: str) -> Decimal | None:
    if name not in given:
        return None
    value = _single(given, name)
    if not _PRICE.fullmatch(value):
        raise InvalidQuery("invalid_price", f"{name} must be a number from 0, such as 1500 or 99.50.")
    return Decimal(value)


def _switch(given: QueryDict, name: str, *, default: bool) -> bool:
    if name not in given:
        return default
    value = _single(given, name)
    if value not in ("on", "off"):
        raise InvalidQuery(f"invalid_{name}", f"{name} must be on or off.")
    return value == "on"


def _number(given: QueryDict, name: str, default: int) -> int:
    if name not in given:
        return default
    value = _single(given, name)
    if not _NUMBER.fullmatch(value) or int(value) < 1:
        raise InvalidQuery(f"invalid_{name}", f"{name} must be a whole number from 1, such as {default}.")
    return int(value)
