"""Judged queries for the drawn products: the rule of each is made of the words that its text is made of."""

import random
from collections.abc import Callable

from search.evaluation.judged_queries import JudgedQuery

SEED = 2026
PER_KIND = 12
# They load what an engine loads once; none is a judged query.
WARM_UP = ("plain something", "warm something", "light something", "new something", "soft something")
COLOURS_OF_A_RULE = {
    "Navy Blue": ("Navy Blue",),
    "Blue": ("Blue", "Navy Blue"),
}  # navy is a right answer to blue
# What a pattern is called in a query, and in the products' own column.
PATTERNS = {"striped": "Striped", "checked": "Checked", "solid": "Solid"}
# Words that no drawn product holds, for kinds of products that there are.
SYNONYMS = {
    "jumper": "Sweaters", "trainers": "Casual Shoes", "rucksack": "Backpacks", "purse": "Handbags", "shades": "Sunglasses",
    "pants": "Trousers", "wristwatch": "Watches", "stilettos": "Heels", "thongs footwear": "Flip Flops", "frock": "Dresses",
    "denims": "Jeans", "neckwear": "Ties",
}  # fmt: skip

Make = Callable[[random.Random], JudgedQuery]


def drawn_queries(per_kind: int = PER_KIND) -> list[JudgedQuery]:
    """Return so many different queries of each kind, 12 at most, the same every time."""
    found = []
    for kind, make in KINDS_OF_QUERIES.items():
        source, of_kind = random.Random(f"{SEED} {kind}"), {}
        while len(of_kind) < per_kind:
            query = make(source)
            of_kind[query.text] = query
        found += of_kind.values()
    return found


def _kind(source: random.Random, *, with_pattern: str = ""):
    from sample_catalogue.vocabulary import KINDS

    kinds = [kind for name, kind in KINDS.items() if name != "polo"]  # a part of its article type only
    return source.choice([kind for kind in kinds if not with_pattern or with_pattern in kind.patterns])


def _noun(source: random.Random, kind) -> str:
    return source.choice(kind.noun).lower()


def _colours(colour: str) -> tuple[str, ...]:
    return COLOURS_OF_A_RULE.get(colour, (colour,))


def _attributes(source: random.Random) -> JudgedQuery:
    kind = _kind(source)
    colour = source.choice(kind.colours)
    return JudgedQuery(
        text=f"{colour.lower()} {_noun(source, kind)}",
        kind="attributes",
        fields={"article_type": kind.category[2:], "colour": _colours(colour)},
    )


def _gender(source: random.Random) -> JudgedQuery:
    kind = _kind(source)
    gender = source.choice(kind.genders)
    return JudgedQuery(
        text=f"{_noun(source, kind)} for {gender.lower()}",
        kind="gender",
        fields={"article_type": kind.category[2:], "gender": tuple(dict.fromkeys((gender, "Unisex")))},
    )


def _brand(source: random.Random) -> JudgedQuery:
    from sample_catalogue.wording import BRANDS

    kind, brand = _kind(source), source.choice(BRANDS)
    return JudgedQuery(
        text=f"{brand.lower()} {_noun(source, kind)}",
        kind="brands",
        fields={"article_type": kind.category[2:], "brand": (brand,)},
    )


def _pattern(source: random.Random) -> JudgedQuery:
    word = source.choice(("striped", "checked"))
    kind = _kind(source, with_pattern=word)
    return JudgedQuery(
        text=f"{word} {_noun(source, kind)}",
        kind="patterns",
        fields={"article_type": kind.category[2:], "pattern": (PATTERNS[word],)},
    )


def _price(source: random.Random) -> JudgedQuery:
    kind = _kind(source)
    lowest, highest = kind.price
    most = (lowest + (highest - lowest) // 3) // 50 * 50
    return JudgedQuery(
        text=f"{_noun(source, kind)} under {most}",
        kind="prices",
        fields={"article_type": kind.category[2:]},
        price_max=float(most),
    )


def _typo(source: random.Random) -> JudgedQuery:
    from lab.bench.spell import edited

    kind = _kind(source)
    noun = max(kind.noun, key=len).lower()
    colour = source.choice(kind.colours)
    return JudgedQuery(
        text=f"{colour.lower()} {edited(noun, source)}",
        kind="typos",
        fields={"article_type": kind.category[2:], "colour": _colours(colour)},
    )


def _negation(source: random.Random) -> JudgedQuery:
    return _without(source, "negation", " not ")


def _minus(source: random.Random) -> JudgedQuery:
    return _without(source, "minus", " -")  # the sign that several engines document


def _without(source: random.Random, kind_of_query: str, sign: str) -> JudgedQuery:
    word = source.choice(("striped", "checked", "solid"))
    kind = _kind(source, with_pattern=word)
    return JudgedQuery(
        text=f"{_noun(source, kind)}{sign}{word}",
        kind=kind_of_query,
        fields={"article_type": kind.category[2:]},
        without={"pattern": (PATTERNS[word],)},
    )


def _synonym(source: random.Random) -> JudgedQuery:
    word, article_type = source.choice(list(SYNONYMS.items()))
    return JudgedQuery(text=word, kind="synonyms", fields={"article_type": (article_type,)})


KINDS_OF_QUERIES: dict[str, Make] = {
    "attributes": _attributes,
    "gender": _gender,
    "brands": _brand,
    "patterns": _pattern,
    "prices": _price,
    "typos": _typo,
    "synonyms": _synonym,
    "negation": _negation,
    "minus": _minus,
}
