"""The running demo's environment, kept in a file so that manage.py reaches the same database and Redis."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

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
