"""Make the map of the catalogue."""

from collections.abc import Callable
from typing import Any

from ...models import CatalogueMap
from ...quality.projection import make_map
from ..progress import ComputedCommand


class Command(ComputedCommand):
    """`manage.py map_catalogue`."""

    help = "Lay the active version's products out on a plane by their pictures, for the map in the admin."
    kind = CatalogueMap
    task = "map_catalogue"

    def work(self) -> Callable[..., Any]:
        """Return what computes it."""
        return make_map

    def tell(self, row: CatalogueMap) -> str:
        """Return what came of it, in a sentence."""
        return (
            f"{row.mapped:,} of {row.available:,} products with pictures are on the map of version"
            f" {row.version_id}, made in {row.seconds:.0f} s."
        )
