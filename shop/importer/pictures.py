"""Where the pictures of an import come from: a folder or a ZIP archive."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import unicodedata
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from search.encoders.picture_parts import walk_parts
from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from shop.metadata import stored_form
from shop.thumbnails import LARGEST

from .cells import RowError

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif"}
OTHER_ENDINGS = {
    ".jfif",
    ".jpe",
    ".bmp",
    ".tif",
    ".tiff",
    ".svg",
    ".psd",
}  # whose content decides, or is the reason
BEGINNINGS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"RIFF": ".webp"}
MAX_BYTES = 40_000_000
READ_ERRORS = (
    OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError,
    ValueError,
)  # fmt: skip


class PictureSourceError(Exception):
    """The folder or archive of pictures cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of one picture, its file's name, and the name it is stored under, which holds their hash."""

    source: str
    name: str
    content: bytes

    def check(self) -> None:
        """Decode the whole picture.

        Raises:
            RowError: it cannot be decoded.
        """
        try:
            open_picture(io.BytesIO(self.content), at_least=LARGEST)
        except PictureError as error:
            raise RowError(f"picture {self.source}: {error}") from error


class PictureSource(ABC):
    """Pictures found by path, by the end of a path, or by file name without its ending.

    Upper and lower case are the same, and so are the ways to write an accent, to separate folders, and `%20` and a space.
    Of files with one name, those in the fewest folders count.
    """

    def __init__(self, full_names: Iterable[str]) -> None:
        self._by_path: dict[str, list[str]] = {}
        self._by_stem: dict[str, str] = {}
        named = [(_parts(full_name), full_name) for full_name in full_names]
        named = [
            (parts, name)
            for parts, name in named
            if "__macosx" not in parts and not parts[-1].startswith(".")
        ]
        self._size = len(named)
        self._shared = _shared([parts[:-1] for parts, _ in named])
        for parts, full_name in sorted(named, key=lambda item: (len(item[0]), item[1])):
            for place in range(len(parts)):
                self._by_path.setdefault("/".join(parts[place:]), []).append(full_name)
        for endings in (ENDINGS, OTHER_ENDINGS):
            for parts, full_name in sorted(named, key=lambda item: (len(item[0]), item[1])):
                path = PurePosixPath(parts[-1])
                if path.suffix in endings:
                    self._by_stem.setdefault(path.stem, full_name)

    def __len__(self) -> int:
        return self._size

    def find(self, name: str) -> str | None:
        """Full name of the picture with this path, whose file's ending may be left out; or None.

        Folders at the beginning of either path may be missing in the other, if they are folders that all pictures are in.

        Raises:
            RowError: several files have the name.
        """
        link = re.split(r"[?#]", name)[0] if "://" in name else name
        for written in dict.fromkeys(
            (name.strip(), unquote(name).strip(), link.strip(), unquote(link).strip())
        ):
            for ending in ("", *sorted(ENDINGS), *sorted(OTHER_ENDINGS)):
                if found := self._at(_parts(written + ending)):
                    return _only(name, found)
        return None

    def _at(self, parts: Sequence[str]) -> list[str]:
        if found := self._by_path.get("/".join(parts)):
            return found
        for place in range(1, len(parts)):
            found = self._by_path.get("/".join(parts[place:]), [])
            # The folder before must not be another one: F001/2.jpg is not F002/2.jpg.
            if found := [path for path in found if len(_parts(path)) - len(parts) + place <= self._shared]:
                return found
        return []

    def find_for(self, sku: str) -> str | None:
        """Full name of the picture whose file name without its ending is the SKU, or None.

        Raises:
            RowError: several files have the name.
        """
        found = self._by_stem.get(_folded(sku))
        return _only(_parts(found)[-1], self._by_path[_parts(found)[-1]]) if found else None

    def read(self, full_name: str, *, sku: str) -> Picture:
        """Read a picture as it is stored: without what cameras wrote beside it, HEIC and AVIF as a JPEG.

        Raises:
            RowError: they cannot be read, are too many, or have too many parts; HEIC and AVIF also where they cannot be decoded.
        """
        path = PurePosixPath(full_name)
        try:
            content = self._read(full_name)
            walk_parts(io.BytesIO(content))  # whose number is limited before anybody goes over them
            content, stored_as = stored_form(content, path.name)
        except PictureError as error:
            raise RowError(f"picture {path.name}: {error}") from error
        except READ_ERRORS as error:
            raise RowError(f"picture {path.name} cannot be read: {error or type(error).__name__}") from error
        digest = hashlib.sha256(content).hexdigest()
        stem = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in sku)
        stored = f"products/{digest[:2]}/{stem[:80]}-{digest[:12]}{_ending(content, stored_as)}"
        return Picture(path.name, stored, content)

    @abstractmethod
    def _read(self, full_name: str) -> bytes: ...


class FolderPictures(PictureSource):
    """Pictures in a folder, and in the folders inside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        places = os.walk(folder, onerror=_refuse_folder)
        super().__init__(
            str((Path(place) / name).relative_to(folder)) for place, _, names in places for name in names
        )

    def _read(self, full_name: str) -> bytes:
        path = self._folder / full_name
        _refuse_large(path.stat().st_size)
        return path.read_bytes()


class ZipPictures(PictureSource):
    """Pictures in a ZIP archive, in any folder of it, read one by one without unpacking."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        super().__init__(info.filename for info in archive.infolist() if not info.is_dir())

    def _read(self, full_name: str) -> bytes:
        info = self._archive.getinfo(full_name)
        _refuse_large(info.file_size)
        return self._archive.read(info)


class NoPictures(PictureSource):
    """An import without pictures."""

    def __init__(self) -> None:
        super().__init__(())

    def _read(self, full_name: str) -> bytes:
        raise FileNotFoundError(full_name)


@contextmanager
def open_pictures(path: Path | None) -> Iterator[PictureSource]:
    """Open a folder or a ZIP archive of pictures; None gives none.

    Raises:
        PictureSourceError: it is neither.
    """
    if path is None:
        yield NoPictures()
    elif path.is_dir():
        yield FolderPictures(path)
    else:
        try:
            archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise PictureSourceError(f"{path} is neither a folder nor a ZIP archive: {error}") from error
        with archive:
            yield ZipPictures(archive)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _parts(name: str) -> list[str]:
    return [part.strip() for part in _folded(name).replace("\\", "/").split("/") if part.strip()] or [""]


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """How many folders, from the first, all of them have in common."""
    number = 0
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        number += 1
    return number


def _only(name: str, found: Sequence[str]) -> str:
    """The one in the fewest folders, of which there must be one only."""
    depth = len(_parts(found[0]))
    nearest = [full_name for full_name in found if len(_parts(full_name)) == depth]
    if len(nearest) > 1:
        raise RowError(
            f"picture {name}: several files have this name, {' and '.join(nearest[:3])}; write the path in the column images"
        )
    return nearest[0]


def _ending(content: bytes, name: str) -> str:
    """The ending of the format that the content has, whatever the name says."""
    own = PurePosixPath(name).suffix.lower()
    found = next((ending for begin, ending in BEGINNINGS.items() if content.startswith(begin)), own)
    return own if {own, found} == {".jpg", ".jpeg"} else found


def _refuse_folder(error: OSError) -> None:
    raise PictureSourceError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _refuse_large(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"{size} bytes; the limit is {MAX_BYTES}")
