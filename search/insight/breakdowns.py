"""Figures of a period by the place of results and by the kind of device, from daily tables."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Min, Sum

from ..models import Device, DeviceDay, PlaceDay, SearchDay
from .reports import Period, SearchShares, share
from .rollup import EDITION


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """One place of the lists of results."""

    place: int  # from 1
    shown: int  # pages that had a result there
    clicked: int
    carted: int

    @property
    def rate(self) -> float | None:
        """Share of its results that were clicked."""
        return share(self.clicked, self.shown)

    @property
    def add_rate(self) -> float | None:
        """Share of its results that were put into a cart."""
        return share(self.carted, self.shown)


@dataclass(frozen=True, slots=True)
class DeviceFigures(SearchShares):
    """Searches from one kind of device."""

    device: Device
    searches: int
    zero: int
    clicked: int
    carted: int
    part: float | None  # of all searches
    days: dict[date, int]  # searches of each day that has some

    @property
    def add_rate(self) -> float | None:
        """Share of its searches of which a result was put into a cart."""
        return share(self.carted, self.searches)


def read_places(period: Period) -> list[PlaceFigures]:
    """Return the figures of every place, the first one first; [] where no page was counted."""
    rows = (
        PlaceDay.objects.filter(day__range=(period.first, period.last))
        .values("place")
        .annotate(all_shown=Sum("shown"), all_clicked=Sum("clicked"), all_carted=Sum("carted"))
        .order_by("place")
    )
    return [
        PlaceFigures(row["place"], row["all_shown"], row["all_clicked"], row["all_carted"]) for row in rows
    ]


def read_devices(period: Period) -> list[DeviceFigures]:
    """Return the figures of the kinds of devices that searched, in the order of Device."""
    rows: dict[str, list[DeviceDay]] = {}
    for row in DeviceDay.objects.filter(day__range=(period.first, period.last)):
        rows.setdefault(row.device, []).append(row)
    everything = sum(row.searches for days in rows.values() for row in days)
    return [
        DeviceFigures(
            device=device,
            searches=(searches := sum(row.searches for row in days)),
            zero=sum(row.zero for row in days),
            clicked=sum(row.clicked for row in days),
            carted=sum(row.carted for row in days),
            part=share(searches, everything),
            days={row.day: row.searches for row in days},
        )
        for device in Device
        if (days := rows.get(device))
    ]


def uncounted_until(period: Period) -> date | None:
    """Return the first day that has adds by query, places and devices, where the period has days before it that have none.

    Those are days whose single searches were deleted before these counts were made.
    """
    days = SearchDay.objects.filter(mode="", day__range=(period.first, period.last))
    if not days.filter(edition__lt=EDITION).exists():
        return None
    first: date | None = days.filter(edition=EDITION).aggregate(first=Min("day"))["first"]
    return first or period.last + timedelta(days=1)
