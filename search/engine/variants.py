"""Variants: the colours of one style do not fill a page."""

from collections import Counter
from collections.abc import Iterable, Sequence


def spread_variants(styles: Sequence[str], *, most: int, page: int) -> list[int]:
    """Return the places of all items with at most so many variants of one style on each page, as far as others can fill it.

    What is too many moves to the next page, before everything that stood there; the order stays otherwise.

    Args:
        styles: what the variants of each item have in common, best item first; "" for what has none.
        most: variants of one style on a page; 0 leaves the order alone.
        page: items on a page.
    """
    if not most:
        return list(range(len(styles)))
    spread: list[int] = []
    held_back: list[int] = []
    unseen = 0  # the first that no page has come to
    while held_back or unseen < len(styles):
        if not held_back and _fit(styles[unseen : unseen + page], most):
            shown = list(range(unseen, min(unseen + page, len(styles))))
            unseen += len(shown)
        else:
            shown, held_back, unseen = _one_page(styles, held_back, unseen, most, page)
        spread += shown
    return spread


def _fit(styles: Sequence[str], most: int) -> bool:
    """Whether no style has too many variants among these."""
    counts = Counter(styles)
    counts.pop("", None)
    return max(counts.values(), default=0) <= most


def _one_page(
    styles: Sequence[str], waiting: Sequence[int], unseen: int, most: int, page: int
) -> tuple[list[int], list[int], int]:
    """Fill a page with what waits and then with what no page has come to; return it, what waits then, and what is unseen then."""
    seen: Counter[str] = Counter()
    shown: list[int] = []
    held_back: list[int] = []
    taken = 0
    fresh = range(unseen, len(styles))
    for places in (waiting, fresh):
        for place in places:
            if len(shown) == page:
                break
            taken += 1
            style = styles[place]
            if style and seen[style] >= most:
                held_back.append(place)
            else:
                seen[style] += 1
                shown.append(place)
    untouched = list(waiting[taken:])
    unseen += max(taken - len(waiting), 0)
    if missing := page - len(shown):  # nothing else could fill it
        shown += held_back[:missing]
        held_back = held_back[missing:]
    return shown, held_back + untouched, unseen


def spread_tiers(styles: Sequence[str], tiers: Iterable[int], *, most: int, page: int) -> list[int]:
    """Return the places of all items with the variants inside each tier spread; a later tier never comes before an earlier one.

    Args:
        styles: of the items, as in `spread_variants`.
        tiers: how many items each tier has, from the first on.
        most: variants of one style on a page.
        page: items on a page.
    """
    places: list[int] = []
    for length in tiers:
        begin = len(places)
        of_tier = styles[begin : begin + length]
        places += [begin + place for place in spread_variants(of_tier, most=most, page=page)]
    return places
