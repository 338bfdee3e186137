"""What results shall look like: a photo, products that the shopper wants more of, others that she wants less of."""

import json
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..encoders.queries import to_literal
from ..exceptions import InvalidQuery
from ..models import EntryImage, IndexVersion
from ..querysets import EmbeddingLiteral, ImageQuerySet
from .photos import embedding_of

MOST = 10  # products of either kind
LONGEST_SKU = 200  # characters
# Rocchio's weights of what a shopper wants more and less of, beside the query's 1 (Manning, Raghavan, Schuetze:
# Introduction to Information Retrieval, 9.1.1, has .75 and .15); pictures of one shop lie close together, so less says more here.
MORE_WEIGHT = 0.75
LESS_WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Look:
    """What results shall look like; nothing by default.

    Raises:
        InvalidQuery: too many products, or a SKU that is none.
    """

    photo: str = ""  # token of a photo
    more: tuple[str, ...] = ()  # SKUs
    less: tuple[str, ...] = ()  # SKUs

    def __post_init__(self) -> None:
        for name, skus in (("more", self.more), ("less", self.less)):
            if len(skus) > MOST:
                raise InvalidQuery(f"invalid_{name}", f"{name} may name {MOST} products at most.")
            if any(not sku.strip() or "\x00" in sku or len(sku) > LONGEST_SKU for sku in skus):
                raise InvalidQuery(f"invalid_{name}", f"{name} must be the SKU of a product.")

    @property
    def leads(self) -> bool:
        """Whether results are found by their look; what is wanted less only bends what words find."""
        return bool(self.photo or self.more)

    def __bool__(self) -> bool:
        return self.leads or bool(self.less)


NO_LOOK = Look()


@dataclass(frozen=True, slots=True)
class Aim:
    """Where to look in the space of pictures."""

    embedding: EmbeddingLiteral | None  # None where nothing says what results look like
    left_out: frozenset[str] = frozenset()  # product keys of what the shopper wants less of
    whole: bool = True  # False where a product of the look has no picture in the index, and says nothing


def aim_at(look: Look, version: IndexVersion, text: EmbeddingLiteral | None) -> Aim:
    """Return where results lie that look like this; products that are not in the index any more say nothing.

    Args:
        look: what results shall look like.
        version: the version that is searched.
        text: the query's embedding, which stands for the photo where there is none and nothing is wanted more.

    Raises:
        InvalidQuery: the photo's token cannot be used.
    """
    pictures = ImageQuerySet(EntryImage).first_of_skus(version.pk, {*_lower(look.more), *_lower(look.less)})
    more = [pictures[sku] for sku in _lower(look.more) if sku in pictures]
    less = [pictures[sku] for sku in _lower(look.less) if sku in pictures]
    left_out = frozenset(key for key, _ in less)
    whole = pictures.keys() >= {*_lower(look.more), *_lower(look.less)}
    base = embedding_of(look.photo, version) if look.photo else None if more else text
    if base is None and not more:
        return Aim(None, left_out, whole and not look.less)
    aimed = np.zeros(version.dimension, np.float32) if base is None else _numbers(base)
    if more:
        aimed += MORE_WEIGHT * np.mean([_numbers(literal) for _, literal in more], axis=0)
    if less:
        # In proportion to what speaks for something, so that the aim stays on its side.
        aimed -= LESS_WEIGHT * np.linalg.norm(aimed) * np.mean([_numbers(one) for _, one in less], axis=0)
    length = np.linalg.norm(aimed)
    return Aim(to_literal(aimed / length) if length else None, left_out, whole)


def _lower(skus: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(unicodedata.normalize("NFC", sku).strip().lower() for sku in skus))


def _numbers(literal: EmbeddingLiteral) -> NDArray[np.float32]:
    return np.array(json.loads(literal), np.float32)
