"""The state of the whole index at one moment, for people and for programs."""

from dataclasses import asdict, dataclass
from typing import Any

from ..models import IndexVersion
from .progress import OutboxState, Progress, measure_outbox, measure_progress
from .task_runs import TaskState, task_states


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """One version and how far it is."""

    version: IndexVersion
    progress: Progress

    @property
    def is_held(self) -> bool:
        """Whether it is ready and waits for somebody's decision."""
        return self.version.state == IndexVersion.State.READY and bool(self.version.held)

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON takes it."""
        version = self.version
        return {
            "id": version.pk,
            "state": str(version.state),
            "artifact": version.artifact_name,
            "fingerprint": version.fingerprint,
            "dimension": version.dimension,
            "total": version.total,
            **asdict(self.progress),
            "ann_recall": version.ann_recall,
            "created_at": _moment(version.created_at),
            "built_at": _moment(version.built_at),
            "activated_at": _moment(version.activated_at),
            "error": version.error,
            "trouble": version.trouble,
            "text_config": version.text_config,
            "lacking": version.lack,
            "held": version.held if self.is_held else "",
        }


@dataclass(frozen=True, slots=True)
class Status:
    """All versions, newest first, the outbox, and the periodic tasks."""

    versions: tuple[VersionStatus, ...]
    outbox: OutboxState
    tasks: tuple[TaskState, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON takes it."""
        outbox = asdict(self.outbox) | {"oldest": _moment(self.outbox.oldest)}
        tasks = [
            {"task": state.task.name, "seconds_since_success": state.since, "trouble": state.trouble}
            for state in self.tasks
        ]
        return {
            "versions": [version.as_json() for version in self.versions],
            "outbox": outbox,
            "tasks": tasks,
        }


def read_status() -> Status:
    """Read the state of the index, with four queries."""
    progress = measure_progress()
    versions = IndexVersion.objects.all()
    return Status(
        tuple(VersionStatus(version, progress.get(version.pk, Progress())) for version in versions),
        measure_outbox(),
        tuple(task_states()),
    )


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
