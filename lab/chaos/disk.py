"""A small disk in the place of a server's folder, so that it can be full without harm to anything else."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 1 << 20  # bytes


class SmallDisk:
    """What lies in a folder, on a memory disk of its own, with little room beside it."""

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
