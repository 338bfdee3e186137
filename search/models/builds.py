"""Builds: the runs that fill the index or index all of it again, with their progress, who began them and how they ended."""

from typing import ClassVar, Self

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now

from ..exceptions import BuildGivenUp, BuildStateError
from ..sentences import lazily as _
from ..sentences import said
from .versions import IndexVersion

PACE_SECONDS = 30.0  # the rate is that of so many seconds
SAMPLE_SECONDS = 1.0  # batches that end closer together share a sample
MAX_REASON = 1000  # characters


class BuildQuerySet(models.QuerySet["Build"]):
    """Builds by what has become of them, and how a record moves on: it waits, begins, goes from step to step, ends.

    Code that locks a version and its build locks the version first.
    """

    def running(self) -> Self:
        """Keep the build that runs; there is one at most."""
        return self.filter(state=Build.State.RUNNING)

    def waiting(self) -> Self:
        """Keep the build that waits for a worker to begin it."""
        return self.running().filter(step=Build.Step.QUEUED)

    def to_clear(self) -> Self:
        """Keep the cancelled ones whose rows are still to be removed."""
        return self.filter(state=Build.State.CANCELLED, cleared_at=None)

    def has_begun(self) -> bool:
        """Return whether a build has begun and not ended."""
        return self.running().exclude(step=Build.Step.QUEUED).exists()

    def number_for(self, version_id: int) -> int:
        """Return the number of the build that makes a version, or 0 where none runs."""
        return self.running().filter(version=version_id).values_list("pk", flat=True).first() or 0

    def check_waits(self, build_id: int) -> None:
        """Go on while a build waits to be begun.

        Raises:
            BuildGivenUp: it has begun already, was cancelled or is gone.
        """
        if not self.waiting().filter(pk=build_id).exists():
            raise _waits_no_more(build_id)

    def check_no_reindex(self) -> None:
        """Go on unless a reindex runs.

        Raises:
            BuildStateError: one does; it would be given up half done.
        """
        running = self.running().filter(kind=Build.Kind.REINDEX).first()
        if running is not None:
            raise BuildStateError(
                said(_("%(running)s Wait for it, or give it up with --force."), running=_already(running))
            )

    def queue(self, kind: str, *, by: str = "") -> "Build":
        """Record a build that waits for a worker.

        Args:
            kind: "rebuild" or "reindex".
            by: who asks; empty for the command line.

        Raises:
            BuildStateError: one runs already.
        """
        try:
            with transaction.atomic():
                return self.create(kind=kind, started_by=by)
        except IntegrityError as error:
            running = self.running().first()
            raise BuildStateError(
                _already(running) if running else _("A build has ended at this moment; try again.")
            ) from error

    def begin(self, build_id: int, *, version_id: int | None = None) -> None:
        """Let a waiting build begin, once, whatever the queue delivers twice.

        Raises:
            BuildGivenUp: it does not wait any more.
        """
        begun = (
            self.waiting()
            .filter(pk=build_id)
            .update(step=Build.Step.MARKING, step_at=Now(), moved_at=Now(), version=version_id, reason="")
        )
        if not begun:
            raise _waits_no_more(build_id)

    def set_total(self, version_id: int, total: int) -> None:
        """Note how many products the build of a version has, from where on they are encoded."""
        self.running().filter(version=version_id).update(
            total=total, step=Build.Step.ENCODING, step_at=Now(), moved_at=Now()
        )

    def enter_step(self, version_id: int, step: "Build.Step") -> None:
        """Note the step that the build of a version has come to."""
        self.running().filter(version=version_id).exclude(step=step).update(
            step=step, step_at=Now(), moved_at=Now(), reason=""
        )

    def note_batch(self, products: int) -> None:
        """Note that a worker has finished a batch, with so many products embedded."""
        with transaction.atomic():
            build = self.running().select_for_update().first()
            if build is None:
                return
            now = self.filter(pk=build.pk).values_list(Now(), flat=True).get()
            indexed, pace = build.indexed + products, build.pace
            if products:
                pace = _paced(pace, (now - build.started_at).total_seconds(), indexed)
            self.filter(pk=build.pk).update(moved_at=now, indexed=indexed, pace=pace)

    def note_trouble(self, build_id: int, reason: str) -> None:
        """Keep what went wrong in a build that goes on: the step is tried again."""
        self.running().filter(pk=build_id).update(reason=reason[:MAX_REASON])

    def end(self, build_state: "Build.State", *, version_id: int | None = None, reason: str = "") -> None:
        """Note how the running build ended.

        Args:
            build_state: what has become of it.
            version_id: only if it builds this version.
            reason: why, for people.
        """
        builds = self.running()
        if version_id is not None:
            builds = builds.filter(version=version_id)
        builds.update(state=build_state, ended_at=Now(), moved_at=Now(), reason=reason[:MAX_REASON])

    def end_reindex(self) -> None:
        """Note that a reindex has come to its end, all that it marked being indexed or parked."""
        reindex = self.running().filter(kind=Build.Kind.REINDEX, step=Build.Step.ENCODING)
        reindex.update(state=Build.State.DONE, ended_at=Now(), moved_at=Now())

    def end_well(self, version_id: int) -> None:
        """Note that the version of a build which had ended without a switch has been activated after all."""
        held_back = self.filter(version=version_id, kind=Build.Kind.REBUILD, state=Build.State.FAILED)
        held_back.update(state=Build.State.DONE, reason="")


