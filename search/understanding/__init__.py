"""Understanding: which words of a query name something that the catalogue knows, and which prices it states."""

from .lexicon import Lexicon
from .reading import NOTHING_MEANT, read_query
from .units import Price, Understood, Unit

__all__ = ["NOTHING_MEANT", "Lexicon", "Price", "Understood", "Unit", "read_query"]
