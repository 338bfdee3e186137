"""Candidates: where the entries of a query are looked for, by which terms, and those that its embedding finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..conf import Weights, get_settings
from ..models import EntryImage, IndexEntry, IndexVersion
from ..models.entries import EntryQuerySet
from ..models.finding import (
    NO_EMBEDDING,
    Row,
    every_entry,
    every_image,
    every_text,
    nearest,
    selected,
)
from ..models.terms import Sql
from ..query.lexicon import NEAR
from ..query.negated import Negated
from ..query.parse import Query
from ..query.words import Unit
from ..resilience import PolledCache
from ..vectors import EmbeddingLiteral
from .request import NO_FILTERS, Filters
from .scored import DECIDED

LACKING_SECONDS = 10.0  # between two counts of the pictures that have no embedding
VERSIONS_KEPT = 4  # of which a process knows that count
BY_NAME = 0.5  # how well a product fits that only its name calls a child's


@dataclass(frozen=True, slots=True)
class Space:
    """Where candidates are looked for: the entries of one version that meet the filters."""

    version_id: int
    dimension: int
    filters: Filters = NO_FILTERS
    excluded: tuple[str, ...] = ()
    config: str = "english"
    size: int = 0  # entries of the version, about
    negated: tuple[Negated, ...] = ()  # what its entries may not have

    @classmethod
    def of(
        cls,
        version: IndexVersion,
        filters: Filters,
        query: Query | None = None,
        negated: tuple[Negated, ...] = (),
    ) -> "Space":
        """The space that filters leave in a version, without what the query excludes and what it negates."""
        excluded, size = query.excluded if query else (), version.total or 0
        return cls(version.pk, version.dimension, filters, excluded, version.config, size, negated)

    @property
    def is_filtered(self) -> bool:
        """Whether a part of the version's entries is left out."""
        return bool(self.filters) or bool(self.excluded) or bool(self.negated)

    def entries(self) -> EntryQuerySet:
        """The entries in this space."""
        chosen = IndexEntry.objects.in_version(self.version_id).matching(self.filters)
        return chosen.excluding(self.excluded, self.config).lacking(self.negated, self.config)

    def selected(self) -> Sql:
        """The statement that selects the entries in this space."""
        return selected(self.entries()) if self.is_filtered else every_entry(self.version_id)

    def images(self) -> Sql:
        """The statement that selects the embedded pictures of the entries in this space."""
        if not self.is_filtered:
            return every_image(self.version_id)
        images = EntryImage.objects.in_version(self.version_id).matching(self.filters)
        chosen = images.excluding(self.excluded, self.config).lacking(self.negated, self.config)
        columns = ("entry__product_key", "entry_id", "embedding")
        return selected(chosen.filter(embedding__isnull=False).values_list(*columns), nothing=NO_EMBEDDING)

    def texts(self) -> Sql:
        """The statement that selects the embedded texts of the entries in this space."""
        if not self.is_filtered:
            return every_text(self.version_id)
        embedded = self.entries().filter(text_embedding__isnull=False)
        return selected(embedded.values_list("product_key", "pk", "text_embedding"), nothing=NO_EMBEDDING)


# The semantic legs: entries whose pictures or texts are nearest to an embedding.


@dataclass(frozen=True, slots=True)
class Leg:
    """What one leg found."""

    rows: Sequence[Row] = ()  # with their similarity, best first, each entry once
    complete: bool = True  # False when more entries would qualify


def image_leg(space: Space, embedding: EmbeddingLiteral, *, floor: float, exact: bool) -> Leg:
    """Find products by their pictures; a product counts by its best picture.

    Args:
        space: where to search.
        embedding: what to be near to.
        floor: lowest similarity, from -1 to 1.
        exact: whether to compare every picture instead of using the HNSW index.
    """
    return _leg(space, space.images(), embedding, floor, exact)


def text_leg(space: Space, embedding: EmbeddingLiteral, *, floor: float, exact: bool) -> Leg:
    """Find products by their texts; the arguments are those of `image_leg`."""
    return _leg(space, space.texts(), embedding, floor, exact)


