"""When something holds, and how that is said."""

from datetime import datetime
from typing import Literal, Protocol

from django.utils import formats, timezone

State = Literal["running", "scheduled", "ended", "disabled"]


class HasSchedule(Protocol):
    """A switch, a start and an end."""

    enabled: bool
    starts: datetime | None
    ends: datetime | None


def runs(starts: datetime | None, ends: datetime | None, now: datetime) -> bool:
    """Whether now lies between start and end; the end itself is outside."""
    return (starts is None or starts <= now) and (ends is None or now < ends)


def state_of(scheduled: HasSchedule, now: datetime) -> State:
    """Return "running", "scheduled", "ended" or "disabled"."""
    if scheduled.ends is not None and scheduled.ends <= now:
        return "ended"
    if not scheduled.enabled:
        return "disabled"
    return "running" if runs(scheduled.starts, scheduled.ends, now) else "scheduled"


def overlap(
    starts: datetime | None, ends: datetime | None, other_starts: datetime | None, other_ends: datetime | None
) -> bool:
    """Whether there is a moment at which both hold."""
    begins = max(filter(None, (starts, other_starts)), default=None)
    finishes = min(filter(None, (ends, other_ends)), default=None)
    return begins is None or finishes is None or begins < finishes


def in_words(starts: datetime | None, ends: datetime | None, now: datetime) -> str:
    """Return ", from 1 May until 3 May"; "" where it holds for ever, and without a start that lies behind."""
    parts = []
    if starts is not None and starts > now:
        parts.append(f"from {_day(starts, now)}")
    if ends is not None:
        parts.append(f"until {_day(ends, now)}")
    return f", {' '.join(parts)}" if parts else ""


def _day(moment: datetime, now: datetime) -> str:
    local = timezone.localtime(moment)
    style = "j F" if local.year == timezone.localtime(now).year else "j F Y"
    if (local.hour, local.minute) != (0, 0):
        style += " H:i"
    return formats.date_format(local, style)
