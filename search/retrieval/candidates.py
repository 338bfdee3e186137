"""Candidates: what the legs bring, and what all legs are asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..models import EntryImage, IndexEntry, IndexVersion
from ..query.clean import Query
from ..querysets import EntryQuerySet, ImageQuerySet
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
        chosen = EntryQuerySet(IndexEntry).in_version(self.version_id).matching(self.filters)
        return chosen.excluding(self.excluded, self.config)

    def images(self) -> ImageQuerySet:
        """The pictures of the entries in this space."""
        chosen = ImageQuerySet(EntryImage).in_version(self.version_id).matching(self.filters)
        return chosen.excluding(self.excluded, self.config)
