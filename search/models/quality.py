"""What workers compute over a whole version in minutes: the map of the catalogue, and its health."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .versions import IndexVersion

SILENT_SECONDS = 300  # without a sign of life for this long, nobody is working on it


class Computation(models.Model):
    """Something that a worker computes in minutes: how far it is, and how it ended."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("waiting for a worker")
        COMPUTING = "computing", _("being computed")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    UNDER_WAY: ClassVar[tuple[State, ...]] = (State.WAITING, State.COMPUTING)

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.TextField(blank=True, default="", help_text=_("The current step."))
    share = models.FloatField(default=0.0, help_text=_("Progress of the computation, from 0 to 1."))
    seen_at = models.DateTimeField(help_text=_("Last sign of life."))
    # A default of the database, because code of the release before adds rows while this one is being brought in.
    starts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text=_("How often a worker has begun it.")
    )
    error = models.TextField(blank=True, default="")
    made_at = models.DateTimeField(null=True, blank=True, help_text=_("When the result was made."))
    seconds = models.FloatField(null=True, blank=True, help_text=_("How long it took, in seconds."))

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def is_under_way(self) -> bool:
        """Whether it was requested and has not ended; False after SILENT_SECONDS without a sign of life."""
        return self.state in self.UNDER_WAY and not self.is_silent

    @property
    def is_silent(self) -> bool:
        """Whether it should be under way and has given no sign of life for SILENT_SECONDS."""
        return self.state in self.UNDER_WAY and self.seen_at < timezone.now() - timedelta(
            seconds=SILENT_SECONDS
        )

    @property
    def percent(self) -> int:
        """How much of it is done, from 0 to 100."""
        return round(100 * self.share)


class Computed(Computation):
    """One computation over one version; while it is made again, the former result stays."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="%(class)s"
    )

    class Meta:
        """No table of its own."""

        abstract = True


class CatalogueMap(Computed):
    """Positions of a version's entries on a plane, packed, and how they were found."""

    entries = models.BinaryField(default=bytes, help_text=_("Primary keys of entries, 8 bytes each."))
    positions = models.BinaryField(default=bytes, help_text=_("x and y of each entry, 2 bytes each."))
    mapped = models.PositiveIntegerField("products on it", default=0)
    available = models.PositiveIntegerField(
        "products with pictures",
        default=0,
        help_text=_("Products that the map could show; those on it may be a sample."),
    )
    parameters = models.JSONField(default=dict, help_text=_("Parameters of the projection."))
    seed = models.PositiveIntegerField(default=0)

    class Meta:
        """Names."""

        verbose_name = _("map of the catalogue")
        verbose_name_plural = _("map of the catalogue")

    def __str__(self) -> str:
        return f"map of version {self.version_id}"


class CatalogueHealth(Computed):
    """What a check of one version found, in figures."""

    figures = models.JSONField(
        default=dict, help_text=_("Counts by kind, with the thresholds they were found with.")
    )

    class Meta:
        """Names."""

        verbose_name = _("health of the catalogue")
        verbose_name_plural = _("health of the catalogue")

    def __str__(self) -> str:
        return f"health of version {self.version_id}"


class HealthFinding(models.Model):
    """One product that a check found; of each kind no more than HEALTH_FINDINGS are kept, the worst ones."""

    class Kind(models.TextChoices):
        """What is wrong with a product."""

        DISAGREE = "disagree", _("picture and text disagree")
        DUPLICATE = "duplicate", _("near-duplicate pictures")
        BROKEN = "broken", _("broken picture")
        NO_PICTURE = "no-picture", _("no picture")
        NO_DESCRIPTION = "no-description", _("no description")
        NO_CATEGORY = "no-category", _("no category")
        NO_PRICE = "no-price", _("no price")

    health = models.ForeignKey(
        CatalogueHealth, on_delete=models.CASCADE, related_name="findings", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind)
    rank = models.PositiveIntegerField(help_text=_("Rank within its kind; 0 is the worst."))
    product_key = models.TextField()
    group = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Number of its group of near-duplicates.")
    )
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
