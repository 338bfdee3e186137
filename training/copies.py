"""Augmented copies of pictures, made once by all processor cores and cached: a fast device never waits for augmentation."""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .augmentation import augment
from .config import Augmentation
from .embeddings import CHUNK, Pictures, digest_of

Pixels = NDArray[np.uint8]

PARTS = ("pixels", "large", "places")


@dataclass(frozen=True, slots=True, eq=False)
class Originals:
    """The pictures that copies are made of.

    `pixels` is (n, height, width, 3). `large`, (m, height, width, 3), has those of them that exist larger, and so hold more detail at the
    same size; `places`, (n,), says at which row, -1 where there is none.
    """

    pixels: Pixels
    large: Pixels
    places: NDArray[np.int64]

    @classmethod
    def without_large(cls, pixels: Pixels) -> Self:
        """Return the originals of pictures that exist in one size."""
        return cls(pixels, pixels[:0], np.full(len(pixels), -1))

    def copy(self, how: Augmentation, seed: int, variant: int, start: int, stop: int) -> Pixels:
        """Return augmented pictures of the rows from `start` to `stop`; the same arguments give the same pictures."""
        rng = np.random.default_rng((seed, variant, start))
        pictures = np.array(self.pixels[start:stop])
        if how.large:
            places = self.places[start:stop]
            chosen = (places >= 0) & (rng.random(len(places)) < how.large)
            pictures[chosen] = self.large[places[chosen]]
        return augment(pictures, how, rng)

    def digest(self, key: str) -> str:
        """Return 32 hex digits that depend on all pictures and on `key`."""
        shapes = f"{self.pixels.shape} {self.large.shape}"
        return digest_of(f"{shapes} {key}", self.places, self.pixels, self.large)


def copies_of(
    originals: Originals,
    how: Augmentation,
    seed: int,
    variants: int,
    cache: Path,
    processes: int | None = None,
) -> Pictures:
    """Return `variants` augmented copies of each picture.

    Args:
        originals: n pictures.
        how: the augmentation.
        seed: copies depend on it, and not on the number of processes.
        variants: copies of each picture.
        cache: folder for the file of all copies, which may be larger than the memory.
        processes: how many work; one for each processor core without it.
    """
    file = cache / f"copies-{originals.digest(f'{how} {seed} {variants}')}.npy"
    if not file.exists():
        _write(file, originals, how, seed, variants, processes or os.cpu_count() or 1)
    return Pictures("pixels", np.load(file, mmap_mode="r"))


def _write(
    file: Path, originals: Originals, how: Augmentation, seed: int, variants: int, processes: int
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part, count = file.with_suffix(".part"), len(originals.pixels)
    np.lib.format.open_memmap(part, "w+", np.uint8, (variants, *originals.pixels.shape)).flush()
    # The workers read the originals from files; sent through pipes, they would pass the one process that sends.
    with TemporaryDirectory(dir=file.parent) as folder:
        for name in PARTS:
            np.save(Path(folder) / f"{name}.npy", getattr(originals, name))
        with (
            ProcessPoolExecutor(
                processes, multiprocessing.get_context("spawn"), _open, (Path(folder), part, how, seed)
            ) as pool,
            tqdm(
                total=variants * count,
                desc="augment copies",
                unit="picture",
                mininterval=1.0 if sys.stderr.isatty() else 10.0,
            ) as progress,
        ):
            for done in as_completed(pool.submit(_write_part, *place) for place in _places(variants, count)):
                progress.update(done.result())
    part.replace(file)


def _places(variants: int, count: int) -> Iterator[tuple[int, int, int]]:
    step = CHUNK // 4  # so that the last processes do not work alone for long
    for variant in range(variants):
        for start in range(0, count, step):
            yield variant, start, min(start + step, count)


# In a worker process -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    originals: Originals
    out: Pixels
    how: Augmentation
    seed: int


_work: _Work


def _open(folder: Path, part: Path, how: Augmentation, seed: int) -> None:
    global _work  # what a process of a pool was started with has no other place
    originals = Originals(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in PARTS))
    _work = _Work(originals, np.load(part, mmap_mode="r+"), how, seed)


def _write_part(variant: int, start: int, stop: int) -> int:
    _work.out[variant, start:stop] = _work.originals.copy(_work.how, _work.seed, variant, start, stop)
    return stop - start
