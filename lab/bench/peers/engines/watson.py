"""django-watson: its own table beside the host's, filled by `buildwatson`."""

from collections.abc import Sequence
from pathlib import Path

from ..protocol import DEPTH, Peer, PeerProduct
from .server import memory_bytes, relation_bytes


class Engine(Peer):
    """All words, each as the beginning of one, ranked with the weights of its three fields."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import django

        django.setup()

    def prepare(self, products: Sequence[PeerProduct]) -> None:
        """Fill the host's table and make watson's, empty."""
        from django.core.management import call_command

        from ..host.models import fill

        call_command("migrate", verbosity=0)
        fill(products)

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Run watson's two commands."""
        from django.core.management import call_command

        call_command("installwatson", verbosity=0)
        call_command("buildwatson", verbosity=0)

    def search(self, text: str) -> list[str]:
        """Return the keys of the products that its first ten entries name."""
        from watson import search as watson

        return [result.object.key for result in watson.search(text)[:DEPTH]]

    def narrowed(self, text: str, field: str, value: str) -> list[str]:
        """Let watson filter a queryset of the host's."""
        from watson import search as watson

        from ..host.models import Item

        found = watson.filter(Item.objects.filter(columns__contains={field: [value]}), text)
        return list(found.values_list("key", flat=True)[:DEPTH])

    def bytes_on_disk(self) -> int:
        """Return the size of watson's table."""
        return relation_bytes("watson_")

    def server_bytes(self) -> int:
        """Return the memory of the Postgres server."""
        return memory_bytes()