class Build(models.Model):
    """One run over all products; it outlives its index version, so that there is a history."""

    class Kind(models.TextChoices):
        """What it does."""

        REBUILD = "rebuild", _("rebuild")
        REINDEX = "reindex", _("reindex")

    class State(models.TextChoices):
        """What has become of it."""

        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Step(models.TextChoices):
        """What it does at the moment, in this order."""

        QUEUED = "queued", _("waiting for a worker")
        MARKING = "marking", _("marking products")
        ENCODING = "encoding", _("encoding products")
        INDEXING = "indexing", _("building HNSW indexes")
        VERIFYING = "verifying", _("verifying")
        SWITCHING = "switching", _("switching")

    REBUILD_STEPS: ClassVar[tuple[Step, ...]] = tuple(Step)
    REINDEX_STEPS: ClassVar[tuple[Step, ...]] = (Step.QUEUED, Step.MARKING, Step.ENCODING)

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.QUEUED)
    version = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("Number of the index version.")
    )
    started_by = models.TextField(blank=True, default="", help_text=_("Empty: from the command line."))
    started_at = models.DateTimeField(auto_now_add=True)
    step_at = models.DateTimeField(auto_now_add=True, help_text=_("When the step began."))
    moved_at = models.DateTimeField(auto_now_add=True, help_text=_("When a worker last made progress."))
    ended_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the rows of a cancelled build were removed.")
    )
    total = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Number of products when it began.")
    )
    indexed = models.PositiveIntegerField(default=0, help_text=_("Products embedded since it began."))
    pace = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text=_("Samples of the last half minute: seconds since the start, products embedded."),
    )
    reason = models.TextField(blank=True, default="", help_text=_("Why it ended, or what went wrong last."))

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
        return f"{self.get_kind_display()} {self.pk} ({self.get_state_display()})"

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.state == self.State.RUNNING

    @property
    def steps(self) -> "tuple[Step, ...]":
        """The steps of its kind, in their order."""
        return self.REBUILD_STEPS if self.kind == self.Kind.REBUILD else self.REINDEX_STEPS


def _waits_no_more(build_id: int) -> BuildGivenUp:
    return BuildGivenUp(said(_("Build %(build)s has begun already, or was given up."), build=build_id))


def _already(running: Build) -> str:
    return said(
        _("A %(kind)s runs already, begun by %(by)s."),
        kind=running.get_kind_display(),
        by=running.started_by or _("the command line"),
    )


def _paced(samples: list[list[float]], seconds: float, indexed: int) -> list[list[float]]:
    if len(samples) > 1 and samples[-1][0] - samples[-2][0] < SAMPLE_SECONDS:
        samples = samples[:-1]
    samples = [*samples, [round(seconds, 2), indexed]]
    older = [number for number, sample in enumerate(samples) if sample[0] <= seconds - PACE_SECONDS]
    return samples[older[-1] :] if older else samples


class Dashboard(IndexVersion):
    """The index as the dashboard shows it: a page of the admin, no table of its own."""

    class Meta:
        """Names; the page asks for the permission to view index versions."""

        proxy = True
        default_permissions = ()
        verbose_name_plural = _("status of search")
