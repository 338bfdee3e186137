"""Keep the colours of one style from filling a page."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol, TypeVar


class HasStyle(Protocol):
    """Anything that is a variant of a style."""

    @property
    def style(self) -> str:
        """What its variants have in common; "" for what has none."""


Item = TypeVar("Item", bound=HasStyle)


def spread_variants(items: Sequence[Item], *, most: int, page: int) -> list[Item]:
    """Return all items with at most so many variants of one style on each page, as far as others can fill it.

    What is too many moves to the next page, before everything that stood there; the order stays otherwise.

    Args:
        items: best first.
        most: variants of one style on a page; 0 leaves the order alone.
        page: items on a page.
    """
    if not most:
        return list(items)
    spread: list[Item] = []
    waiting: list[Item] = list(items)
    while waiting:
        shown, waiting = _one_page(waiting, most, page)
        spread += shown
    return spread


def _one_page(items: Sequence[Item], most: int, page: int) -> tuple[list[Item], list[Item]]:
    """Return a page and what is left, both in order."""
    seen: Counter[str] = Counter()
    shown: list[Item] = []
    held_back: list[Item] = []
    for number, item in enumerate(items):
        if len(shown) == page:
            return shown, [*held_back, *items[number:]]
        if item.style and seen[item.style] >= most:
            held_back.append(item)
        else:
            seen[item.style] += 1
            shown.append(item)
    missing = page - len(shown)
    return [*shown, *held_back[:missing]], held_back[missing:]


def spread_tiers(tiers: Iterable[Sequence[Item]], *, most: int, page: int) -> list[Item]:
    """Spread the variants inside each tier; a later tier never comes before an earlier one."""
    return list(chain.from_iterable(spread_variants(tier, most=most, page=page) for tier in tiers))
