"""The bag: what a visitor has put aside, in the session and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from shop.models import Variant

MOST = 10  # pieces of one size
LINES = 50
KEY = "bag"  # in the session; also the name of the cookie that holds how many pieces there are
LONGEST = 300  # characters of a name that is kept for saying that it has left
SENTENCES = 10  # that are kept for the next page at most


@dataclass(frozen=True, slots=True)
class Line:
    """A size of a product, and how many of it."""

    variant: Variant
    quantity: int

    @property
    def price(self) -> Decimal | None:
        """Of all pieces; None where the price is on request."""
        price = self.variant.product.price
        return None if price is None else price * self.quantity

    @property
    def choices(self) -> range:
        """How many of it there may be."""
        return range(1, most_of(self.variant) + 1)


@dataclass(slots=True)
class _Kept:
    """A line as the session holds it: the variant's SKU, how many, and what it was called."""

    sku: str
    quantity: int
    name: str


class Bag:
    """The bag of a visitor. Reading an empty one makes no session.

    Args:
        request: what the visitor sent; its session keeps the bag.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        stored = self._session.get(KEY)
        stored = stored if isinstance(stored, dict) else {}
        self._kept = {kept.sku: kept for kept in _read(stored.get("lines"))}
        said = stored.get("said")
        self._said = [str(each) for each in said] if isinstance(said, list) else []
        self._added = str(stored.get("added") or "")

    @property
    def count(self) -> int:
        """Pieces in it."""
        return sum(kept.quantity for kept in self._kept.values())

    def add(self, variant: Variant) -> str:
        """Put one piece in; what is said of it stands on the bag's page.

        Returns:
            A sentence that says why it cannot be; "" where it was done.
        """
        name = name_of(variant)
        kept = self._kept.get(variant.sku)
        if not variant.stock:
            return gettext("%(name)s is sold out. Choose another size.") % {"name": name}
        if kept is None and len(self._kept) >= LINES:
            return gettext("Your bag is full. Remove something first.")
        if kept is not None and kept.quantity >= most_of(variant):
            return gettext("There is no more than %(number)d of %(name)s in one bag.") % {
                "number": most_of(variant),
                "name": name,
            }
        self._kept[variant.sku] = _Kept(variant.sku, kept.quantity + 1 if kept else 1, name[:LONGEST])
        self._said.append(gettext("%(name)s is in your bag.") % {"name": name})
        self._added = variant.product.sku
        self._store()
        return ""

    def change(self, sku: str, quantity: int) -> None:
        """Set how many pieces of a line there are; 0 removes it, a line that is not there is left alone."""
        kept = self._kept.get(sku)
        if kept is None:
            return
        if quantity < 1:
            del self._kept[sku]
            self._said.append(gettext("%(name)s has left your bag.") % {"name": kept.name})
        else:
            kept.quantity = min(quantity, MOST)
        self._store()

    def lines(self) -> list[Line]:
        """What is in it and can be bought, in the order in which it came. One query, and one for the pictures.

        What is no longer sold leaves the bag, and what there is less of becomes less; `said` then says so.
        """
        if not self._kept:
            return []
        variants = Variant.objects.filter(sku__in=list(self._kept), product__published=True)
        found = {
            variant.sku: variant
            for variant in variants.select_related("product__brand").prefetch_related("product__images")
        }
        lines, before = [], len(self._said)
        for kept in list(self._kept.values()):
            variant = found.get(kept.sku)
            if variant is None or not variant.stock:
                del self._kept[kept.sku]
                gone = (
                    gettext("%(name)s is no longer sold and has left your bag.")
                    if variant is None
                    else gettext("%(name)s is sold out and has left your bag.")
                )
                self._said.append(gone % {"name": kept.name or gettext("A piece")})
                continue
            if kept.quantity > most_of(variant):
                kept.quantity = most_of(variant)
                self._said.append(
                    gettext("There are only %(number)d left of %(name)s.")
                    % {"number": kept.quantity, "name": name_of(variant)}
                )
            lines.append(Line(variant, kept.quantity))
        if len(self._said) > before:
            self._store()
        return lines

    def said(self) -> tuple[list[str], str]:
        """Take what is to be said on the page once: sentences, and the SKU of the product that was just put in, or ""."""
        taken = (self._said, self._added)
        if any(taken):
            self._said, self._added = [], ""
            self._store()
        return taken

    def tell(self, response: HttpResponse) -> HttpResponse:
        """Let scripts know how many pieces there are: pages are the same for everybody, so that they can be cached."""
        if self.count:
            response.set_cookie(
                KEY,
                str(self.count),
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
        else:
            response.delete_cookie(KEY, samesite="Lax")
        return response

    def _store(self) -> None:
        self._session[KEY] = {
            "lines": [[kept.sku, kept.quantity, kept.name] for kept in self._kept.values()],
            "said": self._said[-SENTENCES:],
            "added": self._added,
        }


def totals(lines: Iterable[Line]) -> list[tuple[str, Decimal]]:
    """The sum of each currency, in the order in which they come; what has no price adds nothing."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.price is not None:
            currency = line.variant.product.currency
            sums[currency] = sums.get(currency, Decimal(0)) + line.price
    return list(sums.items())


def most_of(variant: Variant) -> int:
    """How many pieces of a size one bag may hold."""
    return min(MOST, variant.stock)


def name_of(variant: Variant) -> str:
    """What a size of a product is called in a sentence."""
    return gettext("“%(name)s” (%(size)s)") % {"name": variant.product.name, "size": variant.size}


def _read(lines: Any) -> Iterable[_Kept]:
    """The lines of a session; what is none is left out."""
    for line in lines[:LINES] if isinstance(lines, list) else ():
        match line:
            case [str(sku), int(quantity), str(name)] if "\x00" not in sku and quantity > 0:
                yield _Kept(sku, min(quantity, MOST), name)
