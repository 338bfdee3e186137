"""Prices and stock as Oscar's strategy gives them: to an anonymous shopper for the index, to the shopper who looks for cards.

A strategy chooses among the stock records of several partners, knows the taxes, and may depend on the shopper. The index holds one price for
all, which filters and sorts go by. Cards hold that price, too, unless the setting CARDS is "live": then `ShopperPrices` has each card made
with the strategy of its request.
"""

from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from oscar.core.loading import get_class
from oscar.core.utils import get_default_currency

from ...conf import LIVE, get_settings

_request: ContextVar[HttpRequest | None] = ContextVar("fashion_search_oscar_request", default=None)


class Offer(NamedTuple):
    """What a strategy says of a product."""

    price: Decimal | None  # with tax where that is known
    currency: str  # ISO 4217
    in_stock: bool  # whether one can be bought
    stock_record: Any  # the one that was chosen; None for a product with children


class ShopperPrices:
    """Middleware that has cards made with the prices of the shopper who looks, where the setting CARDS is "live".

    It stands behind Oscar's BasketMiddleware, which gives the request its strategy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        token = _request.set(request)
        try:
            return self._get_response(request)
        finally:
            _request.reset(token)


def anonymous_strategy() -> Any:
    """Return the strategy for a shopper of whom nothing is known, as Oscar asks for it where it fills an index."""
    return get_class("partner.strategy", "Selector")().strategy()


def shopper_strategy() -> Any:
    """Return the strategy of the request that is being answered, where cards are made live; the anonymous one elsewhere."""
    request = _request.get()
    if request is None or get_settings().cards != LIVE:
        return anonymous_strategy()
    strategy = getattr(request, "strategy", None)
    if strategy is None:
        strategy = get_class("partner.strategy", "Selector")().strategy(request=request, user=request.user)
    return strategy


def offer_of(strategy: Any, product: Any) -> Offer:
    """Return price and stock of a product, for one with children as the strategy puts theirs together.

    Args:
        strategy: Oscar's, for some shopper.
        product: with its stock records, or with its public children and theirs.
    """
    fetch = strategy.fetch_for_parent if product.is_parent else strategy.fetch_for_product
    info = fetch(product)
    price = info.price
    amount = None
    if price.exists:
        amount = price.incl_tax if price.is_tax_known else price.excl_tax
    return Offer(
        price=amount,
        currency=price.currency or get_default_currency(),
        in_stock=bool(info.availability.is_available_to_buy),
        stock_record=info.stockrecord,
    )
