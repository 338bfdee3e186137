"""Where the pictures of an import come from: a folder or a ZIP archive."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from search.encoders.picture_parts import walk_parts
from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from shop.metadata import stored_form
from shop.thumbnails import LARGEST

from .profiles import RowError

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif"}
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
    """Pictures found by file name, or by file name without its ending; upper and lower case are the same."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def find(self, name: str) -> str | None:
        """Full name of the picture with this path, or else with this file name in any folder; or None."""
        name = name.lower()
        return self._names.get(name) or self._names.get(PurePosixPath(name).name)

    def find_for(self, sku: str) -> str | None:
        """Full name of the picture whose file name without its ending is the SKU, or None."""
        return self._names.get(sku.lower())

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
        stored = f"products/{digest[:2]}/{stem[:80]}-{digest[:12]}{PurePosixPath(stored_as).suffix.lower()}"
        return Picture(path.name, stored, content)

    @abstractmethod
    def _read(self, full_name: str) -> bytes: ...


class FolderPictures(PictureSource):
    """Pictures in a folder, or in a folder `images` inside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        places = [folder, folder / "images"]
        super().__init__(
            _index(str(f.relative_to(folder)) for place in places if place.is_dir() for f in place.iterdir())
        )

    def _read(self, full_name: str) -> bytes:
        path = self._folder / full_name
        _refuse_large(path.stat().st_size)
        return path.read_bytes()


class ZipPictures(PictureSource):
    """Pictures in a ZIP archive, in any folder of it, read one by one without unpacking."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        super().__init__(_index(info.filename for info in archive.infolist() if not info.is_dir()))

    def _read(self, full_name: str) -> bytes:
        info = self._archive.getinfo(full_name)
        _refuse_large(info.file_size)
        return self._archive.read(info)


class NoPictures(PictureSource):
    """An import without pictures."""

    def __init__(self) -> None:
        super().__init__({})

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


def _index(full_names: Iterator[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for full_name in sorted(full_names):
        path = PurePosixPath(full_name.lower())
        if path.suffix in ENDINGS and "__macosx" not in path.parts:
            for key in (str(path), path.name, path.stem):
                found.setdefault(key, full_name)
    return found


def _refuse_large(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"{size} bytes; the limit is {MAX_BYTES}")
