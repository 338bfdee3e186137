"""The time on the shop's clocks, in shops with time zones (USE_TZ) and without: Django converts aware times only, and refuses all others."""

from datetime import date, datetime, time

from django.conf import settings
from django.utils import timezone


def local_time(moment: datetime | None = None) -> datetime:
    """Return a moment, by default this one, in the shop's time zone; without USE_TZ all times are in it already."""
    moment = timezone.now() if moment is None else moment
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def today() -> date:
    """Return which day it is in the shop's time zone."""
    return local_time().date()


def first_moment(day: date) -> datetime:
    """Return when a day begins in the shop's time zone, as the database is given times."""
    midnight = datetime.combine(day, time.min)
    return timezone.make_aware(midnight) if settings.USE_TZ else midnight
