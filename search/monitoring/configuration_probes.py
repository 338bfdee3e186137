"""Probes of the configuration: settings, Celery, its schedule. Only system checks ask them, since nothing changes while a process runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import URLValidator, validate_email
from django.template import Template, TemplateDoesNotExist
from django.template.loader import get_template
from django.template.loader_tags import BlockNode, ExtendsNode
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from ..beat import SteadyScheduler
from ..conf import SETTING, get_settings
from ..evaluation.judged_queries import read_queries
from ..insight import log_store
from ..insight.block_list import block_list
from ..schedule import (
    PERIODIC,
    TASKS,
    PeriodicTask,
    entries,
    longest_gap,
    reads_the_setting,
    scheduler_class,
)
from .probes import Finding, State, combine

SCHEDULE_REMEDY = (
    f"CELERY_BEAT_SCHEDULE = {{**beat_schedule({SETTING})}} has all of them, with `from {TASKS.removesuffix('.tasks')}.schedule import"
    " beat_schedule`. Django must load the project's Celery application, in its __init__.py, to know the schedule."
)
SHARES = (
    "activate_max_failed",
    "activate_max_blank",
    "activate_max_quality_loss",
    "verify_max_failed",
)
NO_MAIL = tuple(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))
DEFAULT_VISIBILITY_TIMEOUT = 3600  # seconds, Kombu's for Redis


def probe_settings() -> Finding:
    """E008: FASHION_SEARCH has known keys and values of their types."""
    try:
        get_settings()
    except ImproperlyConfigured as error:
        return _error("Settings", str(error), "", "fashion_search.E008")
    return Finding("Settings", State.OK, "All keys are known and have values of their types.")


def probe_broker_options() -> Finding:
    """E005, E006: a frozen broker is given up on, and a running task is not delivered twice."""
    name, well = "Broker options", "A frozen broker is given up on, and no running task is delivered twice."
    configuration = current_app.conf
    url = str(configuration.broker_write_url or configuration.broker_url or "")
    if not url.startswith(("redis", "rediss", "sentinel", "unix")):
        return Finding(name, State.OK, "The broker is no Redis.")
    options = configuration.broker_transport_options or {}
    found = []
    missing = [name for name in ("socket_timeout", "socket_connect_timeout") if not options.get(name)]
    if missing:
        sentence = f"broker_transport_options lacks {' and '.join(missing)}: publishing waits for ever on a frozen broker."
        remedy = 'For example {"socket_timeout": 2, "socket_connect_timeout": 1}.'
        found.append(_error(name, sentence, remedy, "fashion_search.E005"))
    visibility = options.get("visibility_timeout", DEFAULT_VISIBILITY_TIMEOUT)
    limit = configuration.task_time_limit
    if limit is None or visibility <= limit:
        sentence = (
            f"The broker's visibility_timeout ({visibility} s) is not above task_time_limit ({limit}): tasks that"
            " still run are delivered again."
        )
        remedy = "Set task_time_limit, and visibility_timeout in broker_transport_options above it."
        found.append(_error(name, sentence, remedy, "fashion_search.E006"))
    return combine(name, found, well)


def probe_log_address() -> Finding:
    """W010: the search log has a Redis to pass through."""
    if log_store.address() or not get_settings().insight:
        return Finding("Search log", State.OK, "It has a Redis to pass through, or is off.")
    return _warning(
        "Search log",
        "Searches are not logged: the Celery broker is no Redis, and no other is named.",
        "Set FASHION_SEARCH['INSIGHT_REDIS_URL'], or FASHION_SEARCH['INSIGHT'] to False.",
        "fashion_search.W010",
    )


def probe_schedule(known: Collection[str]) -> Finding:
    """E011, W013, W014: beat asks for every periodic task, as often as the settings say, whatever becomes of the clock.

    A scheduler that keeps its schedule elsewhere, as that of django-celery-beat does, is not asked: its tasks are seen when they run.

    Args:
        known: the paths of the tasks that there are.
    """
    name, configuration = "Schedule", current_app.conf
    scheduled: dict[str, list[Any]] = {}
    for path, schedule in entries(configuration.beat_schedule):
        scheduled.setdefault(path, []).append(schedule)
    found = [
        _error(
            name,
            f"The beat schedule asks for {path}, which is no task.",
            "Correct its name; search.schedule.beat_schedule() returns the whole schedule.",
            "fashion_search.E011",
        )
        for path in scheduled
        if path.startswith(f"{TASKS}.") and path not in known
    ]
    if reads_the_setting(configuration.beat_scheduler):
        troubles = [
            _schedule_trouble(task, scheduled.get(task.path, [])) for task in PERIODIC if task.by_beat
        ]
        found += [
            _warning(name, trouble, SCHEDULE_REMEDY, "fashion_search.W013") for trouble in troubles if trouble
        ]
        if not issubclass(scheduler_class(configuration.beat_scheduler) or SteadyScheduler, SteadyScheduler):
            sentence = "Celery's own beat scheduler starts nothing for as long as a clock was set back."
            remedy = f'Set CELERY_BEAT_SCHEDULER = "{SteadyScheduler.__module__}.{SteadyScheduler.__name__}"'
            found.append(_warning(name, sentence, remedy, "fashion_search.W014"))
    return combine(name, found, "Beat asks for every periodic task.")


def probe_comparison() -> Finding:
    """W020: new versions can be compared with the active one as the settings say."""
    name, given = "Comparison", get_settings()
    found = [
        _warning(
            name,
            f"FASHION_SEARCH['{share.upper()}'] is {getattr(given, share):g}: it is a share, and one of 1 or more lets"
            " everything pass.",
            "Give a number from 0 to 1, such as 0.05 for 5 %.",
            "fashion_search.W020",
        )
        for share in SHARES
        if getattr(given, share) >= 1
    ]
    if given.activation_queries:
        try:
            read_queries(Path(given.activation_queries))
        except ValueError as error:
            sentence = f"FASHION_SEARCH['ACTIVATION_QUERIES'] cannot be asked, so every new version is held back: {error}"
            remedy = "Name a file of judged queries (docs/relevance.md), or leave the setting out."
            found.append(_warning(name, sentence, remedy, "fashion_search.W020"))
    return combine(name, found, "New versions can be compared with the active one.")


def probe_block_list() -> Finding:
    """W023: the shop's own list of what is shown to nobody else can be read."""
    name = "Block list"
    try:
        block_list()
    except (OSError, ValueError) as error:
        return _warning(
            name,
            f"FASHION_SEARCH['BLOCKED_QUERIES'] cannot be read, so that no query becomes popular: {error}",
            "Name a TOML file with lists of words and patterns (docs/settings.md), which beat's workers can read, too.",
            "fashion_search.W023",
        )
    return Finding(name, State.OK, "What is shown to nobody else can be read.")


