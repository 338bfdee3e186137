"""Where a folder's pictures come from, row by row: an archive's members, or files."""

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".gif")  # in any case; what `search.preprocessing` opens


class StoredPictures(ABC):
    """The pictures of a folder's products, in the products' order."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Letters and digits that change when the pictures do: part of the names of cached files."""

    @abstractmethod
    def label(self, row: int) -> str:
        """Name a picture for a person."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def exists(self, row: int) -> bool:
        """Tell whether there is a picture."""

    @abstractmethod
    def open(self, row: int) -> BinaryIO:
        """Open a picture as a seekable binary file."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what was opened for all pictures together."""


class FilePictures(StoredPictures):
    """Pictures that are files of their own."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.folder = folder
        self.paths = paths

    @cached_property
    def key(self) -> str:
        """Digest of each picture's name, size and time of change."""
        digest = blake2b(digest_size=8)
        for path in self.paths:
            digest.update(f"{path.relative_to(self.folder)} {_state(path)}\n".encode(errors="surrogatepass"))
        return digest.hexdigest()

    def label(self, row: int) -> str:
        """Return the picture's path."""
        return str(self.paths[row])

    def __len__(self) -> int:
        return len(self.paths)

    def exists(self, row: int) -> bool:
        """Tell whether the file exists."""
        return self.paths[row].exists()

    def open(self, row: int) -> BinaryIO:
        """Open the file."""
        return self.paths[row].open("rb")

    def close(self) -> None:
        """Do nothing: each file is closed by whoever opened it."""


class ZipPictures(StoredPictures):
    """Pictures in one archive, whose members are named after products' ids."""

    def __init__(self, archive: Path, ids: Sequence[str]) -> None:
        self.archive = archive
        self.ids = ids

    @property
    def key(self) -> str:
        """Size of the archive in bytes."""
        return str(self.archive.stat().st_size)

    def label(self, row: int) -> str:
        """Return the archive's path and the product's id."""
        return f"{self.archive}: product {self.ids[row]}"

    def __len__(self) -> int:
        return len(self.ids)

    def exists(self, row: int) -> bool:
        """Tell whether the archive has a member of that name."""
        return self.ids[row] in self._members

    def open(self, row: int) -> BinaryIO:
        """Open the member."""
        return self._zip.open(self._members[self.ids[row]])  # type: ignore[return-value]

    def close(self) -> None:
        """Close the archive; a later use opens it again."""
        if "_zip" in self.__dict__:
            self._zip.close()
            del self._zip

    @cached_property
    def _zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.archive)

    @cached_property
    def _members(self) -> dict[str, str]:
        return {Path(name).stem: name for name in self._zip.namelist()}


def _state(path: Path) -> str:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return "missing"
    return f"{stat.st_size} {stat.st_mtime_ns}"
