"""Django's own `SearchVector` and `SearchQuery` over the host's table, without a column or an index for them."""

from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .server import memory_bytes


class Engine(Peer):
    """Reads every text anew at each search."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import django

        django.setup()

    def prepare(self, products: Sequence[PeerProduct]) -> None:
        """Fill the host's table."""
        from ..host.models import fill

        fill(products)

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Nothing is built."""

    def search(self, text: str) -> list[str]:
        """Return the ten best by `SearchRank`."""
        return list(self._found(text).values_list("key", flat=True)[:DEPTH])

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter the queryset."""
        found = self._found(text).filter(columns__contains={field: [value]})
        return list(found.values_list("key", flat=True)[:DEPTH])

    def _found(self, text: str):
        from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector

        from ..host.models import Item

        vector = (
            SearchVector("title", weight="A", config="english")
            + SearchVector("keywords", weight="B", config="english")
            + SearchVector("description", weight="C", config="english")
        )
        query = SearchQuery(text, config="english", search_type="websearch")
        found = Item.objects.annotate(vector=vector, rank=SearchRank(vector, query))
        return found.filter(vector=query).order_by("-rank", "key")

    def bytes_on_disk(self) -> int:
        """Nothing is kept."""
        return 0

    def server_bytes(self) -> int:
        """Return the memory of the Postgres server."""
        return memory_bytes()
