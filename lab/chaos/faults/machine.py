"""Faults done to the machine: the disk of Postgres, and clocks."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from lab.chaos.catalogue import save_price
from lab.chaos.invariants import Expected
from lab.chaos.orders import clocks_set_back
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect, frozen

SPARE_MB = 128
CHUNK = 1 << 20  # bytes
PATIENCE_SECONDS = 60.0  # until Postgres has used up what it had allotted itself
FULL_SECONDS = {True: 30.0, False: 5.0}
HOUR = 3600.0
STEPPED = "The clock was set back"  # what beat says


class SmallDisk:
    """A memory disk in the place of a server's folder, with what lies there and little room beside it; full, it harms nothing else."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(CHUNK))
            except OSError:
                return  # full

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(
    folder: Path, spare_mb: int, *, stop: Callable[[], None], start: Callable[[], None]
) -> Iterator[SmallDisk]:
    """Have a server use a small disk for a while, and its own folder with the same files afterwards.

    Args:
        folder: the server's.
        spare_mb: room beside what lies there.
        stop: ends the server, which is away while its files are carried over and back.
        start: starts it.

    Raises:
        OSError: nothing can be mounted here; the server goes on as it was.
    """
    kept = folder.with_name(f"{folder.name}-kept")
    stop()
    try:
        _mount_over(folder, kept, spare_mb)
    except OSError:
        start()
        raise
    start()
    disk = SmallDisk(folder)
    try:
        yield disk
    finally:
        disk.free()
        stop()
        shutil.rmtree(kept)
        _run("cp", "-a", f"{folder}/.", str(kept))
        _run("umount", str(folder))
        folder.rmdir()
        kept.rename(folder)
        start()


def why_nothing_can_be_mounted() -> str:
    """Return the reason, or nothing where a disk can be mounted."""
    with tempfile.TemporaryDirectory(prefix="fashion-mount-") as folder:
        try:
            _run("mount", "-t", "tmpfs", "none", folder)
        except OSError as error:
            return str(error)
        _run("umount", folder)
    return ""


def _mount_over(folder: Path, kept: Path, spare_mb: int) -> None:
    used_mb = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // CHUNK
    owner = folder.stat()
    folder.rename(kept)
    folder.mkdir()
    options = (
        f"size={used_mb + spare_mb}m,mode={owner.st_mode & 0o777:o},uid={owner.st_uid},gid={owner.st_gid}"
    )
    try:
        _run("mount", "-t", "tmpfs", "-o", options, "none", str(folder))
    except OSError:
        folder.rmdir()
        kept.rename(folder)
        raise
    _run("cp", "-a", f"{kept}/.", str(folder))


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise OSError(f"{command[0]}: {result.stderr.strip() or result.returncode}")


@fault
def postgres_disk_full(world: World) -> Harm:
    """The disk of Postgres is full: searches go on or are asked to wait, a price that was accepted is kept, the others are refused."""
    from django.db import connection

    reason = why_nothing_can_be_mounted()
    if reason:
        return Harm(skipped=f"a small disk cannot be mounted ({reason})")
    server = world.servers.postgres

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


@fault
def clock_stepped_back(world: World) -> Harm:
    """The clocks of worker, beat and web are set back by an hour while they run, and right again later; Postgres keeps its own."""
    from django.db.models import F

    from search.indexing.marks import mark_stale
    from shop.models import Product

    said = world.log_of(world.beat).count(STEPPED)
    with clocks_set_back(HOUR):
        complaints = expect(
            lambda: world.log_of(world.beat).count(STEPPED) > said, "beat saw its clock step", seconds=30
        )
        world.save_some(10)
        deleted = world.delete_some(2)
        complaints += expect(lambda: not world.is_waiting(), "changes are indexed", seconds=60)
        # By SQL and without a hint, so that only a sweep finds the marks, which beat must ask for.
        Product.objects.update(price=F("price") + 1)
        mark_stale(map(str, world.keys()))
        complaints += expect(world.prices_agree, "beat goes on", seconds=60)
    return Harm(complaints, Expected(deleted=tuple(deleted)))


@fault
def postgres_clock_stepped_back(world: World) -> Harm:
    """The clock of Postgres is set back by an hour: what a dead worker had claimed, and a retry that was planned, lie an hour ahead."""
    from django.db.models.functions import Now

    from search.indexing.failures import reindex_products
    from search.models import StaleProduct

    claimed, *planned = (str(key) for key in world.draw_products(4))
    with frozen(world.worker):
        reindex_products([claimed, *planned])
        ahead = Now() + timedelta(seconds=HOUR)
        changed = StaleProduct.objects.filter(product_key=claimed).update(claimed_at=ahead, attempts=1)
        changed += StaleProduct.objects.filter(product_key__in=planned).update(
            next_attempt_at=ahead, attempts=1, last_error="It failed."
        )
    complaints = [] if changed == 4 else [f"{changed} of 4 products waited"]
    complaints += expect(lambda: not world.is_waiting(), "all are indexed", seconds=60)
    if complaints:
        reindex_products([claimed, *planned])  # so that the next faults begin with a whole index
    return Harm(complaints)
