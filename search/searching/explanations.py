"""Why a product is a result: how well it fits each thing that was asked for, its similarities and ranks, and rules."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from ..merchandising import Fired
from ..understanding.terms import Term
from .ranking import Asked
from .scoring import Scored

PLACES = ("title", "keywords", "description")  # of a text, as the fits of a term stand


@dataclass(frozen=True, kw_only=True, slots=True)
class TermFit:
    """How well a product fits one thing that was asked for."""

    text: str  # as typed
    implied: bool  # not typed, but asked for by something that was
    importance: float  # its share, beside those of the others
    fit: float  # from 0 to 1
    needed: float  # a lesser fit counts as missing
    found_in: str  # "colour Navy Blue", or the text that holds it; "" where it does not fit at all

    @property
    def missing(self) -> bool:
        """Whether the product lacks it."""
        return self.fit < self.needed


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What a product's score is made of. Ranks are among the candidates of the search, from 1; equals share one."""

    match: str  # "named", "full", "pinned" or "close"; "" for what is no result
    score: float  # before rules
    coverage: float  # share of what was asked for, by how well it fits, from 0 to 1
    keyword_rank: int  # by coverage
    image_similarity: float | None  # None without an embedding
    image_rank: int | None
    text_similarity: float | None
    text_rank: int | None
    cheap: float  # what being cheap added to the score
    kids: float  # what being for children took off
    terms: tuple[TermFit, ...]
    rules: tuple[Fired, ...]  # that took effect on it


class Ranks:
    """Tells at which rank a figure stands among those of all candidates."""

    def __init__(self, candidates: Iterable[Scored]) -> None:
        rows = list(candidates)
        self.count = len(rows)
        self._coverages = sorted(item.coverage for item in rows)
        self._images = sorted(item.row.image for item in rows if item.row.image is not None)
        self._texts = sorted(item.row.text for item in rows if item.row.text is not None)

    def explain(
        self, asked: Asked, terms: Sequence[Term], item: Scored, *, match: str, rules: Sequence[Fired] = ()
    ) -> Explanation:
        """Explain a scored entry, whether or not it is among the candidates."""
        return Explanation(
            match=match,
            score=item.score,
            coverage=item.coverage,
            keyword_rank=_rank(item.coverage, self._coverages),
            image_similarity=item.row.image,
            image_rank=None if item.row.image is None else _rank(item.row.image, self._images),
            text_similarity=item.row.text,
            text_rank=None if item.row.text is None else _rank(item.row.text, self._texts),
            cheap=item.cheap,
            kids=item.kids,
            terms=tuple(_fits(asked, terms, item)),
            rules=tuple(rules),
        )


def match_of(item: Scored, *, listed: bool, pinned: bool) -> str:
    """Return why an entry is in the list: "named", "full", "pinned" or "close"; "" where it is not."""
    if not listed:
        return ""
    if item.named:
        return "named"
    if item.full:
        return "full"
    return "pinned" if pinned else "close"


def rules_by_product(fired: Iterable[Fired]) -> Mapping[str, list[Fired]]:
    """Return the rules that took effect, by product key."""
    found: dict[str, list[Fired]] = {}
    for rule in fired:
        found.setdefault(rule.product_key, []).append(rule)
    return found


def _rank(value: float, ascending: Sequence[float]) -> int:
    return 1 + len(ascending) - bisect_right(ascending, value)


def _fits(asked: Asked, terms: Sequence[Term], item: Scored) -> Iterable[TermFit]:
    for unit, term, fit in zip(asked.understood.units, terms, item.row.fits, strict=True):
        yield TermFit(
            text=unit.text,
            implied=unit.implied,
            importance=term.importance,
            fit=fit,
            needed=term.needed,
            found_in=_found_in(term, fit, item.row.facets),
        )


def _found_in(term: Term, fit: float, tokens: Collection[str]) -> str:
    """Where a fit comes from, as the index measured it: the best of the values, else a text."""
    if not fit:
        return ""
    borne = [token for token in term.values if token in tokens and isclose(term.values[token], fit)]
    if borne:
        return min(borne).replace("=", " ", 1)
    for phrases, share, form in ((term.phrases, 1.0, "{}"), (term.near, term.near_share, "{}, as {}")):
        for place, value in zip(PLACES, term.fits, strict=True):
            if phrases and isclose(share * value, fit):
                return form.format(place, " or ".join(phrases))
    return ""
