"""The index of those who watch."""

from tests.search.watching.conftest import searchable

__all__ = ["searchable"]
