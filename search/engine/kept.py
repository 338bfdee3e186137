"""What need not be counted for a page without words: what Postgres keeps of a version and of each category, less what rules hide."""

from collections.abc import Callable, Mapping

from ..facets import CATEGORY, token_of
from ..models import IndexVersion, KeptCount
from ..models.entries import EntryQuerySet
from ..models.kept_counts import EVERY_ENTRY, EVERYWHERE, Number
from .request import Filters


class KeptTokens:
    """Counts of one page under no filter, or one category; each is read once.

    Args:
        version: that is shown.
        hidden: gives the entries under some filters that rules hide.
    """

    def __init__(self, version: IndexVersion, hidden: Callable[[Filters], EntryQuerySet]) -> None:
        self._version = version
        self._hidden = hidden
        self._read: dict[str, Mapping[str, Number]] = {}

    def __call__(self, filters: Filters) -> Mapping[str, int] | None:
        """Return token -> number of the entries that are shown under the filters, as `KeptCount` has it; None where it does not."""
        categories = filters.facets.get(CATEGORY, ())
        chosen = filters.without(CATEGORY).selected
        if not self._version.counted or filters.has_price or chosen or len(categories) > 1:
            return None
        within = token_of(CATEGORY, categories[0]) if categories else EVERYWHERE
        if within not in self._read:
            self._read[within] = self._less_hidden(within, filters.without_stock)
        counted = self._read[within].items()
        numbers = {token: one.in_stock if filters.in_stock else one.entries for token, one in counted}
        return {token: number for token, number in numbers.items() if number}

    def total(self, filters: Filters) -> int | None:
        """Return how many entries are shown under the filters; None where it has to be counted."""
        tokens = self(filters)
        return None if tokens is None else tokens.get(EVERY_ENTRY, 0)

    def _less_hidden(self, within: str, filters: Filters) -> dict[str, Number]:
        kept = KeptCount.objects.read(self._version.pk, within)
        for token, number in self._hidden(filters).kept_tokens().items():
            entries, in_stock = kept.get(token, Number(0, 0))
            kept[token] = Number(entries - number.entries, in_stock - number.in_stock)
        return kept
