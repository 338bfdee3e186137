"""What a query says of money: "under 1500", "around 1,000", "₹2k to ₹3k", "cheapest", "20% off".

Amounts in another currency than the shop's are converted by the host's rates or said not to be applied; they are never taken for
the shop's. Amounts of something else, such as 150 ml, are no prices.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..sentences import figure, said
from ..sentences import lazily as _

NOT_OURS = _("“%(text)s” was not applied: prices are in %(currency)s.")
CONVERTED = _("“%(text)s” was converted: %(ends)s %(currency)s.")
NO_SALE = _("“%(text)s” was not applied: the catalogue does not say what is on sale.")
NO_PERCENTAGE = _("“%(text)s”: what is on sale is shown; the catalogue does not say by how much.")
ABOUT = Decimal("0.25")  # share by which a price may differ from one that is not stated as an end

# Signs and words of currencies; of those that several have, the shop's own where it is one of them.
_CURRENCIES: Mapping[str, tuple[str, ...]] = {
    "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR", "MUR"), "inr": ("INR",), "rupee": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN"), "usd": ("USD",), "dollar": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD"),
    "€": ("EUR",), "eur": ("EUR",), "euro": ("EUR",), "£": ("GBP",), "gbp": ("GBP",), "pound": ("GBP", "EGP"), "quid": ("GBP",),
    "¥": ("JPY", "CNY"), "jpy": ("JPY",), "yen": ("JPY",), "aed": ("AED",), "dirham": ("AED", "MAD"), "buck": (),
}  # fmt: skip
_SIGN = r"(?:₹|(?<![^\W\d_])rs\.?|(?<![^\W\d_])(?:inr|usd|eur|gbp|jpy|aed)|(?:\bus)?\$|€|£|¥)"
_UNIT = (
    r"(?:₹|rs\.?|inr|rupees?|\$|usd|dollars?|€|eur|euros?|£|gbp|pounds?|quid|¥|jpy|yen|aed|dirhams?|bucks?)"
)
_MEASURE = (
    r"(?:%|per\s?cent|ml|ltrs?|lit(?:er|re)s?|gms?|grams?|kgs?|oz|lbs?|cms?|mms?|mtrs?|met(?:er|re)s?|inch(?:es)?\b|\"|”|ft|feet|"
    r"yrs?|years?|months?|weeks?|days|hours?|hrs?|degrees?|mah|mp|gb|watts?|packs?(?!\s+of)|pcs|pieces?|ply|gsm|denier|atm|"
    r"cara?ts?|karats?)"
)


def _amount_at(place: int) -> str:
    """The pattern of an amount: its sign, its digits, a "k", "/-", and the word for a currency; not that of a measure."""
    return (
        rf"(?P<sign{place}>{_SIGN})?\s*(?P<digits{place}>\d[\d,]*(?:\.\d{{1,2}})?)(?!\d|[,.]\d)"
        rf"(?:\s*(?P<k{place}>k|thousand)(?!\w))?(?P<dash{place}>\s?/[-=])?"
        rf"(?:\s*(?P<unit{place}>{_UNIT})(?![^\W\d_]))?(?!\w|\s*{_MEASURE}(?!\w))"
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("FIRST", _amount_at(1)).replace("SECOND", _amount_at(2)), re.I)


_TO = r"\s*(?:and|to|till|-|\u2013|&)\s*"
_BETWEEN = _pattern(rf"\b(?:(?:price[ds]?|cost(?:s|ing)?)\s+)?(?:between|from)\s+FIRST{_TO}SECOND")
_RANGE = _pattern(rf"(?<![\w-])(?=\S*\s?(?:{_SIGN}|{_UNIT}|k\b)|{_SIGN})FIRST\s*(?:-|\u2013|to)\s*SECOND")
_BARE_RANGE = _pattern(r"(?<![\w.-])FIRST\s*(?:-|\u2013|to)\s*SECOND(?![\w-])")
_AT_MOST = _pattern(
    r"(?:\b(?:under|below|less(?:er)?\s+than|cheaper\s+than|not\s+(?:more|over|above)(?:\s+than)?|no\s+more\s+than|not\s+exceeding|"
    r"up\s?to|within|max(?:imum)?|at\s+most|lower\s+than|(?:my\s+)?budget(?:\s+is)?)|<=?)\s*(?:of\s+)?FIRST"
)
_AT_LEAST = _pattern(
    r"(?:\b(?:above|over|more\s+than|costlier\s+than|dearer\s+than|higher\s+than|min(?:imum)?|at\s+least|"
    r"starting\s+(?:from|at)|from)|>=?)\s*(?:of\s+)?FIRST"
)
_AND_MORE = _pattern(
    r"(?<![\w.,-])FIRST(?:\s*(?P<plus>\+)(?!\w)|\s+(?:(?:and|or|&)\s+(?P<end>above|over|more|up(?:wards?)?|below|under|less|lower)"
    r"|(?P<alone>onwards?|upwards?|max(?:imum)?))\b)"
)
_AROUND = _pattern(
    r"(?:\b(?:around|about|approx(?:imately)?\.?|roughly|nearly|almost|near|close\s+to)|[~\u2248])\s*(?:of\s+)?FIRST(?!-\w)"
)
_COSTING = _pattern(
    r"(?:\b(?:price[ds]?|cost(?:s|ing)?|worth|at|for)|@)(?:\s+(?:at|of|is))?\s*:?\s*FIRST(?!\s+\d|-\w)"
)
_SIGNED = _pattern(rf"(?<![\w.,-])(?=\S*\s?(?:{_SIGN}|{_UNIT}|/[-=])|{_SIGN})FIRST(?!-\w)")
# Not those of a race or of gold.
_THOUSANDS = _pattern(
    r"(?<![\w.,-])(?=\d[\d.]*\s?k\b)FIRST(?!-\w|\s*(?:runs?|running|races?|marathon|gold|plated)\b)"
)
_LEAST_DIGITS = 2  # "over 9" is more likely a size or an age than a price
_LEAST_ABOUT = 3  # the same of what no word makes an end: "around 32"
_YEARS = range(1900, 2100)
_OTHERS_BEFORE = re.compile(
    r"\b(?:sizes?|age[ds]?|waist|length|uk|eu|us|spf|uv|kids?|child(?:ren)?|boys?|girls?|bab(?:y|ies))\s*$",
    re.I,
)

RISING, FALLING = "price", "-price"  # orders, as a search's `sort`
_ORDERS = (
    (
        RISING,
        re.compile(
            r"\b(?:cheapest|lowest[\s-]+(?:price[ds]?|costs?|rates?)|least\s+(?:expensive|costly)|most\s+(?:affordable|inexpensive|economical)|"
            r"(?:price\s+)?low(?:est)?\s+to\s+high(?:est)?)\b",
            re.I,
        ),
    ),
    (
        FALLING,
        re.compile(
            r"\b(?:priciest|costliest|most\s+(?:expensive|costly|pricey)|highest[\s-]+(?:price[ds]?|costs?)|"
            r"(?:price\s+)?high(?:est)?\s+to\s+low(?:est)?)\b",
            re.I,
        ),
    ),
)
_SALE = re.compile(
    r"(?:\b(?:up\s?to|flat|min(?:imum)?|at\s+least|more\s+than|over|above)\s+)?"
    rf"(?:{_SIGN}\s*)?\b\d[\d,]*(?:\s*(?:-|\u2013|to)\s*\d+)?\s*(?P<percent>%|per\s?cent|{_UNIT}|/-)?\s*"
    r"(?:off|discount(?:ed)?|reduction|cheaper)\b(?!-)"
    r"|\b(?:(?:on|in|for)\s+)?(?:an?\s+|the\s+)?sale\b|\bon\s+(?:offer|discount)\b|\b(?:at\s+an?\s+)?discount(?:s|ed)?(?:\s+price[ds]?)?\b"
    r"|\bhalf[\s-]+price\b|\bclearance\b|\bmarked\s+down\b|\breduced(?:\s+price[ds]?)?\b",
    re.I,
)
# What everything that is read here has: a query without is not read for it.
MONEY = re.compile(
    r"\d|\b(?:cheapest|lowest|least|most|low|high|highest|priciest|costliest|sale|offer|discount\w*|half|clearance|marked|reduced)\b",
    re.I,
)
SALE_VALUES = ("on sale", "sale", "discount", "discounted", "on offer", "offer", "reduced", "clearance")


@dataclass(frozen=True, slots=True)
class Price:
    """A price range that the query states."""

    text: str  # as typed: "under 1500"
    lowest: Decimal | None = None
    highest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ShopMoney:
    """What the shop's prices are in."""

    currency: str = ""  # ISO 4217 code; "" where it was not said, so that every amount counts as the shop's
    rates: Mapping[str, float] = field(
        default_factory=dict
    )  # ISO 4217 code -> what one unit is in the shop's currency

    def factor(self, code: str) -> Decimal | None:
        """Return what one unit of a currency is in the shop's; None where that is not known."""
        if not self.currency or code in ("", self.currency):
            return Decimal(1)
        rate = self.rates.get(code)
        return None if rate is None else Decimal(str(rate))

    def currency_of(self, written: str) -> str:
        """Return the code of the currency that a sign or word stands for, "" for the shop's own."""
        key = written.lower().rstrip(".")
        key = "$" if key.endswith("$") else key.removesuffix("s") if key not in ("rs",) else key
        codes = _CURRENCIES.get(key, ())
        return "" if not codes or self.currency in codes else codes[0]


