"""Makes the products known to watson; Haystack finds `search_indexes` by itself."""

from django.apps import AppConfig


class HostConfig(AppConfig):
    """The host."""

    name = "lab.bench.peers.host"
    label = "bench_host"

    def ready(self) -> None:
        """Register products with watson: names first, then descriptions, as its documentation has it."""
        from watson import search as watson

        from .models import Item

        class ItemAdapter(watson.SearchAdapter):
            def get_title(self, obj) -> str:
                return obj.title

            def get_description(self, obj) -> str:
                return obj.keywords

            def get_content(self, obj) -> str:
                return obj.description

        watson.register(Item, ItemAdapter)
