"""Days of the shop's own time zone, as ranges of time."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def starts(day: date) -> datetime:
    """Return the first moment of the day."""
    return timezone.make_aware(datetime.combine(day, time.min))


def ends(day: date) -> datetime:
    """Return the first moment after the day."""
    return starts(day + timedelta(days=1))


def day_of(moment: datetime) -> date:
    """Return the day that a moment belongs to."""
    return timezone.localtime(moment).date()
