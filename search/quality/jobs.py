"""Computations that take minutes: requested by people, done by one worker at a time, kept with how they ended."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic
from typing import Any, Protocol

from django.db.models import F, Q
from django.utils import timezone

from ..exceptions import LockLost, NoVersion, SearchError
from ..indexing.locks import confirm_locks, only_one
from ..models import IndexVersion
from ..models.quality import SILENT_SECONDS, Computed

REPORT_SECONDS = 1.0  # between two signs of life
MOST_STARTS = 2  # its message comes back when its worker dies; after so many deaths it is given up

State = Computed.State


class Report(Protocol):
    """Takes what is being done and how much of it all is done, from 0 to 1."""

    def __call__(self, step: str, share: float) -> None:
        """Note it, at most once in REPORT_SECONDS."""


Work = Callable[[IndexVersion, Report], Mapping[str, Any]]


def ask(kind: type[Computed], version: IndexVersion) -> bool:
    """Note that a computation over a version is wanted; return False where it is already under way."""
    now = timezone.now()
    _, created = kind._default_manager.get_or_create(version=version, defaults={"seen_at": now})
    under_way = Q(
        state__in=Computed.UNDER_WAY, seen_at__gte=now - timedelta(seconds=SILENT_SECONDS), version=version
    )
    asked = kind._default_manager.filter(~under_way, version=version).update(
        state=State.WAITING, step="", share=0.0, error="", seen_at=now, starts=0
    )
    return created or bool(asked)


def give_up(kind: type[Computed], version: IndexVersion, reason: str) -> None:
    """Note that a requested computation will not begin."""
    kind._default_manager.filter(version=version, state=State.WAITING).update(
        state=State.FAILED, error=reason
    )


def compute(kind: type[Computed], version_id: int, work: Work) -> None:
    """Compute what was requested, unless another worker does it, it is done, or the version is gone.

    Args:
        kind: what is computed.
        version_id: over which version.
        work: does it, and returns the fields of the row that hold the result.
    """
    with only_one(f"{kind._meta.model_name}.{version_id}") as alone:
        rows = kind._default_manager.filter(version_id=version_id)
        if not alone or not rows.filter(state__in=Computed.UNDER_WAY).exists():
            return
        if not rows.filter(starts__lt=MOST_STARTS).update(starts=F("starts") + 1):
            rows.update(state=State.FAILED, error=f"It ended its worker {MOST_STARTS} times.")
            return
        report = _Reporter(kind, version_id)
        began = monotonic()
        try:
            report("starting", 0.0)
            made = work(IndexVersion.objects.get(pk=version_id), report)
        except LockLost:
            raise  # the row is another process's
        except SearchError as error:  # its sentence says what to do
            rows.update(state=State.FAILED, error=str(error))
            return
        except Exception as error:
            rows.update(state=State.FAILED, error=f"{type(error).__name__}: {error}")
            raise
        now = timezone.now()
        rows.update(
            **made,
            state=State.READY,
            step="",
            share=1.0,
            error="",
            seen_at=now,
            made_at=now,
            seconds=monotonic() - began,
        )


class _Reporter:
    def __init__(self, kind: type[Computed], version_id: int) -> None:
        self._rows = kind._default_manager.filter(version_id=version_id)
        self._version_id = version_id
        self._step = ""
        self._at = 0.0

    def __call__(self, step: str, share: float) -> None:
        if step == self._step and monotonic() - self._at < REPORT_SECONDS:
            return
        self._step, self._at = step, monotonic()
        confirm_locks()
        if not self._rows.update(state=State.COMPUTING, step=step, share=share, seen_at=timezone.now()):
            raise NoVersion(f"Version {self._version_id} is gone.")
