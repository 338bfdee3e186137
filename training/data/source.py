"""What a folder format provides: products, pictures that are not opened yet, and notes on what cannot be used."""

import sys
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from .product import Product

EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".gif",
    ".avif",
    ".heic",
    ".heif",
)  # in upper or lower case; the formats that `search.encoders` opens


class StoredPictures(ABC):
    """The pictures of a folder's products, in the products' order."""

    @property
    @abstractmethod
    def key(self) -> str:
        """A key of letters and digits that changes when the pictures do; part of the names of cached files."""

    @abstractmethod
    def label(self, row: int) -> str:
        """Return a name of a picture for messages."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def exists(self, row: int) -> bool:
        """Return whether there is a picture."""

    @abstractmethod
    def open(self, row: int) -> BinaryIO:
        """Open a picture as a seekable binary file."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open for all pictures together."""


class FilePictures(StoredPictures):
    """Pictures in separate files."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        self.folder = folder
        self.paths = paths

    @cached_property
    def key(self) -> str:
        """A digest of each picture's name, size and modification time."""
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
        """Return whether the file exists."""
        return self.paths[row].exists()

    def open(self, row: int) -> BinaryIO:
        """Open the file."""
        return self.paths[row].open("rb")

    def close(self) -> None:
        """Do nothing: each file is closed by its user."""


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
        """Return whether the archive has a member of that name."""
        return self.ids[row] in self._members

    def open(self, row: int) -> BinaryIO:
        """Open the member."""
        return self._zip.open(self._members[self.ids[row]])  # type: ignore[return-value]

    def close(self) -> None:
        """Close the archive; it is opened again when needed."""
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


NAMED = 10  # missing pictures that are named; a folder may lack a million


class Notes:
    """What of one folder cannot be used, counted and reported on stderr.

    A folder's lines are read several times in a run, its pictures decoded once. So that nothing is reported twice,
    messages are held back until `say_waiting`, which is called when pictures are decoded.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.lines = self.unlisted = self.unreadable = self.missing = 0
        self._waiting: list[str] = []

    def skip_line(self, file: object, number: int, reason: object) -> None:
        """Count a line that cannot be used; `number` counts from 1."""
        self.lines += 1
        self._waiting.append(f"{file}, line {number}: {reason}")

    def skip_unlisted(self) -> None:
        """Count a picture that is in none of the folder's split lists."""
        self.unlisted += 1

    def skip_missing(self, what: str) -> None:
        """Count a product without a picture; the first few are reported."""
        self.missing += 1
        if self.missing <= NAMED:
            self._waiting.append(f"{what}: there is no picture")

    def say(self, what: object) -> None:
        """Report a message at once."""
        print(what, file=sys.stderr)

    def say_waiting(self) -> None:
        """Report the messages that were held back."""
        for what in self._waiting:
            self.say(what)
        self._waiting.clear()

    def summary(self, products: int) -> str:
        """Return one line: "amazon: 9,998 products, 2 lines skipped, 1 picture missing"."""
        counts = [
            _counted(self.lines, "line", "skipped"),
            _counted(self.unlisted, "picture", "in no split list"),
            _counted(self.unreadable, "picture", "unreadable"),
            _counted(self.missing, "picture", "missing"),
        ]
        return f"{self.folder}: {', '.join([_counted(products, 'product') or '0 products', *filter(None, counts)])}"


def _counted(count: int, what: str, happened: str = "") -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''} {happened}".rstrip() if count else ""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder's products and, row by row, their pictures, which are not opened yet."""

    products: Sequence[Product]  # split is "" where the format states none
    pictures: StoredPictures
    states_twins: bool = False  # the format itself marks identical pictures


@dataclass(frozen=True, slots=True)
class Format:
    """A folder format: how it is recognised and read."""

    looked_for: str  # what makes a folder one of this format, for messages
    fits: Callable[[Path], bool]
    read: Callable[[Path, Notes], Source]
