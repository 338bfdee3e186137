"""What an answer tells of how it came about, where that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..query.terms import Unit


@dataclass(frozen=True, slots=True)
class PartFit:
    """How well a result has one thing that the query asks for."""

    text: str  # as typed
    facet: str  # that it names a value of; "" for a word
    fit: float  # from 0 to 1
    lacking: bool  # too little of it
    importance: float


@dataclass(frozen=True, slots=True)
class ResultExplained:
    """One result. Ranks are from 1, among all results, of equal ones the better rank."""

    position: int
    product_key: str
    match: str  # "named": its SKU or name is the query; "full"; "close"; "pinned" or "listed" where nothing was compared
    score: float
    parts: tuple[PartFit, ...] = ()
    coverage: float | None = None  # share of what was asked for that it has
    keyword_rank: int | None = None  # by coverage
    image: float | None = None  # similarity of its best picture to the query
    image_rank: int | None = None
    text: float | None = None  # similarity of its text
    text_rank: int | None = None
    rules: tuple[str, ...] = ()  # that fired for it


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a page of results came about."""

    version: str
    artifact: str  # first digits of its fingerprint
    encoded: str  # what the text encoder reads; "" where it was not asked
    in_pieces: Mapping[str, tuple[str, ...]]  # words that the text encoder knows in pieces only
    image_noise: float  # what 99 % of nonsense words stay below
    text_noise: float
    units: tuple[Unit, ...]
    conflicts: tuple[str, ...]
    rules: tuple[str, ...]  # all that fired
    results: tuple[ResultExplained, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """What is known of one product for one query."""

    sku: str
    position: int | None  # among the results, from 1; None where it is none
    reasons: tuple[str, ...]  # what keeps it out, or behind others
    parts: tuple[PartFit, ...] = ()  # what it has of the query
    image: float | None = None  # similarity of its best picture
    text: float | None = None  # similarity of its text
