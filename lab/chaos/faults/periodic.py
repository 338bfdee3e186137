"""Faults done to periodic tasks, whose absence nobody feels for a while: each must be an alarm while it lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, manage, variables
from lab.traffic import ask, read_metrics

SOON = 90.0  # seconds until an alarm; a task that runs every second is late after half a minute
MISSING, BEAT_ASKS, RAISES = "sweep", ("sweep", "advance_builds", "drain_log", "flush_hits"), "drain_log"


@fault
def periodic_task_missing(world: World) -> Harm:
    """Beat's schedule lacks one task, which never runs any more while all others do."""
    with _schedule_without(world, MISSING):
        complaints = expect(lambda: _alarms(world, "late") == {MISSING}, f"{MISSING} is late", seconds=SOON)
        complaints += _unseen(world, MISSING, f"{MISSING} has not run for")
        said = manage("check").stderr
        if f"W013) The beat schedule lacks search.tasks.{MISSING}" not in said:
            complaints.append(f"manage.py check did not name it: {said[-500:]}")
    return Harm([*complaints, *_over(world)])


@fault
def periodic_task_raises(world: World) -> Harm:
    """One task raises each time: something else stands in Redis under the name of the search log's list."""
    from search.insight import log_store

    client, log = log_store.connect(), log_store.list_name()
    kept = f"{log}:kept"
    if client.exists(log):
        client.rename(log, kept)
    client.set(log, "no list")
    try:
        complaints = expect(lambda: RAISES in _alarms(world, "failing"), f"{RAISES} is failing", seconds=SOON)
        complaints += _unseen(world, RAISES, f"{RAISES} failed ", "WRONGTYPE")
        complaints += _log_unseen()
    finally:
        client.delete(log)
        if client.exists(kept):
            client.rename(kept, log)
    return Harm([*complaints, *_over(world)])


@fault
def beat_stopped(world: World) -> Harm:
    """Beat has ended, and nobody starts it again: no periodic task runs any more."""
    world.beat.stop()
    try:
        late = frozenset(BEAT_ASKS)
        complaints = expect(
            lambda: late <= _alarms(world, "late"), "all that run often are late", seconds=SOON
        )
        for task in BEAT_ASKS:
            complaints += _unseen(world, task, f"{task} has not run for")
    finally:
        world.beat.start()
    return Harm([*complaints, *_over(world)])


@contextmanager
def _schedule_without(world: World, task: str) -> Iterator[None]:
    try:
        with variables(CHAOS_WITHOUT_TASK=task):
            world.restart_beat()
            yield
    finally:
        world.restart_beat()


def _alarms(world: World, kind: str) -> set[str]:
    """Names of the tasks that are failing or late, as Prometheus reads it."""
    name = f'fashion_search_task_{kind}{{task="'
    return {
        label.split('"')[1]
        for label, value in read_metrics(world.port).items()
        if label.startswith(name) and value == 1
    }


def _unseen(world: World, task: str, *words: str) -> list[str]:
    """Say who does not see that something is wrong with a task: readiness, dashboard, verify."""
    from search.monitoring.probes import State
    from search.monitoring.service_probes import probe_tasks
    from search.monitoring.verify import verify

    answer = ask(world.port, "/health/ready")
    state = answer.json()
    named = {finding["name"]: finding["passed"] for finding in state["checks"]}
    complaints = []
    if (answer.status, state["ready"], state["degraded"], named["tasks"]) != (200, True, True, False):
        complaints.append(f"/health/ready did not see that {task} does not run: {answer.status}, {state}")
    dashboard = probe_tasks()
    if dashboard.state is State.OK or not all(word in dashboard.sentence for word in words):
        complaints.append(f"the dashboard did not name {task}: {dashboard.sentence}")
    (verified,) = (check for check in verify().checks if check.name == "periodic tasks")
    if verified.passed or not all(word in verified.detail for word in words):
        complaints.append(f"verify did not name {task}: {verified.detail}")
    return complaints


def _log_unseen() -> list[str]:
    from search.monitoring.probes import State
    from search.monitoring.service_probes import ask_log, probe_log

    check = probe_log(ask_log())
    return ["the dashboard did not see the log's list"] if check.state is State.OK else []


def _over(world: World) -> list[str]:
    """Wait until no alarm of a periodic task is left."""
    return expect(
        lambda: not _alarms(world, "late") | _alarms(world, "failing"),
        "no periodic task is an alarm any more",
        seconds=SOON,
    )
