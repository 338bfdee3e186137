"""Join what was found to the host's products, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..products import leave_out, load_each, make_card
from . import reasons
from .answers import SearchResult


@dataclass(frozen=True, slots=True)
class Results:
    """The products of a page that can be shown, in their order."""

    shown: list[SearchResult] = field(default_factory=list)
    left_out: tuple[str, ...] = ()  # `reasons.CARDS` where the host's code failed for others


def load_results(found: Iterable[tuple[str, float]]) -> Results:
    """Return results for (product key, score) pairs in their order.

    A product that the host has withdrawn since it was indexed is left out; its entry goes with the next sweep. So is one
    whose card() or reading fails, which is logged and counted, and said.
    """
    scores = dict(found)
    if not scores:
        return Results()
    loaded = load_each(scores)
    for key, reason in loaded.failures.items():
        leave_out(key, "queryset", reason)
    cards = {key: make_card(loaded.products[key]) for key in scores if key in loaded.products}
    shown = [
        SearchResult(product=loaded.products[key], card=card, score=scores[key])
        for key, card in cards.items()
        if card is not None
    ]
    failed = loaded.failures or len(shown) < len(cards)
    return Results(shown, (reasons.CARDS,) if failed else ())
