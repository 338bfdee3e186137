"""The texts that stand for a product while training, and the names it is asked by in evaluation."""

import random
import re
from collections.abc import Sequence
from dataclasses import asdict

from .catalogue import Product
from .config import TextMix

_WORD = re.compile(r"[A-Za-z]{4,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def draw_texts(products: Sequence[Product], mix: TextMix, typo_rate: float, rng: random.Random) -> list[str]:
    """Draw one text for each product, of a kind chosen by the shares in `mix`."""
    kinds, shares = zip(*asdict(mix).items(), strict=True)
    chosen = rng.choices(kinds, shares, k=len(products))
    texts = [_of_kind(kind, product, rng) for kind, product in zip(chosen, products, strict=True)]
    return [misspell(text, rng) if rng.random() < typo_rate else text for text in texts]


def every_text(product: Product) -> list[str]:
    """Return all that is written about a product: what a tokenizer learns its pieces from."""
    return [product.name, attribute_text(product), product.description]


def attribute_text(product: Product, rng: random.Random | None = None) -> str:
    """Write a product's attributes as a shopper might: "women red striped tshirts".

    With `rng` a random choice of them in one of the usual orders, though never without the article type.
    """
    parts = [product.gender, product.colour, product.pattern, *product.attributes[:1], product.article_type]
    if rng is None:
        return " ".join(part for part in parts if part)
    kept = [part for part in parts[:-1] if part and rng.random() < 0.65]
    if rng.random() < 0.2:
        rng.shuffle(kept)
    kept.append(product.article_type)
    if rng.random() < 0.3:
        kept.append(kept.pop(0))
    return " ".join(kept)


def misspell(text: str, rng: random.Random) -> str:
    """Change one letter inside one longer word as fingers do: dropped, doubled, swapped or replaced."""
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


def _of_kind(kind: str, product: Product, rng: random.Random) -> str:
    match kind:
        case "name":
            return product.name
        case "name_without_brand":
            return _without_brand(product)
        case "attributes":
            return attribute_text(product, rng)
        case "description":
            return product.description or product.name
        case "name_and_description":
            return f"{product.name}. {product.description}"
    raise ValueError(f"Unknown kind of text {kind!r}.")


def _without_brand(product: Product) -> str:
    name, brand = product.name, product.brand
    if brand and name.lower().startswith(brand.lower()) and len(name) > len(brand):
        return name[len(brand) :].strip()
    return name
