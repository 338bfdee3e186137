"""A rule as plain data, and the sentence that says what it does."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from .schedule import in_words

Action = Literal["pin", "hide", "boost", "bury"]
Place = Literal["query", "contains", "category", "similar_product", "similar_category"]
# Shares of the distance from the best score of a list to its last.
STRENGTHS = {"slightly": 0.25, "clearly": 0.5, "strongly": 1.0}
_PLACES = {
    "query": "for '{}'",
    "contains": "for queries with '{}'",
    "category": "in the category {}",
    "similar_product": "in items similar to {}",
    "similar_category": "in items similar to products of the category {}",
}
_VERBS = {"pin": "Pins", "hide": "Hides", "boost": "Boosts", "bury": "Buries"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Pins, hides, boosts or buries a product or the products with a value of a facet, in one place."""

    id: int  # the lower, the older
    action: Action
    place: Place = "query"
    phrase: str = ""  # the query, the category, or the SKU of the product
    place_key: str = ""  # key of the product whose similar items it is about
    product_key: str = ""
    sku: str = ""
    token: str = ""  # "brand=Nike", where it names no product
    position: int = 1  # of a pin
    strength: str = "clearly"  # of boost and bury
    starts: datetime | None = None
    ends: datetime | None = None

    @property
    def subject(self) -> str:
        """What it is about, in words: "SKU-123" or "brand Nike"."""
        facet, _, value = self.token.partition("=")
        return f"{facet} {value}" if self.token else self.sku or self.product_key

    @property
    def weight(self) -> float:
        """How far it lifts (above 0) or lowers, as a share of the distance from the best score to the last."""
        share = STRENGTHS[self.strength]
        return share if self.action == "boost" else -share

    def concerns(self, product_key: str, tokens: Collection[str]) -> bool:
        """Whether it is about the product with this key and these facet values."""
        return self.token in tokens if self.token else self.product_key == product_key


class Fired(NamedTuple):
    """A rule that took effect on a product."""

    rule_id: int
    sentence: str
    product_key: str


def say(rule: Rule, now: datetime) -> str:
    """Return what a rule does: "Pins SKU-123 first for 'navy sneakers', until 3 May"."""
    how = f" {_ordinal(rule.position)}" if rule.action == "pin" else ""
    if rule.action in ("boost", "bury"):
        how = f" {rule.strength}"
    where = _PLACES[rule.place].format(rule.phrase)
    return f"{_VERBS[rule.action]} {rule.subject}{how} {where}{in_words(rule.starts, rule.ends, now)}"


def _ordinal(number: int) -> str:
    words = ("first", "second", "third")
    return words[number - 1] if number <= len(words) else f"at place {number}"
