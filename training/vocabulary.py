"""Texts as shoppers write them, made from general words of fashion that a catalogue need not contain."""

import random
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .data import Product
from .vectors import split_words

WORDS = Path(__file__).with_suffix(".toml")

# A thing's texts besides itself; the shares of kinds follow from how often each is listed.
TEMPLATES = (
    "{thing} for {person}",
    "{thing} for {person}",
    "{look} {thing}",
    "{look} {thing}",
    "{look} {thing} for {person}",
    "{thing} for {use}",
)
SEED = 1
FAMILIAR = 20  # names that contain a word which the text encoder then knows from them


@cache
def read_words() -> dict[str, tuple[str, ...]]:
    """Return the word lists: things, people, looks, uses, phrases; none has a word twice."""
    lists = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return {
        kind: tuple(dict.fromkeys(word.strip() for word in words.replace("\n", " ").split(",")))
        for kind, words in lists.items()
    }


def shopper_texts(per_thing: int = 4) -> list[str]:
    """Return the things and phrases themselves, and `per_thing` longer texts of each thing; always the same ones.

    Args:
        per_thing: texts by the templates for each thing.
    """
    words, rng = read_words(), random.Random(SEED)
    texts = [*words["things"], *words["phrases"]]
    for thing in words["things"]:
        for template in rng.sample(TEMPLATES, min(per_thing, len(TEMPLATES))):
            text = template.format(
                thing=thing,
                person=rng.choice(words["people"]),
                look=rng.choice(words["looks"]),
                use=rng.choice(words["uses"]),
            )
            texts.append(text)
    return list(dict.fromkeys(texts))


def unfamiliar(texts: Sequence[str], products: Sequence[Product]) -> list[str]:
    """Return the texts that have a word of three or more letters which fewer than 20 names contain.

    What the catalogue itself uses, the text encoder learns from pictures, which know better than a teacher.
    """
    counts = Counter(word for product in products for word in set(split_words(product.name)))
    return [
        text for text in texts if any(counts[word] < FAMILIAR for word in split_words(text) if len(word) > 2)
    ]
