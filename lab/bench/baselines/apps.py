"""Makes the shop's products known to watson; Haystack finds `search_indexes` by itself."""

from django.apps import AppConfig


class BaselinesConfig(AppConfig):
    """The comparison."""

    name = "lab.bench.baselines"
    label = "bench_baselines"

    def ready(self) -> None:
        """Register products with watson: names first, then descriptions, as its documentation has it."""
        from watson import search as watson

        from shop.models import Product

        from .engines import ProductAdapter

        watson.register(Product, ProductAdapter)
