"""Candidates: what the legs bring, and what all legs are asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ..conf import get_settings
from ..models import EntryImage, IndexEntry, IndexVersion
from ..models.entries import EntryQuerySet, ImageQuerySet, Row
from ..query.parse import Query
from ..resilience import PolledCache
from ..vectors import EmbeddingLiteral
from .filters import Filters


class Candidate(NamedTuple):
    """An entry that may become a result; ordered by product key, so that ties are broken by it."""

    product_key: str
    entry_id: int


@dataclass(frozen=True, slots=True)
class Leg:
    """What one way of searching found."""

    candidates: Sequence[Candidate] = ()  # best first, each once
    scores: Sequence[float] = ()  # of the candidates: rank, number of words or similarity, higher is better
    exact: Sequence[Candidate] = ()  # those whose SKU or name is the query itself
    complete: bool = True  # False when more entries would qualify


@dataclass(frozen=True, slots=True)
class Space:
    """Where the legs search: the entries of one version that meet the filters."""

    version_id: int
    dimension: int
    filters: Filters = field(default_factory=Filters)
    excluded: tuple[str, ...] = ()
    config: str = "english"
    size: int = 0  # entries of the version, about

    @classmethod
    def of(cls, version: IndexVersion, filters: Filters, query: Query | None = None) -> "Space":
        """The space that filters leave in a version, without what the query excludes."""
        excluded = query.excluded if query else ()
        return cls(version.pk, version.dimension, filters, excluded, version.config, version.total or 0)

    @property
    def is_filtered(self) -> bool:
        """Whether a part of the version's entries is left out."""
        return bool(self.filters) or bool(self.excluded)

    def entries(self) -> EntryQuerySet:
        """The entries in this space."""
        chosen = IndexEntry.objects.in_version(self.version_id).matching(self.filters)
        return chosen.excluding(self.excluded, self.config)

    def images(self) -> ImageQuerySet:
        """The pictures of the entries in this space."""
        chosen = EntryImage.objects.in_version(self.version_id).matching(self.filters)
        return chosen.excluding(self.excluded, self.config)


# The semantic legs: products whose pictures or texts are nearest to an embedding.


LOOK_SECONDS = 10.0  # between two looks at how many pictures have no embedding
KEPT = 4  # versions

_lacking: PolledCache[int, float | None] = PolledCache(LOOK_SECONDS, most=KEPT)


class HasNearest(Protocol):
    """A queryset of embeddings."""

    def nearest(self, embedding: EmbeddingLiteral, *, dimension: int, limit: int, exact: bool) -> list[Row]:
        """Rows nearest to the embedding."""


def image_leg(space: Space, embedding: EmbeddingLiteral, *, floor: float, exact: bool) -> Leg:
    """Find products by their pictures; a product counts by its best picture.

    Args:
        space: where to search.
        embedding: what to be near to.
        floor: lowest similarity, from -1 to 1.
        exact: whether to compare every picture instead of using the HNSW index.
    """
    return _leg(space, space.images, embedding, floor, exact)


def text_leg(space: Space, embedding: EmbeddingLiteral, *, floor: float, exact: bool) -> Leg:
    """Find products by their texts; the arguments are those of `image_leg`."""
    return _leg(space, space.entries, embedding, floor, exact)


def leaves_few(space: Space) -> bool:
    """Whether so few entries are left by the filters that comparing all of them is quicker, or surer.

    Surer: an iterative scan gives up after MAX_SCAN_TUPLES. Where one entry in n is left, it meets
    MAX_SCAN_TUPLES / n of them, which must be enough for all candidates.
    """
    settings = get_settings()
    limit = max(settings.exact_below, space.size * settings.candidates // settings.max_scan_tuples)
    return space.is_filtered and space.entries().count_up_to(limit) < limit


def lacking_share(version_id: int) -> float | None:
    """Return the share of a version's pictures that have no embedding, so that no leg finds them; None where it has no picture.

    Each process looks every few seconds.
    """
    return _lacking.get(version_id, lambda _: _count_lacking(version_id))


def forget_pictures() -> None:
    """Forget what was seen of pictures."""
    _lacking.forget()


def _count_lacking(version_id: int) -> float | None:
    pictures = EntryImage.objects.filter(version=version_id)
    without = pictures.filter(embedding=None).count()  # from an index of these alone, nearly always empty
    there_are = without or pictures.exists()
    return (without / pictures.count() if without else 0.0) if there_are else None


def _leg(
    space: Space, source: Callable[[], HasNearest], embedding: EmbeddingLiteral, floor: float, exact: bool
) -> Leg:
    limit = get_settings().candidates
    rows = _nearest(space, source, embedding, limit, exact)
    if space.is_filtered and not exact and len(rows) < limit and _reaches(rows, floor):
        # The iterative scan ended at max_scan_tuples with matching entries still unseen.
        rows = _nearest(space, source, embedding, limit, True)
    best: dict[Candidate, float] = {}
    for distance, key, pk in rows:
        if -distance >= floor:
            best.setdefault(Candidate(key, pk), -distance)
    return Leg(list(best), list(best.values()), (), len(rows) < limit or not _reaches(rows, floor))


def _nearest(
    space: Space, source: Callable[[], HasNearest], embedding: EmbeddingLiteral, limit: int, exact: bool
) -> list[tuple[float, str, int]]:
    found = source().nearest(embedding, dimension=space.dimension, limit=limit, exact=exact)
    # Relaxed order is nearly sorted; and equal distances shall give the same order every time.
    return sorted((distance, key, pk) for key, pk, distance in found)


def _reaches(rows: list[tuple[float, str, int]], floor: float) -> bool:
    return not rows or -rows[-1][0] >= floor
