"""The plugin's periodic tasks: what Celery beat must ask for, how often, and what is lost while it does not.

Importable while Django's settings are still being read: it needs no app, no table and no other setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .conf import SETTING, SearchSettings, checked
from .sentences import lazily as _

if TYPE_CHECKING:
    from celery.schedules import crontab

TASKS: Final = f"{__package__}.tasks"  # wherever the package is installed
# Building HNSW indexes over a million rows takes hours; no run takes longer than this, by the time limit of the tasks.
LONGEST_RUN_SECONDS: Final = 6 * 3600
YEAR = 366  # days
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A task that has to run again and again."""

    name: str  # of its function in `tasks`
    setting: str  # key of FASHION_SEARCH with the seconds between two runs
    loss: str  # what happens while it does not run
    lock: str = ""  # held while it runs; "" where several may run side by side
    by_beat: bool = True  # False: another periodic task asks for it

    @property
    def path(self) -> str:
        """Its name for Celery."""
        return f"{TASKS}.{self.name}"

    def seconds(self, given: Mapping[str, Any]) -> float:
        """Return its period by the dictionary FASHION_SEARCH.

        Raises:
            ImproperlyConfigured: the dictionary has something else than a positive whole number there.
        """
        if self.setting in given:
            return float(checked(self.setting, given[self.setting]))
        return float(getattr(SearchSettings(), self.setting.lower()))


PERIODIC: Final = (
    PeriodicTask("sweep", "SWEEP_SECONDS", _("changed products whose hint was lost are not indexed")),
    PeriodicTask(
        "advance_builds",
        "SWEEP_SECONDS",
        _("builds do not finish, and broken indexes are not rebuilt"),
        lock="advance",
    ),
    PeriodicTask(
        "refresh_words",
        "LEXICON_SECONDS",
        _("searches do not learn new words of the catalogue"),
        lock="words",
    ),
    PeriodicTask(
        "reconcile",
        "RECONCILE_SECONDS",
        _("products that were changed without signals stay as they were in the index"),
        lock="reconcile",
    ),
    PeriodicTask(
        "drain_log", "DRAIN_SECONDS", _("the search log stays in Redis until that is full"), lock="drain-log"
    ),
    PeriodicTask(
        "roll_up_log",
        "ROLL_UP_SECONDS",
        _("the overview and the analytics show nothing new, and searches are kept longer than INSIGHT_DAYS"),
        lock="roll-up-log",
    ),
    PeriodicTask(
        "mail_report", "REPORT_SECONDS", "the weekly mail about searches is not sent", lock="mail-report"
    ),
    PeriodicTask(
        "refresh_word_list",
        "WORD_LIST_SECONDS",
        _("spelling and suggestions do not learn the words of new and renamed products"),
        lock="word_list",
    ),
    PeriodicTask(
        "flush_hits",
        "SWEEP_SECONDS",
        _("hits of rules, redirects and banners are not counted in their lists"),
    ),
    PeriodicTask(
        "refresh_tags",
        "WORD_LIST_SECONDS",
        _("tags are suggested with outdated words"),
        lock="tags",
        by_beat=False,
    ),
)
BY_NAME: Final = {task.name: task for task in PERIODIC}


def beat_schedule(fashion_search: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return the plugin's part of CELERY_BEAT_SCHEDULE: every task that beat must ask for, with its period.

        CELERY_BEAT_SCHEDULE = {**beat_schedule(FASHION_SEARCH), "mine": {"task": "shop.tasks.mine", "schedule": 60.0}}

    Args:
        fashion_search: the dictionary FASHION_SEARCH. Without it the one in Django's settings counts where those are
            complete, as in a celery.py; in a settings module, whose settings are not, the default periods do.

    Raises:
        ImproperlyConfigured: a period is no positive whole number of seconds.
    """
    given = _given() if fashion_search is None else fashion_search
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"{SETTING} must be a dictionary, not {type(given).__name__}.")
    return {
        f"fashion_search.{task.name}": {"task": task.path, "schedule": task.seconds(given)}
        for task in PERIODIC
        if task.by_beat
    }


def periods(configuration: Any) -> dict[str, float]:
    """Return the seconds between two runs of each periodic task, by its name.

    What the beat schedule says counts where beat reads it, and what FASHION_SEARCH says otherwise. A scheduler that keeps
    its schedule elsewhere, such as that of django-celery-beat, may be set to less than either: the longer one counts.

    Args:
        configuration: of the Celery application.
    """
    given, read = _given(), reads_the_setting(configuration.beat_scheduler)
    gaps: dict[str, float] = {}
    for path, schedule in entries(configuration.beat_schedule):
        gap = longest_gap(schedule)
        if gap is not None:
            gaps[path] = min(gap, gaps.get(path, gap))
    found: dict[str, float] = {}
    for task in PERIODIC:
        told, gap = task.seconds(given), gaps.get(task.path)
        found[task.name] = told if gap is None else gap if read else max(told, gap)
    return found


def entries(schedule: Any) -> Iterable[tuple[str, Any]]:
    """Yield the task and the schedule of each entry of a beat schedule; what is no entry is left out."""
    from celery.beat import ScheduleEntry

    for entry in schedule.values() if isinstance(schedule, Mapping) else ():
        if isinstance(entry, Mapping):
            yield str(entry.get("task", "")), entry.get("schedule")
        elif isinstance(entry, ScheduleEntry):
            yield str(entry.task), entry.schedule


def longest_gap(schedule: Any) -> float | None:
    """Return the most seconds between two runs by a schedule of Celery: seconds, a timedelta, a crontab.

    Returns:
        None where it is unknown, or where it never comes due, as on the 30th of February.
    """
    from celery.schedules import crontab
    from celery.schedules import schedule as every

    if isinstance(schedule, crontab):
        return _crontab_gap(schedule)
    if isinstance(schedule, every):
        schedule = schedule.run_every
    if isinstance(schedule, timedelta):
        return schedule.total_seconds()
    if isinstance(schedule, int | float) and not isinstance(schedule, bool):
        return float(schedule)
    return None


def reads_the_setting(scheduler: Any) -> bool:
    """Return whether a beat scheduler's whole schedule is `beat_schedule`; one in a database has a schedule of its own."""
    from celery.beat import PersistentScheduler

    found = scheduler_class(scheduler)
    return found is not None and issubclass(found, PersistentScheduler)


def scheduler_class(scheduler: Any) -> type[Any] | None:
    """Return the class that a setting of the scheduler names; None where this process cannot import it."""
    from celery.utils.imports import symbol_by_name

    try:
        found = symbol_by_name(scheduler)
    except (ImportError, AttributeError, ValueError):
        return None
    return found if isinstance(found, type) else None


def _given() -> Mapping[str, Any]:
    given = getattr(settings, SETTING, {}) if settings.configured else {}
    return given if isinstance(given, Mapping) else {}


def _crontab_gap(schedule: crontab) -> float | None:
    times = sorted(3600 * hour + 60 * minute for hour in schedule.hour for minute in schedule.minute)
    first = date(2024, 1, 1)  # of a leap year, so that the 29th of February is among the days
    days = [
        number
        for number in range(2 * YEAR)
        if (day := first + timedelta(days=number)).isoweekday() % 7 in schedule.day_of_week
        and day.day in schedule.day_of_month
        and day.month in schedule.month_of_year
    ]
    if not times or not days:
        return None
    within = [later - earlier for earlier, later in pairwise(times)]
    between = [DAY_SECONDS * (later - earlier) - (times[-1] - times[0]) for earlier, later in pairwise(days)]
    return float(max([*within, *between], default=YEAR * DAY_SECONDS))