def probe_weekly_report() -> Finding:
    """E047, W049: the weekly mail can be sent to its addresses, and has something to say."""
    name, given = "Weekly mail", get_settings()
    if not given.weekly_report:
        return Finding(name, State.OK, "It is off.")
    found = [
        _error(
            name,
            f"{SETTING}['WEEKLY_REPORT'] has {address!r}, which is no mail address.",
            'Give a list of addresses, such as ["shop@shop.example"].',
            "fashion_search.E047",
        )
        for address in given.weekly_report
        if not _is_valid(validate_email, address)
    ]
    if given.base_address and not _is_valid(URLValidator(["http", "https"]), given.base_address):
        found.append(
            _error(
                name,
                f"{SETTING}['BASE_ADDRESS'] is {given.base_address!r}, which is no address of a shop.",
                'Give its beginning, such as "https://shop.example".',
                "fashion_search.E047",
            )
        )
    found += [
        _warning(name, sentence, remedy, "fashion_search.W049")
        for is_wrong, sentence, remedy in (
            (not given.insight, "It has nothing to say, since INSIGHT is off.", "Turn one of both off."),
            (
                not given.base_address,
                "It has no links to the admin.",
                f"Set {SETTING}['BASE_ADDRESS'], such as \"https://shop.example\".",
            ),
            (
                settings.EMAIL_BACKEND in NO_MAIL,
                f"EMAIL_BACKEND is {settings.EMAIL_BACKEND}, which delivers no mail.",
                "Set EMAIL_BACKEND and EMAIL_HOST to those of a mail server.",
            ),
            (
                settings.DEFAULT_FROM_EMAIL == global_settings.DEFAULT_FROM_EMAIL,
                f"It comes from {settings.DEFAULT_FROM_EMAIL}, which mail servers refuse.",
                "Set DEFAULT_FROM_EMAIL to an address of the shop.",
            ),
        )
        if is_wrong
    ]
    return combine(name, found, "It can be sent, and has something to say.")


