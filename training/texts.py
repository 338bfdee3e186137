"""The texts of a product: those drawn in training, its facts as text, and the vocabulary of a catalogue."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from .config import TextMix
from .data import Product

_WORD = re.compile(r"[A-Za-z]{4,}")
_ARTICLE_TYPE = (False, False, False, False, True, False, False)  # of `facts`
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VALUE_SHARES = (0.05, 0.25, 0.1, 0.0, 0.35, 0.15, 0.1)  # of `facts`: how often each is a text by itself


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A text drawn for a product, and which of the product's facts it states, in the order of `facts`.

    A text that consists of facts is true of any other product with the same ones. For one that says more, such as a
    name, no fact is marked.
    """

    text: str
    states: tuple[bool, ...] = (False,) * 7


def facts(product: Product) -> tuple[str, ...]:
    """Return gender, colour, pattern, fabric, article type, sub-category and category; unknown ones are empty."""
    return (*_looks(product), product.article_type, product.subcategory, product.category)


def draw_texts(products: Sequence[Product], mix: TextMix, rng: random.Random) -> list[DrawnText]:
    """Draw one text for each product, of a kind chosen by the shares in `mix`."""
    kinds, shares = zip(*asdict(mix).items(), strict=True)
    chosen = rng.choices(kinds, shares, k=len(products))
    return [_of_kind(kind, product, rng) for kind, product in zip(chosen, products, strict=True)]


def disturb(text: str, rng: random.Random, *, typo_rate: float, cut_rate: float) -> str:
    """Misspell a share of texts, and split a share of words in two, so that their tokens vary."""
    if rng.random() < typo_rate:
        text = misspell(text, rng)
    if not cut_rate:
        return text
    return " ".join(_cut(word, rng) if rng.random() < cut_rate else word for word in text.split())


def every_text(product: Product) -> list[str]:
    """Return all texts of a product, from which a tokenizer is trained."""
    return [product.name, attribute_text(product), product.description, *product.captions]


def attribute_text(product: Product) -> str:
    """Return a product's facts as a text: "Women Red Striped Cotton Tshirts"."""
    return " ".join(fact for fact in (*_looks(product), product.article_type) if fact)


def index_text(product: Product) -> str:
    """Return the text of a product that a search index encodes: name, brand and facts."""
    return f"{product.name}. {product.brand}. {attribute_text(product)}"


def draw_attribute_text(product: Product, rng: random.Random) -> DrawnText:
    """Draw some of a product's facts, always with the article type, in an order that shoppers use.

    Where the article type is unknown, return the name.
    """
    if not product.article_type:
        return DrawnText(product.name)
    looks = _looks(product)
    stated = [bool(fact) and rng.random() < 0.65 for fact in looks]
    kept = [fact for fact, kept in zip(looks, stated, strict=True) if kept]
    if rng.random() < 0.2:
        rng.shuffle(kept)
    kept.append(product.article_type)
    if rng.random() < 0.3:
        kept.append(kept.pop(0))
    return DrawnText(" ".join(kept), (*stated, True, False, False))


def draw_value(product: Product, rng: random.Random) -> DrawnText:
    """Draw a single fact, like a shopper's shortest queries: "Footwear", "Red", "Sports Shoes"."""
    known = facts(product)
    drawable = [place for place, share in enumerate(_VALUE_SHARES) if share and known[place]]
    if not drawable:
        return DrawnText(product.name)
    chosen = rng.choices(drawable, [_VALUE_SHARES[place] for place in drawable])[0]
    return DrawnText(known[chosen], tuple(place == chosen for place in range(len(known))))


def misspell(text: str, rng: random.Random) -> str:
    """Make one typing error inside one longer word: a letter dropped, doubled, swapped or replaced."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 2)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    return rng.choice(
        (
            before + after,
            before + letter + letter + after,
            before + after[:1] + letter + after[1:],
            before + rng.choice(_LETTERS) + after,
        )
    )


def _cut(word: str, rng: random.Random) -> str:
    if len(word) < 3:
        return word
    at = rng.randrange(1, len(word))
    return f"{word[:at]} {word[at:]}"


def _of_kind(kind: str, product: Product, rng: random.Random) -> DrawnText:
    match kind:
        case "name":
            return DrawnText(product.name)
        case "name_without_brand":
            return DrawnText(_without_brand(product))
        case "attributes":
            return draw_attribute_text(product, rng)
        case "label":
            return _label(product)
        case "value":
            return draw_value(product, rng)
        case "description":
            return DrawnText(product.description or product.name)
        case "name_and_description":
            return DrawnText(f"{product.name}. {product.description}")
        case "caption":
            return DrawnText(rng.choice(product.captions or (product.name,)))
    raise ValueError(f"Unknown kind of text {kind!r}.")


def _label(product: Product) -> DrawnText:
    if not product.article_type:
        return DrawnText(product.name)
    return DrawnText(product.article_type, _ARTICLE_TYPE)


def _looks(product: Product) -> tuple[str, ...]:
    return (product.gender, product.colour, product.pattern, product.fabric)


def _without_brand(product: Product) -> str:
    name, brand = product.name, product.brand
    if brand and name.lower().startswith(brand.lower()) and len(name) > len(brand):
        return name[len(brand) :].strip()
    return name


KINDS = {"article_type": "article type", "colour": "colour", "pattern": "pattern"}
MOST_WORDS = 1000  # the largest vocabulary of names
LEAST_PRODUCTS = 5  # rarer words are mostly brands, misspellings and model numbers

_NAME_WORD = re.compile(r"[^\W\d_]{3,}")


def values_of(products: Sequence[Product]) -> dict[str, list[str]]:
    """Return the distinct values of article type, colour and pattern, in alphabetical order."""
    return {
        title: sorted({getattr(product, field) for product in products} - {""})
        for field, title in KINDS.items()
    }


def frequent_words(products: Sequence[Product]) -> dict[str, int]:
    """Return the words of the products' names with the number of names that contain each, most frequent first.

    Words have at least three letters, nothing else, and are in lower case; ties are in alphabetical order.
    """
    counts = Counter(word for product in products for word in set(_NAME_WORD.findall(product.name.lower())))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {word: count for word, count in ordered[:MOST_WORDS] if count >= LEAST_PRODUCTS}


def spread_by_frequency(words: dict[str, int], count: int) -> list[str]:
    """Pick words from the most to the least frequent, at geometrically growing ranks.

    Args:
        words: words and counts, the most frequent first.
        count: how many to pick, at most.
    """
    ordered = list(words)
    if len(ordered) <= count:
        return ordered
    ratio = len(ordered) ** (1 / max(1, count - 1))
    places: list[int] = []
    for step in range(count):
        place = min(round(ratio**step) - 1, len(ordered) - 1)
        places.append(max(place, places[-1] + 1) if places else place)
    return [ordered[min(place, len(ordered) - 1)] for place in places]
