"""Secrets made for this machine and kept in .local, readable by their owner only."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from .environment import write_private


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
