"""The health of the catalogue: products of a version that somebody should look at, and why."""

from django.db import models

from .computed import Computed


class CatalogueHealth(Computed):
    """What a check of one version found, in figures."""

    figures = models.JSONField(default=dict, help_text="Counts by kind, and what they were told by.")

    class Meta:
        """Names."""

        verbose_name = "health of the catalogue"
        verbose_name_plural = "health of the catalogue"

    def __str__(self) -> str:
        return f"health of version {self.version_id}"


class HealthFinding(models.Model):
    """One product that a check found; of each kind no more than HEALTH_FINDINGS are kept, the worst ones."""

    class Kind(models.TextChoices):
        """What is wrong with a product."""

        DISAGREE = "disagree", "picture and text disagree"
        DUPLICATE = "duplicate", "near-duplicate pictures"
        BROKEN = "broken", "broken picture"
        NO_PICTURE = "no-picture", "no picture"
        NO_DESCRIPTION = "no-description", "no description"
        NO_CATEGORY = "no-category", "no category"
        NO_PRICE = "no-price", "no price"

    health = models.ForeignKey(
        CatalogueHealth, on_delete=models.CASCADE, related_name="findings", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind)
    rank = models.PositiveIntegerField(help_text="Within its kind; 0 is the worst.")
    product_key = models.TextField()
    group = models.PositiveIntegerField(null=True, blank=True, help_text="Of products that belong together.")
    similarity = models.FloatField(null=True, blank=True)
    detail = models.TextField(blank=True, default="")

    class Meta:
        """Constraints and order."""

        ordering = ("rank",)
        constraints = (
            models.UniqueConstraint(fields=("health", "kind", "rank"), name="fashion_search_one_finding"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: product {self.product_key}"
