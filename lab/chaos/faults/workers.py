"""Faults done to workers, and by pictures to their workers."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from lab.chaos.host import SLOW_SECONDS, disturbed_files
from lab.chaos.invariants import Expected
from lab.chaos.orders import batches as batches_of
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, frozen, wait_until

BATCH = 32  # products; the default of BATCH_SIZE
QUICK_PLACES = (0, 15, 31)
KILLS = {True: 50, False: 8}  # by thoroughness


@fault
def pool_child_killed(world: World) -> Harm:
    """A child of the worker's pool is killed at random, again and again, while every picture is read and encoded."""
    killed = 0
    while killed < KILLS[world.thorough]:
        if not world.is_waiting():
            world.reindex()
        wait_until(world.children, seconds=30)
        wait_until(lambda: world.is_busy() or not world.is_waiting(), seconds=30)
        time.sleep(world.random.uniform(0.0, 0.2))
        children, is_busy = world.children(), world.is_busy()
        with suppress(psutil.NoSuchProcess):  # it ended at this moment
            if children:
                world.random.choice(children).kill()
                killed += is_busy  # a kill while nothing is claimed proves nothing
    return Harm()


@fault
def worker_killed(world: World) -> Harm:
    """The whole worker is killed in the middle of indexing, and started again."""
    world.reindex()
    wait_until(world.is_busy, seconds=20)
    world.worker.kill()
    world.restart_worker()
    return Harm()


@fault
def worker_asked_to_stop(world: World) -> Harm:
    """The worker gets SIGTERM in the middle of indexing, as in a deployment."""
    world.reindex()
    wait_until(world.is_busy, seconds=20)
    world.worker.ask_to_stop()
    complaints = []
    try:
        wait_until(lambda: not world.worker.running, seconds=30)
    except TimeoutError:
        complaints.append("the worker did not end within 30 s of SIGTERM")
        world.worker.kill()
    world.restart_worker()
    return Harm(complaints=complaints)


@fault
def picture_that_kills(world: World) -> Harm:
    """One picture kills its worker's child at every attempt; it is put aside after three, and harms no other."""
    keys = world.draw_products(BATCH)
    culprit = keys[0]
    with disturbed_files(world.pictures_of([culprit]), "kill"):
        batches = _index_together(world, keys)
        complaints = expect(lambda: world.parked() == {str(culprit)}, "put aside alone", seconds=90)
        complaints += expect(lambda: not world.is_waiting(), "all others indexed", seconds=60)
        complaints += world.holds(
            Expected(failed=frozenset({str(culprit)}), parked=frozenset({str(culprit)}))
        )
    if {*map(str, keys)} not in map(set, batches()):
        complaints.append("culprit and mates were not in one batch")
    world.touch([culprit])
    return Harm(complaints)


@fault
def bad_picture_at_each_place(world: World) -> Harm:
    """A batch of 32 holds one picture that cannot be decoded, at each of its places in turn."""
    complaints = []
    places: set[int] = (
        set()
    )  # as the worker had them: Postgres may return two that were claimed together the other way round
    keys = world.draw_products(BATCH)
    rounds = range(BATCH) if world.thorough else QUICK_PLACES
    for place in rounds:
        bad = keys[place]
        with disturbed_files(world.pictures_of([bad]), "rubbish"):
            batches = _index_together(world, keys)
            complaints += expect(
                lambda bad=bad: world.unsettled() == {str(bad)} == world.failed(),
                f"the one at place {place} fails alone",
                seconds=60,
                every=0.02,
            )
        together = [batch for batch in batches() if set(batch) == set(map(str, keys))]
        places.update(batch.index(str(bad)) for batch in together)
        complaints += [] if together else [f"the {BATCH} with a bad picture at place {place} were no batch"]
    world.touch([bad])
    if len(places) < len(rounds) // 2:
        complaints.append(f"the bad picture was at {len(places)} places only")
    return Harm(complaints)


@fault
def slower_than_the_visibility_timeout(world: World) -> Harm:
    """A task lasts longer than the broker waits for its acknowledgement, so that it is given to one of two workers again."""
    keys = world.draw_products(8)
    before = len(world.log_of(world.worker))
    pictures = world.pictures_of(keys[:1])
    with world.other_worker(CHAOS_VISIBILITY_SECONDS="2") as other, disturbed_files(pictures, "slow"):
        world.touch(keys)
        time.sleep(SLOW_SECONDS)
        complaints = expect(lambda: not world.is_waiting(), "all worked off", seconds=60)
        received = _received(world.log_of(world.worker)[before:]) + _received(world.log_of(other))
        if len(received) == len(set(received)):
            complaints.append("no task was given out twice")
    return Harm(complaints)


def _index_together(world: World, keys: Sequence[int]) -> Callable[[], list[list[str]]]:
    """Mark products while the worker stands still, in one transaction; what is returned reads the batches since."""
    from django.db import transaction

    wait_until(lambda: not world.is_waiting(), seconds=60)
    before = len(world.log_of(world.worker))
    with frozen(world.worker), transaction.atomic():
        world.touch(keys)
    return lambda: batches_of(world.log_of(world.worker)[before:])


def _received(log: str) -> list[str]:
    return re.findall(r"Task search\.tasks\.index_stale\[([0-9a-f-]+)\] received", log)
