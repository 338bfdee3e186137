"""Builds: the runs that fill the index or index all of it again, with their progress, who began them and how they ended."""

from typing import ClassVar, Self

from django.db import models

from .versions import IndexVersion


class BuildQuerySet(models.QuerySet["Build"]):
    """Builds by what has become of them."""

    def running(self) -> Self:
        """Keep the build that runs; there is one at most."""
        return self.filter(state=Build.State.RUNNING)

    def to_clear(self) -> Self:
        """Keep the cancelled ones whose rows are still to be removed."""
        return self.filter(state=Build.State.CANCELLED, cleared_at=None)


class Build(models.Model):
    """One run over all products; it outlives its index version, so that there is a history."""

    class Kind(models.TextChoices):
        """What it does."""

        REBUILD = "rebuild", "rebuild"
        REINDEX = "reindex", "reindex"

    class State(models.TextChoices):
        """What has become of it."""

        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    class Step(models.TextChoices):
        """What it does at the moment, in this order."""

        QUEUED = "queued", "waiting for a worker"
        MARKING = "marking", "marking products"
        ENCODING = "encoding", "encoding products"
        INDEXING = "indexing", "building HNSW indexes"
        VERIFYING = "verifying", "verifying"
        SWITCHING = "switching", "switching"

    REBUILD_STEPS: ClassVar[tuple[Step, ...]] = tuple(Step)
    REINDEX_STEPS: ClassVar[tuple[Step, ...]] = (Step.QUEUED, Step.MARKING, Step.ENCODING)

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.QUEUED)
    version = models.PositiveBigIntegerField(null=True, blank=True, help_text="Number of the index version.")
    started_by = models.TextField(blank=True, default="", help_text="Empty: from the command line.")
    started_at = models.DateTimeField(auto_now_add=True)
    step_at = models.DateTimeField(auto_now_add=True, help_text="When the step began.")
    moved_at = models.DateTimeField(auto_now_add=True, help_text="When a worker last did something for it.")
    ended_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(
        null=True, blank=True, help_text="When the rows of a cancelled build had been removed."
    )
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Products when it began.")
    indexed = models.PositiveIntegerField(default=0, help_text="Products that workers embedded meanwhile.")
    pace = models.JSONField(
        default=list, blank=True, editable=False, help_text="Of the last half minute: seconds, products."
    )
    reason = models.TextField(blank=True, default="", help_text="Why it ended, or what went wrong last.")

    objects = BuildQuerySet.as_manager()

    class Meta:
        """Constraints; the pages ask for the permissions of index versions."""

        ordering = ("-pk",)
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("state",), condition=models.Q(state="running"), name="fashion_search_one_build"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.state == self.State.RUNNING

    @property
    def steps(self) -> "tuple[Step, ...]":
        """The steps of its kind, in their order."""
        return self.REBUILD_STEPS if self.kind == self.Kind.REBUILD else self.REINDEX_STEPS


class Dashboard(IndexVersion):
    """The index as the dashboard shows it: a page of the admin, no table of its own."""

    class Meta:
        """Names; the page asks for the permission to view index versions."""

        proxy = True
        default_permissions = ()
        verbose_name_plural = "dashboard"
