"""The map of the catalogue: where each product of a version lies when its pictures are laid out on a plane."""

from django.db import models

from .computed import Computed


class CatalogueMap(Computed):
    """Positions of a version's entries on a plane, packed, and how they were found."""

    entries = models.BinaryField(default=bytes, help_text="Primary keys of entries, 8 bytes each.")
    positions = models.BinaryField(default=bytes, help_text="Their x and y, 2 bytes each.")
    mapped = models.PositiveIntegerField("products on it", default=0)
    available = models.PositiveIntegerField(
        "products with pictures", default=0, help_text="Of which those on it were drawn."
    )
    parameters = models.JSONField(default=dict, help_text="Of the projection.")
    seed = models.PositiveIntegerField(default=0)

    class Meta:
        """Names."""

        verbose_name = "map of the catalogue"
        verbose_name_plural = "map of the catalogue"

    def __str__(self) -> str:
        return f"map of version {self.version_id}"
