"""What a page of results is asked for by, and what it is made of before the host's products are loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..merchandising.rules import Fired
from ..query.clean import Query
from ..query.terms import Understood
from ..retrieval.counts import Counts
from ..retrieval.filters import Filters
from .explanations import Absence, Explanation
from .looks import NO_LOOK, Look
from .trials import SHOPPERS, Trial

NOTHING_UNDERSTOOD = Understood()


@dataclass(frozen=True, slots=True)
class Page:
    """What one page of results needs, before the host's products are loaded."""

    found: Sequence[tuple[str, float]]  # product keys and scores
    total: int
    complete: bool
    counts: Counts
    matching: int
    query: Query | None = None  # that was searched for, where it was corrected
    understood: Understood = NOTHING_UNDERSTOOD
    token: str = ""
    restarted: bool = False
    fired: tuple[Fired, ...] = ()
    explanation: Explanation | None = None
    absence: Absence | None = None
    degraded: str = ""
    left_out: tuple[str, ...] = ()  # of `reasons`
    thawed: bool = False  # cut from a list that was frozen, and only whole ones are


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A checked request for one page."""

    filters: Filters
    sort: str
    page: int
    size: int
    token: str  # of the first page
    facets: tuple[str, ...]  # to count
    trial: Trial = SHOPPERS
    look: Look = NO_LOOK
    freezing: bool = True  # whether later pages shall be cut from the same list

    @property
    def window(self) -> slice:
        """Where the page stands in the list."""
        return slice((self.page - 1) * self.size, self.page * self.size)

    def freezes(self, total: int) -> bool:
        """Whether a list of so many results is worth keeping."""
        return self.freezing and total > self.size