ANY_MONEY = ShopMoney()


@dataclass(frozen=True, slots=True)
class Money:
    """What a query says of money."""

    rest: str  # the query without that
    price: Price | None = None
    order: str = ""  # RISING or FALLING
    ordering: str = ""  # the words that ask for it, as typed
    sale: str = ""  # the words that ask for what is on sale, as typed
    by_how_much: bool = False  # whether these say by how much
    notes: tuple[str, ...] = ()  # sentences about what was not applied, or converted


def read_money(text: str, shop: ShopMoney = ANY_MONEY) -> Money:
    """Return what a query says of money; prices that are ranges of bare numbers, such as "500-900", are among them."""
    rest, sale, by_how_much = text, "", False
    if found := _SALE.search(rest):
        sale, by_how_much = found.group().strip(), any(map(str.isdigit, found.group()))
        rest = _without(rest, found)
    order = ordering = ""
    for name, pattern in _ORDERS:
        if found := pattern.search(rest):
            order, ordering = name, found.group()
            rest = _without(rest, found)
            break
    reading = _Prices(rest, shop)
    if any(map(str.isdigit, rest)):  # every price has a digit
        reading.read()
    return Money(
        reading.text, reading.price, order, ordering, sale, by_how_much, tuple(dict.fromkeys(reading.notes))
    )


