"""This search: the plugin, in the database of the demo shop, which holds the products already."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .server import memory_bytes, relation_bytes

TABLES = "fashion_search_"


class Engine(Peer):
    """Searches as the search page does, without the counts beside the list unless they are asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import django

        django.setup()

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Write entries with embeddings, their indexes and the catalogue's words; a version that serves stays as it is."""
        from lab.bench.large_shop import index_shop
        from search.models import IndexVersion

        if IndexVersion.objects.active() is None:
            index_shop(len(products), encoded=True)

    def search(self, text: str) -> list[str]:
        """Return the first ten."""
        from search.evaluation.run import ask_here

        return ask_here(text)[0]

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Filter by a facet."""
        from search.engine import Filters, Trial, search

        filters = Filters(facets={field: (value,)})
        answer = search(text, filters=filters, page_size=DEPTH, trial=Trial())
        return [result.card.sku for result in answer.results]

    def counted(self, text: str, field: str) -> Mapping[str, int]:
        """Return the counts of the filter panel."""
        from search.engine import Trial, search

        return {item.value: item.count for item in search(text, trial=Trial()).facets[field]}

    def bytes_on_disk(self) -> int:
        """Return the size of the plugin's tables with their indexes."""
        return relation_bytes(TABLES)

    def server_bytes(self) -> int:
        """Return the memory of the Postgres server."""
        return memory_bytes()
