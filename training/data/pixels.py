"""The pixels of a folder's pictures, decoded once and cached for later runs."""

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from search.encoders.pictures import ImageSpec, open_picture, to_pixels
from search.exceptions import PictureError

from .source import Notes, StoredPictures

DIGEST_BYTES = 16
_digest = partial(hashlib.blake2b, digest_size=DIGEST_BYTES)
# What opening a file or an archive's member may raise; decoding raises PictureError.
_UNREADABLE = (PictureError, OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A folder's pictures, row by row."""

    pixels: NDArray[np.uint8]  # (n, height, width, 3)
    usable: NDArray[np.bool_]  # (n,): false for missing or unreadable pictures, whose pixels are zero
    digests: NDArray[np.uint8] | None  # (n, 16): of the pictures' bytes, where requested


def decode(
    pictures: StoredPictures,
    stem: str,
    spec: ImageSpec,
    cache: Path,
    notes: Notes,
    *,
    digests: bool,
    progress: bool,
) -> Decoded:
    """Decode pictures, or read them from the cache.

    Args:
        pictures: the pictures to decode.
        stem: beginning of the names of cached files.
        spec: size in pixels to fit the pictures into.
        cache: folder for decoded pictures, created where it is missing.
        notes: reports missing and unreadable pictures.
        digests: whether to compute digests of the pictures' bytes.
        progress: whether to show a progress bar.
    """
    stem = f"{stem}-{len(pictures)}-{pictures.key}-{spec.width}x{spec.height}"
    pixels_file, digests_file, usable_file = (
        cache / f"{stem}.{part}.npy" for part in ("pixels", "digests", "usable")
    )
    fresh = not usable_file.exists()
    if fresh:
        notes.say_waiting()
        cache.mkdir(parents=True, exist_ok=True)
        usable, found = _decode_all(pictures, pixels_file, spec, notes, digests, progress)
        if digests:
            np.save(digests_file, found)
        np.save(usable_file, usable)  # last: its presence marks the cache as complete
    usable = np.load(usable_file)
    _count(pictures, usable, notes)
    if fresh:
        notes.say_waiting()
    pictures.close()
    pixels = np.load(pixels_file, mmap_mode="r") if len(pictures) else _no_pixels(spec)
    return Decoded(pixels, usable, np.load(digests_file) if digests else None)


def _decode_all(
    pictures: StoredPictures, pixels_file: Path, spec: ImageSpec, notes: Notes, digest: bool, progress: bool
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    count = len(pictures)
    usable = np.zeros(count, dtype=np.bool_)
    digests = np.zeros((count, DIGEST_BYTES), dtype=np.uint8)
    if not count:
        return usable, digests
    # Written straight to the file: a large folder's pictures need not fit into memory.
    pixels = np.lib.format.open_memmap(
        pixels_file, "w+", dtype=np.uint8, shape=(count, spec.height, spec.width, 3)
    )
    for row in tqdm(range(count), f"decode {notes.folder}", unit="picture", disable=not progress):
        if not pictures.exists(row):
            continue
        try:
            with pictures.open(row) as file:
                if digest:
                    digests[row] = np.frombuffer(hashlib.file_digest(file, _digest).digest(), np.uint8)
                    file.seek(0)
                picture = open_picture(file, at_least=(spec.width, spec.height))
            pixels[row] = to_pixels([picture], spec)[0]
            usable[row] = True
        except _UNREADABLE as error:
            notes.say(f"{pictures.label(row)}: {error}")
    pixels.flush()
    return usable, digests


def _count(pictures: StoredPictures, usable: NDArray[np.bool_], notes: Notes) -> None:
    for row in np.flatnonzero(~usable):
        if pictures.exists(row):
            notes.unreadable += 1
        else:
            notes.skip_missing(pictures.label(row))


def _no_pixels(spec: ImageSpec) -> NDArray[np.uint8]:
    return np.zeros((0, spec.height, spec.width, 3), dtype=np.uint8)
