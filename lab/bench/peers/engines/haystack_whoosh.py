"""Haystack with Whoosh: one document field, asked as Haystack's own search view does."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct


class Engine(Peer):
    """Pure Python, files in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ["WHOOSH_FOLDER"] = str(folder)
        import django

        django.setup()

    def prepare(self, products: Sequence[PeerProduct]) -> None:
        """Fill the host's table."""
        from ..host.models import fill

        fill(products)

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Run Haystack's command."""
        from django.core.management import call_command

        call_command("rebuild_index", interactive=False, verbosity=0)

    def search(self, text: str) -> list[str]:
        """Return the first ten of `auto_query`."""
        from haystack.query import SearchQuerySet

        return [result.key for result in SearchQuerySet().auto_query(text)[:DEPTH]]

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter by a word that stands for the value, in a field of its own."""
        from haystack.query import SearchQuerySet

        from ..host.search_indexes import value_word

        found = SearchQuerySet().auto_query(text).filter(values=value_word(field, value))
        return [result.key for result in found[:DEPTH]]