def read_price(text: str, shop: ShopMoney = ANY_MONEY) -> tuple[Price | None, str]:
    """Return the price range that a query states, and the query without those words.

    A range whose ends are swapped is put right. An amount of one digit without a currency is not taken as a price.
    """
    reading = _Prices(text, shop)
    reading.read()
    return reading.price, reading.text


def without_stated_prices(text: str) -> str:
    """Return the query without prices that words or currencies make certain, so that what is left may hold codes."""
    reading = _Prices(text, ANY_MONEY)
    reading.read(bare=False)
    return reading.text


@dataclass(slots=True)
class _Prices:
    """A query while its prices are read."""

    text: str
    shop: ShopMoney
    price: Price | None = None
    notes: list[str] = field(default_factory=list)

    def read(self, *, bare: bool = True) -> None:
        """Read the first range, or the ends, or about how much; with `bare` also ranges without any word."""
        for pattern in (_BETWEEN, _RANGE, _BARE_RANGE) if bare else (_BETWEEN, _RANGE):
            if self._read_range(pattern):
                return
        if self._read_ends() or self._read_about(_AROUND, _COSTING, _SIGNED, _THOUSANDS):
            return

    def _read_range(self, pattern: re.Pattern[str]) -> bool:
        for found in pattern.finditer(self.text):
            first, second = self._amount(found, 1), self._amount(found, 2)
            if first is None or second is None or self._is_of_others(found):
                continue
            if found["k2"] and not found["k1"] and first < 100:
                first *= 1000  # "1-2k"
            if pattern is _BARE_RANGE and (
                first >= second or not _is_long(found, 1) or not _is_long(found, 2)
            ):
                continue
            self._state(found, min(first, second), max(first, second), _written(found, 1, 2))
            return True
        return False

    def _read_ends(self) -> bool:
        """Read the lowest and the highest price, each by its words."""
        ends: dict[bool, tuple[Decimal, str, str]] = {}  # whether the lowest -> amount, words, currency
        for pattern, lowest in ((_AND_MORE, True), (_AT_MOST, False), (_AT_LEAST, True)):
            for found in pattern.finditer(self.text):
                amount = self._amount(found, 1)
                if amount is None or self._is_of_others(found):
                    continue
                if pattern is _AND_MORE:
                    word = (found["end"] or found["alone"] or "more").lower()
                    lowest = not word.startswith(("below", "under", "less", "lower", "max"))
                    if found["plus"] and not _is_long(found, 1):
                        continue
                if lowest not in ends:
                    ends[lowest] = amount, found.group().strip(), _written(found, 1)
                    self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"
                    break
        if not ends:
            return False
        self.text = " ".join(self.text.split())
        typed = " ".join(ends[lowest][1] for lowest in (False, True) if lowest in ends)
        low, high = (ends[lowest][0] if lowest in ends else None for lowest in (True, False))
        if low is not None and high is not None and low > high:
            low, high = high, low
        self._set(typed, low, high, next((end[2] for end in ends.values() if end[2]), ""))
        return True

    def _read_about(self, *patterns: re.Pattern[str]) -> bool:
        for pattern in patterns:
            for found in pattern.finditer(self.text):
                amount, written = self._amount(found, 1), _written(found, 1)
                certain = bool(written or found["dash1"])
                if amount is None or self._is_of_others(found) or not (certain or _is_long(found, 1)):
                    continue
                if pattern is _COSTING and not certain and amount in _YEARS and amount % 1000:
                    continue
                self._state(found, amount * (1 - ABOUT), amount * (1 + ABOUT), written)
                return True
        return False

    def _state(
        self, found: re.Match[str], lowest: Decimal | None, highest: Decimal | None, written: str
    ) -> None:
        self.text = _without(self.text, found)
        self._set(found.group().strip(), lowest, highest, written)

    def _set(self, typed: str, lowest: Decimal | None, highest: Decimal | None, written: str) -> None:
        """Keep the range in the shop's currency, or say why it is not applied."""
        code = self.shop.currency_of(written) if written else ""
        factor = self.shop.factor(code)
        if factor is None:
            self.notes.append(said(NOT_OURS, text=typed, currency=self.shop.currency))
            return
        ends = [None if end is None else end * factor for end in (lowest, highest)]
        if factor != 1:
            ends = [None if end is None else round(end, 2) for end in ends]
            self.notes.append(said(CONVERTED, text=typed, ends=_in_words(ends), currency=self.shop.currency))
        self.price = Price(typed, *ends)

    def _amount(self, found: re.Match[str], place: int) -> Decimal | None:
        digits = found[f"digits{place}"].replace(",", "")
        certain = (
            found[f"k{place}"] or found[f"sign{place}"] or found[f"unit{place}"] or found[f"dash{place}"]
        )
        other = any(found.groupdict().get(f"{name}2") for name in ("k", "sign", "unit", "dash"))
        if len(digits) < _LEAST_DIGITS and not (certain or (place == 1 and other)):
            return None
        amount = Decimal(digits) * (1000 if found[f"k{place}"] else 1)
        return amount if amount < Decimal(10) ** 10 else None

    def _is_of_others(self, found: re.Match[str]) -> bool:
        """Whether a small number is rather an age or a size, by the word before it."""
        small = len(found["digits1"]) <= _LEAST_DIGITS and not (_written(found, 1) or found["k1"])
        return small and _OTHERS_BEFORE.search(self.text[: found.start()]) is not None


