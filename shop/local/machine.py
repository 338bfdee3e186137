"""What the demo needs of this machine, looked at before anything is started."""

import fcntl
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from .errors import LocalError

NEEDED_BYTES = 700 * 1024 * 1024  # the larger catalogue's database, pictures and thumbnails


def check_port(port: int) -> None:
    """Make sure that the web server will be able to listen.

    Raises:
        LocalError: something else listens there, or the port is not allowed.
    """
    if not 0 < port < 65536:
        raise LocalError(f"Port {port} is not a port; ports are 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise LocalError(
                f"Port {port} is not allowed for this account. Try: make demo PORT=8001"
            ) from error
        except OSError as error:
            raise LocalError(f"Port {port} is in use. Try: make demo PORT={_other(port)}") from error


def check_disk(folder: Path) -> None:
    """Make sure that there is room for a catalogue.

    Raises:
        LocalError: there is not.
    """
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        needed = NEEDED_BYTES // 1024**2
        raise LocalError(f"Not enough disk space in {folder}: {free // 1024**2} MB free, {needed} MB needed.")


def take_lock(file: Path) -> IO[str]:
    """Take the lock that only one demo in a folder can hold; the system frees it when this process ends, however.

    Raises:
        LocalError: another demo holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise LocalError(f"The demo already runs in this folder (process {holder or 'unknown'}).") from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _other(port: int) -> int:
    for candidate in range(port + 1, min(port + 100, 65536)):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", candidate))
            return candidate
    return 8001
