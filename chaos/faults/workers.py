"""Faults done to workers, and by pictures to their workers."""

import time

from chaos.registry import Harm, fault
from chaos.storage import SLOW_SECONDS, ordered
from chaos.waiting import expect, wait_until
from chaos.world import World

KILLS = {True: 50, False: 8}  # by thoroughness


@fault
def pool_child_killed(world: World) -> Harm:
    """A child of the worker's pool is killed at random, again and again, while every picture is read and encoded."""
    killed = 0
    while killed < KILLS[world.thorough]:
        if not world.is_waiting():
            world.reindex()
        wait_until(world.children, seconds=30)
        time.sleep(world.random.uniform(0.05, 0.5))
        if children := world.children():
            world.random.choice(children).kill()
            killed += 1
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
    culprit, *mates = world.draw_products(32)
    with ordered(world.pictures_of([culprit]), "kill"):
        world.touch([culprit, *mates])
        complaints = expect(lambda: world.parked() == {str(culprit)}, "put aside alone", seconds=90)
        complaints += expect(lambda: not world.is_waiting(), "all others indexed", seconds=60)
    world.touch([culprit])
    return Harm(complaints=complaints)


@fault
def bad_picture_at_each_place(world: World) -> Harm:
    """A batch of 32 holds one picture that cannot be decoded, at each of its places in turn."""
    keys = world.draw_products(world.products)
    bad = keys[::33]  # one place further in each batch of 32
    with ordered(world.pictures_of(bad), "rubbish"):
        world.touch(keys)
        complaints = expect(lambda: not world.is_waiting(), "all worked off", seconds=240)
        failed = world.failed()
        if failed != {str(key) for key in bad}:
            complaints.append(f"{len(failed)} products failed, {len(bad)} have a bad picture")
    world.touch(bad)
    return Harm(complaints=complaints)


@fault
def slower_than_the_visibility_timeout(world: World) -> Harm:
    """A task lasts longer than the broker waits for its acknowledgement, so that a second worker gets it as well."""
    keys = world.draw_products(8)
    pictures = world.pictures_of(keys[:2])
    with world.other_worker(CHAOS_VISIBILITY_SECONDS="2"), ordered(pictures, "slow"):
        world.touch(keys)
        time.sleep(SLOW_SECONDS)
        complaints = expect(lambda: not world.is_waiting(), "all worked off", seconds=60)
    return Harm(complaints=complaints)
