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


NAMED = 10  # so many missing pictures are named; a folder may lack a million


class Notes:
    """Keeps account of one folder while it is read.

    Lines are read at every call, pictures are decoded once. So that nothing is reported again and again in one run,
    all but the counts waits for `say_waiting`, which is called when pictures are decoded.
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
        """Count a picture that is in none of a folder's split lists."""
        self.unlisted += 1

    def skip_missing(self, what: str) -> None:
        """Count a product that has no picture; the first few are named."""
        self.missing += 1
        if self.missing <= NAMED:
            self._waiting.append(f"{what}: there is no picture")

    def say(self, what: object) -> None:
        """Report something now."""
        print(what, file=sys.stderr)

    def say_waiting(self) -> None:
        """Report what waits."""
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
    """A folder's products and, row by row, their pictures, none of them opened yet."""

    products: Sequence[Product]  # split is "" where the format states none
    pictures: StoredPictures
    states_twins: bool = False  # the format itself says which pictures are equal


@dataclass(frozen=True, slots=True)
class Format:
    """A way to lay out a folder of products, and how it is recognised and read."""

    looked_for: str  # what makes a folder one of this format, for a person
    fits: Callable[[Path], bool]
    read: Callable[[Path, Notes], Source]
