"""Queries that fit the drawn catalogue: broad and narrow ones, with prices, brands, purposes and slips among them."""

import random
from itertools import cycle, islice

BY_HAND = (
    "red shirt", "blue jeans women", "black dress", "striped t-shirt men", "white sneakers", "green jacket",
    "brown leather bag", "navy trousers", "yellow top", "grey hoodie", "pink skirt", "floral dress",
    "sandals", "watch", "cap", "checked shirt for men", "something warm", "party dress", "purple", "shirt under 1500",
    "blak shoes", "sweater", "boots women", "scarf", "shorts men",
)  # fmt: skip
FORMS = (
    "{colour} {noun}", "{noun} for {gender}", "{brand} {noun}", "{pattern} {noun}", "{colour} {noun} under {price}",
    "{slip}", "{colour} {pattern} {noun} {gender}", "{noun}", "{fabric} {noun}", "{brand}",
)  # fmt: skip
PRICES = (800, 1000, 1500, 2000)
SEED = 2025


def mixed_queries(number: int) -> list[str]:
    """Return different queries: some 25 written by hand, then each form in turn with words of the catalogue."""
    source, found = random.Random(SEED), dict.fromkeys(BY_HAND)
    for form in cycle(FORMS):
        if len(found) >= number:
            break
        found[form.format(**_words(source)).lower()] = None
    return list(islice(found, number))


def _words(source: random.Random) -> dict[str, object]:
    from sample_catalogue.vocabulary import KINDS
    from sample_catalogue.wording import ADJECTIVES, BRANDS

    from .spell import edited

    kind = source.choice(list(KINDS.values()))
    noun, colour = source.choice(kind.noun), source.choice(kind.colours)
    pattern = source.choice([name for name in kind.patterns if name != "solid"] or ["solid"])
    return {
        "noun": noun,
        "colour": colour,
        "gender": source.choice(kind.genders),
        "brand": source.choice(BRANDS),
        "pattern": ADJECTIVES[pattern][-1],
        "price": source.choice(PRICES),
        "fabric": source.choice(kind.fabrics)[0],
        "slip": f"{colour} {edited(noun.lower(), source)}",
    }
