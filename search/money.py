"""Prices as shoppers read them: in the form of their language, or as the host's own function writes them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import get_format
from django.utils.module_loading import import_string
from django.utils.numberformat import format as format_number
from django.utils.translation import get_language, gettext

from .conf import get_settings
from .registry import ProductCard

Formatter = Callable[[HttpRequest | None, ProductCard], str]

SYMBOLS = {
    "INR": "₹",
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "KRW": "₩",
    "PLN": "zł",
    "UAH": "₴",
}
WHOLE = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"))  # currencies without cents
LAKHS = (3, 2, 0)  # rupees are grouped by lakh and crore
# Languages in which the currency stands before the amount; in the others it follows.
BEFORE = frozenset(("en", "ja", "zh", "ko", "hi", "nl", "tr", "th", "he", "id", "ms", "bn", "ta", "te", "mr"))


def price_text(request: HttpRequest | None, card: ProductCard) -> str:
    """Return a price as the shop writes it: by the function that the setting PRICE_FORMAT names, or by `format_money`.

    Args:
        request: of the page; None where there is none. What is shown may depend on who looks: currency, taxes, a price of their own.
        card: the product. For an end of a price range, a card that holds nothing but price and currency.

    Raises:
        ImportError: PRICE_FORMAT names nothing that can be imported.
    """
    named = get_settings().price_format
    if not named:
        return format_money(card.price, card.currency)
    formatter: Formatter = import_string(named)
    return formatter(request, card)


def amount_card(amount: Decimal | None, currency: str) -> ProductCard:
    """Return a card that holds nothing but a price, for `price_text`."""
    return ProductCard(sku="", name="", brand="", price=amount, currency=currency, image="", url="")


def format_money(amount: Decimal | None, currency: str) -> str:
    """Format a price in the active language: `₹1,499`, `₹1,24,999.50`, `€1,499`, `CHF 12.50`; in German `1.499 €`.

    Rupees are grouped by lakh and crore in English and in languages of India, other currencies by thousands. Whole amounts show no
    decimals.

    Args:
        amount: in the currency's units; None for a price that is not known.
        currency: ISO 4217 code; "" for the number alone.
    """
    if amount is None:
        return gettext("Price on request")
    language = (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    amount = amount.quantize(Decimal(1) if currency in WHOLE else Decimal("0.01"))
    places = 0 if amount == amount.to_integral_value() else 2
    grouping: Any = LAKHS if currency == "INR" and language in BEFORE else 3
    number = format_number(
        amount,
        decimal_sep=get_format("DECIMAL_SEPARATOR"),
        decimal_pos=places,
        grouping=grouping,
        thousand_sep=get_format("THOUSAND_SEPARATOR"),
        force_grouping=True,
        use_l10n=True,
    )
    if not currency:
        return number
    symbol = SYMBOLS.get(currency)
    if language not in BEFORE:
        return f"{number}\u00a0{symbol or currency}"
    return f"{symbol}{number}" if symbol else f"{currency}\u00a0{number}"