def _is_long(found: re.Match[str], place: int) -> bool:
    """Whether an amount without any word for it is long enough for a price."""
    digits = found[f"digits{place}"].partition(".")[0].replace(",", "")
    certain = found[f"k{place}"] or found[f"sign{place}"] or found[f"unit{place}"]
    return bool(certain) or _LEAST_ABOUT <= len(digits) <= 6


def _written(found: re.Match[str], *places: int) -> str:
    """The first sign or word for a currency beside the amounts, or ""."""
    names = (f"{kind}{place}" for place in places for kind in ("sign", "unit"))
    return next((found[name] for name in names if found[name]), "")


def _in_words(ends: Sequence[Decimal | None]) -> str:
    """The ends of a range: "15.00 to 20.00"."""
    lowest, highest = (None if end is None else figure(end, 2) for end in ends)
    if lowest is None:
        return said(_("up to %(highest)s"), highest=highest)
    if highest is None:
        return said(_("from %(lowest)s"), lowest=lowest)
    return said(_("%(lowest)s to %(highest)s"), lowest=lowest, highest=highest)


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())


def sale_notes(money: Money, is_known: bool) -> tuple[str, ...]:
    """Return what is said of a sale that was asked for.

    Args:
        money: what the query says.
        is_known: whether the catalogue says what is on sale.
    """
    if not money.sale or (is_known and not money.by_how_much):
        return ()
    return (said(NO_PERCENTAGE if is_known else NO_SALE, text=money.sale),)


def sale_senses(money: Money, senses: Callable[[list[str]], Mapping[str, float]]) -> Mapping[str, float]:
    """Return the values by which the catalogue says what is on sale, those called as typed before others; none where it does not.

    Args:
        money: what the query says.
        senses: gives the values that a run of words names.
    """
    if not money.sale:
        return {}
    return next((found for name in (money.sale.lower(), *SALE_VALUES) if (found := senses(name.split()))), {})