def _is_valid(validate: Callable[[str], None], text: str) -> bool:
    try:
        validate(text)
    except ValidationError:
        return False
    return True


def probe_pages() -> Finding:
    """E045, E046: what writes prices can be called, and the search pages stand in a template that is there and shows them."""
    given = get_settings()
    if given.price_format:
        try:
            written_by: object = import_string(given.price_format)
        except ImportError as error:
            written_by = error
        if not callable(written_by):
            return _error(
                "Search pages",
                f"{SETTING}['PRICE_FORMAT'] names no function: {written_by}.",
                "Name one that takes a request and a card, such as shop.prices.write.",
                "fashion_search.E045",
            )
    if trouble := _trouble_of_pages(given.pages_base):
        remedy = f"Name the shop's template in {SETTING}['PAGES_BASE']; docs/pages.md has the blocks that it needs."
        return _error("Search pages", trouble, remedy, "fashion_search.E046")
    return Finding("Search pages", State.OK, "Prices can be written, and search pages have their place.")


def _trouble_of_pages(base: str) -> str:
    """Say so where the search pages are included and cannot be shown; "" elsewhere."""
    try:
        reverse("fashion_search_pages:search")
    except NoReverseMatch:
        return ""
    try:
        blocks = _blocks(getattr(get_template(base), "template", None))
    except TemplateDoesNotExist as error:
        return f"The search pages extend a template that is not there: {error}."
    if blocks is None or "content" in blocks:
        return ""
    return f"The template {base} has no block `content`, so that search pages are empty."


def _blocks(template: object) -> set[str] | None:
    """Names of the blocks that a template has, those of the templates that it extends too; None where nobody can tell.

    Raises:
        TemplateDoesNotExist: it extends one that is not there.
    """
    if not isinstance(template, Template):  # of another engine
        return None
    names = {
        node.name for node in template.nodelist.get_nodes_by_type(BlockNode) if isinstance(node, BlockNode)
    }
    for node in template.nodelist.get_nodes_by_type(ExtendsNode):
        parent = getattr(getattr(node, "parent_name", None), "var", None)
        if not isinstance(parent, str):  # a variable
            return None
        above = _blocks(template.engine.get_template(parent))
        if above is None:
            return None
        names |= above
    return names


def _error(name: str, sentence: str, remedy: str, check_id: str) -> Finding:
    return Finding(name, State.BROKEN, sentence, remedy, check_id=check_id)


def _warning(name: str, sentence: str, remedy: str, check_id: str) -> Finding:
    return Finding(name, State.ATTENTION, sentence, remedy, check_id=check_id)


def _schedule_trouble(task: PeriodicTask, schedules: Sequence[Any]) -> str:
    """Say so where beat does not ask for a task, or less often than FASHION_SEARCH says; "" elsewhere."""
    if not schedules:
        return f"The beat schedule lacks {task.path}: {task.loss}."
    given = getattr(settings, SETTING, {})
    gaps = [gap for gap in map(longest_gap, schedules) if gap is not None]
    if not isinstance(given, Mapping) or task.setting not in given or not gaps:
        return ""
    try:
        wanted = task.seconds(given)
    except ImproperlyConfigured:
        return ""  # E008 says so
    if min(gaps) <= wanted:
        return ""
    return f"The beat schedule asks for {task.path} every {min(gaps):g} s, {SETTING}['{task.setting}'] says {wanted:g}."
