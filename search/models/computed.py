"""What a worker computes over a whole version in minutes: whether it is under way, how far, and how it ended."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from .versions import IndexVersion

SILENT_SECONDS = 300  # without a sign of life for this long, nobody is working on it


class Computed(models.Model):
    """One computation over one version; while it is made again, the former result stays."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "waiting for a worker"
        COMPUTING = "computing", "being computed"
        READY = "ready", "ready"
        FAILED = "failed", "failed"

    UNDER_WAY: ClassVar[tuple[State, ...]] = (State.WAITING, State.COMPUTING)

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="%(class)s"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.TextField(blank=True, default="", help_text="What is being done.")
    share = models.FloatField(default=0.0, help_text="How much of it is done, from 0 to 1.")
    seen_at = models.DateTimeField(help_text="Last sign of life.")
    # A default of the database, because code of the release before adds rows while this one is being brought in.
    starts = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Workers that began it.")
    error = models.TextField(blank=True, default="")
    made_at = models.DateTimeField(null=True, blank=True, help_text="When the result was made.")
    seconds = models.FloatField(null=True, blank=True, help_text="Time that it took.")

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def is_under_way(self) -> bool:
        """Whether it was asked for and has not ended, as far as one can tell."""
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
