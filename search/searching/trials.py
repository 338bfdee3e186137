"""Searches that are no shopper's: to try settings of a search, or to see how it comes about."""

from dataclasses import dataclass

from ..merchandising.synonym_entries import SynonymEntry
from ..models import IndexVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What differs from a shopper's search; rules, redirects and banners count no hit in one."""

    version: IndexVersion | None = None  # to search instead of the one that serves
    synonyms: tuple[SynonymEntry, ...] | None = None  # to read the query with instead of the table's
    explain: bool = False  # whether the answer explains its results
    missing: str = ""  # SKU of a product; the answer tells why it is not there, or not higher

    @property
    def explains(self) -> bool:
        """Whether the list is made anew, with all that there is to tell of it."""
        return self.explain or bool(self.missing)


SHOPPERS = Trial()
