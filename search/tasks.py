"""Celery tasks: thin, repeatable, given ids or nothing; what is to be done stands in Postgres, not in messages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import Task, shared_task
from celery.worker.control import inspect_command

from . import task_messages
from .conf import get_settings, namespace
from .evaluation import set_runs
from .indexing import building, failures, lexicons, marks, outbox, versions
from .indexing import reconcile as reconciling
from .indexing.batches import index_due
from .indexing.task_runs import recorded_run
from .insight import log_store, rollup, weekly_mail
from .merchandising import hits
from .models import Build, CatalogueHealth, CatalogueMap, IndexVersion, KeptCount
from .monitoring import neighbours
from .quality.health import check_health as find_findings
from .quality.jobs import ask, compute, give_up
from .quality.projection import make_map
from .schedule import LONGEST_RUN_SECONDS
from .session import pinned
from .tags import refresh as vocabulary_making
from .tags import suggest as suggesting_tags

# One task indexes for this long, then asks for the next one: well within any time limit and visibility timeout.
INDEX_SECONDS = 20.0
# So does comparing all products, which leaves its worker to other tasks in between.
RECONCILE_SECONDS = 60.0
# A message delivered twice meanwhile finds the lock taken.
LONG: dict[str, Any] = {"time_limit": LONGEST_RUN_SECONDS, "soft_time_limit": LONGEST_RUN_SECONDS - 60}


class ShopTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task that runs for its own shop only."""

    abstract = True
    Request = f"{__package__}.task_requests:ShopRequest"  # by its name: only workers need it

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, unless another shop has sent it."""
        sender = (self.request.headers or {}).get(task_messages.HEADER)
        if sender is not None and not task_messages.is_ours(sender):
            task_messages.refuse(self.name, args, kwargs, sender)
            return None
        return self.run(*args, **kwargs)


def _task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    # A child that is killed must not lose its message: acks_late alone would acknowledge it.
    make = shared_task(
        base=ShopTask, acks_late=True, reject_on_worker_lost=True, ignore_result=True, **options
    )

    def decorate(function: Callable[..., Any]) -> Any:
        return make(pinned()(function))  # what a worker writes comes from no replica

    return decorate


def _periodic(
    *, if_taken: Callable[[], object] | None = None, **options: Any
) -> Callable[[Callable[[], None]], Any]:
    """Make a task of `schedule.PERIODIC`: each run is noted, and one that has a lock is at work once at a time.

    Args:
        if_taken: what to do instead where another run is at work.
        options: of the task.
    """

    def decorate(function: Callable[[], None]) -> Any:
        @wraps(function)
        def run() -> None:
            with recorded_run(function.__name__) as alone:
                if alone:
                    function()
                elif if_taken is not None:
                    if_taken()

        return _task(**options)(run)

    return decorate


@_task()
def index_stale() -> None:
    """Index stale products in batches until nothing is due, or for INDEX_SECONDS and then by another message."""
    if index_due(seconds=INDEX_SECONDS):
        marks.publish("index_stale")
    elif Build.objects.has_begun() or IndexVersion.objects.filter(state=IndexVersion.State.BUILDING).exists():
        marks.publish("advance_builds")


@_periodic()
def sweep() -> None:
    """Find what hints have lost: start as many indexing tasks as the worker has children, if anything is due; add up kept counts."""
    if outbox.is_due():
        marks.publish("index_stale", times=get_settings().index_parallel)
    neighbours.leave_sign()
    task_messages.send_again()
    for run_id in set_runs.lost_runs():
        marks.publish("evaluate_set", run_id, expires=None)
    KeptCount.objects.fold()


@_periodic(if_taken=lambda: building.break_off_indexes(), **LONG)
def advance_builds() -> None:
    """Take builds to their end and mend broken indexes; only one of these runs at a time."""
    before = IndexVersion.objects.active()
    try:
        building.advance_builds()
    finally:  # a version may have been activated although something else failed
        active = IndexVersion.objects.active()
        if active != before:
            marks.publish("refresh_word_list")
            _have_checked(active)


@_periodic(**LONG)
def refresh_words() -> None:
    """Count the words of the catalogue again where that is due; only one of these runs at a time."""
    lexicons.refresh_lexicons()


@_periodic(**LONG)
def reconcile() -> None:
    """Mark the products whose entries say something else, for RECONCILE_SECONDS and then by another message."""
    _reconcile(begin=True)


@_task(**LONG)
def reconcile_further() -> None:
    """Go on with the comparison that is under way, if any is; only one of these runs at a time."""
    with recorded_run("reconcile") as alone:
        if alone:
            _reconcile(begin=False)


def _reconcile(*, begin: bool) -> None:
    done = reconciling.reconcile_for(RECONCILE_SECONDS, begin=begin)
    if done.marked:
        marks.publish("index_stale", times=get_settings().index_parallel)
    if done.goes_on:
        marks.publish("reconcile_further")
    done.attempts.raise_any()


@_task(**LONG)
def begin_build(build_id: int) -> None:
    """Begin a build that somebody has asked for."""
    building.begin_build(build_id)


@_task(**LONG)
def activate_version(version_id: int, force: bool = False) -> None:
    """Let searches use a version, with `force` although it is held back."""
    versions.activate(version_id, force=force)
    marks.publish("refresh_word_list")
    marks.publish("index_stale", times=get_settings().index_parallel)


@_task()
def reindex_products(keys: list[str]) -> None:
    """Have products indexed again from their first attempt on."""
    failures.reindex_products(keys)


@_task()
def suggest_tags(keys: list[str]) -> None:
    """Suggest tags for products, for somebody to look at."""
    suggesting_tags.suggest_tags(keys)


@_periodic()
def flush_hits() -> None:
    """Write down how often rules, redirects and banners took effect."""
    hits.flush_hits(former=neighbours.is_alone())


@_periodic()
def drain_log() -> None:
    """Write the search log from Redis to Postgres; only one of these runs at a time."""
    log_store.take_over(neighbours.former_lists())
    log_store.drain_log()


@_periodic()
def roll_up_log() -> None:
    """Count the search log by days and delete what is over; only one of these runs at a time."""
    rollup.roll_up()


@_periodic()
def mail_report() -> None:
    """Send the mail about last week's searches to those who have not got it yet; only one of these runs at a time."""
    weekly_mail.send_due()


