"""This machine: what the demo needs of it, the secrets kept on it, and the environment of the demo that runs on it."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent.parent
LOCAL = ROOT / ".local"
FILE = LOCAL / "run" / "environment.json"


def use_running_demo(file: Path = FILE) -> None:
    """Fill in the variables that this process lacks from the running demo, unless DATABASE_URL chooses another."""
    if "DATABASE_URL" in os.environ or not file.exists():
        return
    for name, value in json.loads(file.read_text()).items():
        os.environ.setdefault(name, value)


def write_environment(variables: Mapping[str, str], file: Path = FILE) -> None:
    """Keep `variables` in `file`, readable by its owner only."""
    write_private(file, json.dumps(dict(variables), indent=2) + "\n")


def write_private(file: Path, text: str) -> None:
    """Write `text` into `file` so that nobody else can read it, not even for a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)


class LocalError(Exception):
    """Something on this machine prevents the demo from running; the message says what and what helps."""


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


@dataclass(frozen=True, slots=True)
class Login:
    """The admin login; `fresh` if it was made just now."""

    name: str
    password: str
    fresh: bool


def secret_key(local: Path) -> str:
    """Return this machine's SECRET_KEY, making it the first time."""
    return _kept(local / "secret-key", secrets.token_urlsafe(50))[0]


def admin_login(local: Path) -> Login:
    """Return this machine's admin login, making the password the first time."""
    password, fresh = _kept(local / "admin-password", secrets.token_urlsafe(12))
    return Login("admin", password, fresh)


def _kept(file: Path, new: str) -> tuple[str, bool]:
    if file.exists():
        return file.read_text().strip(), False
    write_private(file, new + "\n")
    return new, True