def leaves_few(space: Space) -> bool:
    """Whether so few entries are left by the filters that comparing all of them is quicker, or surer.

    Surer: an iterative scan gives up after MAX_SCAN_TUPLES. Where one entry in n is left, it meets
    MAX_SCAN_TUPLES / n of them, which must be enough for all candidates.
    """
    settings = get_settings()
    limit = max(settings.exact_below, space.size * settings.candidates // settings.max_scan_tuples)
    return space.is_filtered and space.entries().count_up_to(limit) < limit


_lacking: PolledCache[int, float | None] = PolledCache(LACKING_SECONDS, most=VERSIONS_KEPT)


def lacking_share(version_id: int) -> float | None:
    """Return the share of a version's pictures that have no embedding, so that no leg finds them; None where it has no picture.

    Each process counts every few seconds.
    """
    return _lacking.get(version_id, lambda _: _count_lacking(version_id))


def forget_pictures() -> None:
    """Forget the counts of pictures."""
    _lacking.forget()


def _count_lacking(version_id: int) -> float | None:
    pictures = EntryImage.objects.filter(version=version_id)
    without = pictures.filter(embedding=None).count()  # from an index of these alone, nearly always empty
    there_are = without or pictures.exists()
    return (without / pictures.count() if without else 0.0) if there_are else None


def _leg(space: Space, embedded: Sql, embedding: EmbeddingLiteral, floor: float, exact: bool) -> Leg:
    limit = get_settings().candidates
    rows = _nearest(space, embedded, embedding, limit, exact)
    if space.is_filtered and not exact and len(rows) < limit and _reaches(rows, floor):
        # The iterative scan ended at max_scan_tuples with matching entries still unseen.
        rows = _nearest(space, embedded, embedding, limit, True)
    best: dict[int, Row] = {}
    for distance, key, pk in rows:
        if -distance >= floor:
            best.setdefault(pk, (key, pk, -distance))
    return Leg(list(best.values()), len(rows) < limit or not _reaches(rows, floor))


def _nearest(
    space: Space, embedded: Sql, embedding: EmbeddingLiteral, limit: int, exact: bool
) -> list[tuple[float, str, int]]:
    found = nearest(embedded, embedding, dimension=space.dimension, limit=limit, exact=exact)
    # Relaxed order is nearly sorted; and equal distances have to give the same order every time.
    return sorted((distance, key, pk) for key, pk, distance in found)


def _reaches(rows: list[tuple[float, str, int]], floor: float) -> bool:
    return not rows or -rows[-1][0] >= floor


# What is looked up, unit by unit.


@dataclass(frozen=True, slots=True)
class Term:
    """A unit of the query as it is looked up in the index, with how well each kind of match fits."""

    values: Mapping[str, float]
    phrases: Sequence[str]
    fits: tuple[float, float, float]  # in title, keywords, description
    importance: float
    needed: float
    near: Sequence[str] = ()  # phrases that may have been meant
    literal: Sequence[
        str
    ] = ()  # the typed words in each spelling, where values or phrases stand for them as well
    own: Sequence[str] = ()  # values that are called so
    called: Sequence[str] = ()  # phrases that a title may have of what fits, whatever its other values are
    roots: Sequence[str] = ()  # values of which it has one, if any are named
    name_fit: float = 0.0  # how well that fits
    near_share: float = NEAR  # how well they fit, as a share of the fits of `phrases`


def terms_of(units: Sequence[Unit], weights: Weights) -> list[Term]:
    """Return one term per unit, in their order."""
    return [_term(unit, weights) for unit in units]


def _term(unit: Unit, weights: Weights) -> Term:
    term = Term(
        unit.values, (), (0.0, 0.0, 0.0), unit.importance, weights.covered, literal=unit.literal, own=unit.own
    )
    if DECIDED.intersection(unit.facets) and not unit.opposite:
        name_fit = weights.title * (BY_NAME if unit.titles else 1.0)
        return replace(term, called=unit.called, roots=unit.roots, name_fit=name_fit)
    share = weights.mentioned if unit.values and not unit.opposite else 1.0
    fits = (share * weights.title, share * weights.keyword, share * weights.description)
    return replace(term, phrases=unit.phrases, fits=fits, near=unit.near)
