"""Write files so that a reader, or a run after a crash, finds the whole file or none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import Storage


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_whole(storage: Storage, name: str, content: bytes) -> None:
    """Write a file into a storage under exactly this name, over one that is there."""
    try:
        path = Path(storage.path(name))
    except NotImplementedError:  # not a file system; object stores show a file only when it is whole
        storage.delete(name)
        storage.save(name, ContentFile(content))
        return
    replace_file(path, content)
