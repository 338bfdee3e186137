"""Cards of products as lists show them, kept when products are indexed, so that a page of results reads no table of the host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.db import connection, models

from ..registry import ProductCard

# A product that has changed since, or that waits for a worker, is read from the host: nobody knows yet what its card says.
# A rebuild enters every product; none of them has changed for that.
_STORED = """
SELECT kept.product_key, kept.card::text FROM fashion_search_storedcard AS kept
WHERE kept.product_key = ANY(%s) AND kept.card IS NOT NULL
    AND NOT EXISTS (SELECT FROM fashion_search_stalemark AS mark WHERE mark.product_key = kept.product_key)
    AND NOT EXISTS (
        SELECT FROM fashion_search_staleproduct AS stale
        WHERE stale.product_key = kept.product_key AND NOT stale.backfill)
"""

_WRITE = """
INSERT INTO fashion_search_storedcard AS kept (product_key, card)
SELECT given.key, given.card::jsonb FROM unnest(%s::text[], %s::text[]) AS given (key, card) ORDER BY given.key
ON CONFLICT (product_key) DO UPDATE SET card = EXCLUDED.card WHERE kept.card IS DISTINCT FROM EXCLUDED.card
"""


class StoredCardQuerySet(models.QuerySet["StoredCard"]):
    """Cards by the keys of their products."""

    def of_products(self, keys: Sequence[str]) -> dict[str, ProductCard]:
        """Return the cards of those of the products that have not changed since theirs was written, by key."""
        with connection.cursor() as cursor:
            cursor.execute(_STORED, [list(keys)])
            return {key: unpacked(json.loads(card)) for key, card in cursor.fetchall()}

    def kept(self, keys: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        """Return what is kept of the products' cards, packed, by key, whether or not they have changed since."""
        return dict(self.filter(product_key__in=list(keys)).values_list("product_key", "card"))

    def write(self, cards: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Write cards, given key -> packed card; None for a product whose card the host makes at each look."""
        texts = [None if card is None else json.dumps(card) for card in cards.values()]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [list(cards), texts])

    def remove(self, keys: Iterable[str]) -> None:
        """Delete the cards of products."""
        self.filter(product_key__in=list(keys)).delete()


class StoredCard(models.Model):
    """What lists show of one product, whichever version found it; null where the host makes it at each look."""

    product_key = models.TextField()
    card = models.JSONField(null=True, blank=True)

    objects = StoredCardQuerySet.as_manager()

    class Meta:
        """One card per product; no permissions: it is nothing that people look at."""

        default_permissions = ()
        # Not `unique=True`, which would add a second index, for LIKE.
        constraints = (models.UniqueConstraint(fields=("product_key",), name="fashion_search_one_card"),)

    def __str__(self) -> str:
        return f"card of product {self.product_key}"


def packed(card: ProductCard) -> dict[str, Any] | None:
    """Return a card as JSON, or None where Postgres would not take it as that: a text holds NUL."""
    values = asdict(card)
    if any("\0" in value for value in values.values() if isinstance(value, str)):
        return None
    return values | {"price": None if card.price is None else str(card.price)}


def unpacked(values: Mapping[str, Any]) -> ProductCard:
    """Return the card that `packed` made this of."""
    price = values["price"]
    return ProductCard(**{**values, "price": None if price is None else Decimal(price)})