@_periodic()
def refresh_word_list() -> None:
    """Make the words for spelling and suggestions again if entries have changed; one of these runs at a time."""
    lexicons.refresh_word_list()
    marks.publish("refresh_tags")


@_periodic(**LONG)
def refresh_tags() -> None:
    """Make the tag vocabulary again if the catalogue or its words have changed; one of these runs at a time."""
    vocabulary_making.refresh_tags()


@_task(**LONG)
def map_catalogue(version_id: int) -> None:
    """Make the map of a version that was asked for."""
    compute(CatalogueMap, version_id, make_map)


@_task(**LONG)
def check_health(version_id: int) -> None:
    """Check the health of a version's catalogue, which was asked for."""
    compute(CatalogueHealth, version_id, find_findings)


@_task(**LONG)
def evaluate_set(run_id: int) -> None:
    """Evaluate a set of judged queries that somebody asked for, slice by slice; only one of these runs at a time."""
    if set_runs.go_on(run_id):
        marks.publish("evaluate_set", run_id, expires=None)


@inspect_command(name=task_messages.ASK_WORKER)  # type: ignore[untyped-decorator]  # Celery has no types
def which_shop(state: Any, **_others: Any) -> dict[str, Any]:
    """Say which shop a worker belongs to, and from which queues it takes."""
    queues = state.consumer.task_consumer.queues if state.consumer.task_consumer else ()
    return {"namespace": namespace(), "queues": [queue.name for queue in queues]}


def _have_checked(version: IndexVersion | None) -> None:
    """Have a version checked that has just been built."""
    if version is None or not ask(CatalogueHealth, version):
        return
    if not marks.publish("check_health", version.pk, expires=None):
        give_up(CatalogueHealth, version, "The task queue could not be reached after the build.")
