"""The range of days that a page of figures shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

DEFAULT_DAYS = 30
LONGEST = 400  # days
PRESETS = (7, 30, 90, 365)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both among them."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        """Every day, the oldest first."""
        return [self.first + timedelta(days=number) for number in range(len(self))]

    @property
    def before(self) -> "Period":
        """As many days before these."""
        length = timedelta(days=len(self))
        return Period(self.first - length, self.last - length)


def last_days(count: int, today: date) -> Period:
    """Return the last `count` days, today among them."""
    return Period(today - timedelta(days=count - 1), today)


def read_period(given: Mapping[str, str], today: date) -> tuple[Period, str]:
    """Read `days`, or `from` and `to`, of an address.

    Returns:
        The period, and a sentence where it is not the one that was asked for.
    """
    default = last_days(DEFAULT_DAYS, today)
    try:
        if given.get("from") or given.get("to"):
            last = date.fromisoformat(given["to"]) if given.get("to") else today
            first = date.fromisoformat(given["from"]) if given.get("from") else last - timedelta(days=29)
        else:
            count = int(given.get("days") or DEFAULT_DAYS)
            if not 1 <= count <= LONGEST:
                return default, f"A range has 1 to {LONGEST} days; these are the last {DEFAULT_DAYS}."
            return last_days(count, today), ""
    except (ValueError, OverflowError):
        return (
            default,
            f"That is no range of days, such as 2026-01-31; these are the last {DEFAULT_DAYS} days.",
        )
    if first > last:
        first, last = last, first
    if len(Period(first, last)) > LONGEST:
        return Period(last - timedelta(days=LONGEST - 1), last), f"A range has at most {LONGEST} days."
    return Period(first, last), ""
