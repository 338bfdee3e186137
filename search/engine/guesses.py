"""What a photo shows, guessed from the pictures nearest to it, and what comes first for it.

The host's `ProductIndex.guessed` names the facets. The first of them is the kind of product: where the guess is sure, products of that
kind come first; sure or not, a product scores the higher, the more votes its kind has. A shopper may take a guess back, or choose
another value, which then comes first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..encoders.votes import NEAREST, Calibration, Tally, Voter, count_votes, deepest
from ..exceptions import ArtifactError
from ..facets import CATEGORY, parse_token, prefix_of, values_of
from ..models import EntryImage, IndexVersion
from ..query.lexicon import Lexicon
from ..registry import get_index
from ..vectors import EmbeddingLiteral
from .answers import Guess, LooksLike
from .ranking import RankingQuery, Shown
from .request import SearchRequest

OTHERS = 5  # values offered instead of a guess


class Seen(NamedTuple):
    """What the pictures nearest to a photo say of one facet."""

    facet: str
    tallies: Sequence[Tally]
    similarity: float  # of the nearest picture
    calibration: Calibration | None  # None where the artifact has none for this facet: no guess is sure

    def confidence(self, tally: Tally) -> float:
        """How likely a value is right, from 0 to 1."""
        return self.calibration.confidence(tally.share, self.similarity) if self.calibration else 0.0


def with_guesses(query: RankingQuery, request: SearchRequest, photo: EmbeddingLiteral) -> RankingQuery:
    """Return the query with what its photo shows, and with what comes first for it."""
    chosen = dict(map(parse_token, request.references.looks))
    seen = look_at(query.version, query.words.lexicon, photo)
    named = {facet for unit in query.understood.units for facet in unit.facets}
    looks = []
    shown = None
    for number, one in enumerate(seen):
        if one.facet in chosen:
            value = chosen[one.facet]
            looks += [_chosen(one, value)] if value else []
            continue
        if not number and one.facet not in named:
            shown = Shown(one.facet, {tally.value: tally.share for tally in one.tallies})
        found = deepest(one.tallies, one.confidence, get_settings().guess_confidence)
        if found is not None:
            filtered = request.filters.facets.get(one.facet)
            allowed = not filtered or not set(filtered).isdisjoint(found.path)
            looks.append(_guessed(one, found, first=not number and one.facet not in named and allowed))
    return replace(query, looks=tuple(looks), shown=shown)


def look_at(version: IndexVersion, lexicon: Lexicon, photo: EmbeddingLiteral) -> list[Seen]:
    """Return what the pictures nearest to a photo say of each facet that is guessed."""
    try:
        calibrations = encoders_for(version).manifest.calibrations
    except ArtifactError:  # the photo is encoded already; what is missing are guesses
        calibrations = {}
    index = get_index()
    pictures = EntryImage.objects.in_version(version.pk)
    nearest = pictures.nearest_facets(photo, dimension=version.dimension, limit=NEAREST)
    similarity = max((similarity for _, similarity in nearest), default=0.0)
    seen = []
    for facet in index.guessed:
        if facet not in index.facets:
            continue
        voters = [Voter(similarity, paths_of(facet, tokens)) for tokens, similarity in nearest]
        tallies = count_votes(voters, shares_of(facet, lexicon))
        seen.append(Seen(facet, tallies, similarity, calibrations.get(facet)))
    return seen


def paths_of(facet: str, tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the values that a product has in a facet: the path of its category, or each value by itself.

    Args:
        facet: the facet.
        tokens: the product's, in the order of its document.
    """
    values = values_of(facet, tokens)
    if facet == CATEGORY:
        return [tuple(values)] if values else []
    return [(value,) for value in values]


def shares_of(facet: str, lexicon: Lexicon) -> Mapping[str, float]:
    """Return how many of the products have each value of a facet, from 0 to 1."""
    prefix = prefix_of(facet)
    return {
        token.removeprefix(prefix): count / lexicon.total
        for token, count in lexicon.facets.items()
        if token.startswith(prefix)
    }


def _guessed(seen: Seen, found: Tally, *, first: bool) -> LooksLike:
    others = _others(seen, found.path)
    return LooksLike(
        seen.facet, found.value, seen.confidence(found), label_of(found.path), first, False, others
    )


def _chosen(seen: Seen, value: str) -> LooksLike:
    tally = next((tally for tally in seen.tallies if tally.value == value), Tally((value,), 0.0))
    others = _others(seen, tally.path)
    confidence = seen.confidence(tally) if tally.share else 0.0
    return LooksLike(seen.facet, value, confidence, label_of(tally.path), True, True, others)


def _others(seen: Seen, path: Sequence[str]) -> tuple[Guess, ...]:
    """The next best guesses: values that nothing lies below, likeliest first."""
    above = {value for tally in seen.tallies for value in tally.path[:-1]}
    lowest = [tally for tally in seen.tallies if tally.value not in above and tally.value != path[-1]]
    return tuple(
        Guess(seen.facet, tally.value, seen.confidence(tally), label_of(tally.path))
        for tally in lowest[:OTHERS]
    )


def label_of(path: Sequence[str]) -> str:
    """Return a value as people read it, behind what lies above it."""
    return " \u203a ".join(path)
