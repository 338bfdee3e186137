"""Check the health of the catalogue."""

from collections.abc import Callable
from typing import Any

from ...models import CatalogueHealth
from ...quality.findings import TEXTS
from ...quality.health import check_health
from ..progress import ComputedCommand


class Command(ComputedCommand):
    """`manage.py check_catalogue`."""

    help = "Look through the active version for products that somebody should look at, for the page in the admin."
    kind = CatalogueHealth
    task = "check_health"

    def work(self) -> Callable[..., Any]:
        """Return what computes it."""
        return check_health

    def tell(self, row: CatalogueHealth) -> str:
        """Return what came of it: a line per kind."""
        counts = row.figures["counts"]
        lines = [f"{counts[text.kind]:>8,}  {text.title}" for text in TEXTS]
        head = f"{row.figures['products']:,} products of version {row.version_id}, checked in {row.seconds:.1f} s:"
        return "\n".join([head, *lines])
