"""Faults done to the disk of Postgres."""

import time
from decimal import Decimal

from lab.chaos.catalogue import save_price
from lab.chaos.disk import SmallDisk, small_disk, why_nothing_can_be_mounted
from lab.chaos.expected import Expected
from lab.chaos.registry import Harm, fault
from lab.chaos.world import World

SPARE_MB = 128
PATIENCE_SECONDS = 60.0  # until Postgres has used up what it had allotted itself
FULL_SECONDS = {True: 30.0, False: 5.0}


@fault
def postgres_disk_full(world: World) -> Harm:
    """The disk of Postgres is full: searches go on or are asked to wait, a price that was accepted is kept, the others are refused."""
    from django.db import connection

    reason = why_nothing_can_be_mounted()
    if reason:
        return Harm(skipped=f"a small disk cannot be mounted ({reason})")
    server = world.setting.postgres

    def start() -> None:
        server.start()
        connection.close()  # it led to the server that was ended

    with small_disk(server.folder, SPARE_MB, stop=server.stop, start=start) as disk:
        accepted, refused = _prices_saved_on_a_full_disk(world, disk, FULL_SECONDS[world.thorough])
    complaints = [] if refused else ["no price was refused, so the disk was never full"]
    return Harm(complaints, Expected(prices=accepted))


def _prices_saved_on_a_full_disk(
    world: World, disk: SmallDisk, seconds: float
) -> tuple[dict[int, Decimal], bool]:
    """Change prices for so long, while every picture is to be read again; return those accepted, and whether any was refused."""
    from django.db import DatabaseError, connection

    accepted: dict[int, Decimal] = {}
    doubtful: set[int] = set()  # where the answer to a commit was lost, either price may be the right one
    keys = world.keys()
    world.reindex()
    ended = time.monotonic() + seconds
    while time.monotonic() < ended or (not doubtful and time.monotonic() < ended + PATIENCE_SECONDS):
        disk.fill()
        _keep_writing(world)
        key, price = world.random.choice(keys), world.random.randint(100, 9000)
        try:
            save_price(key, price)
            accepted[key] = Decimal(price)
        except DatabaseError:
            doubtful.add(key)
            connection.close()
            time.sleep(0.2)
    return {key: price for key, price in accepted.items() if key not in doubtful}, bool(doubtful)


def _keep_writing(world: World) -> None:
    """Have every picture read again where all are, so that Postgres needs more of the disk."""
    from django.db import DatabaseError, connection

    try:
        if not world.is_waiting():
            world.reindex()
    except DatabaseError:
        connection.close()
