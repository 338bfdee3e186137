"""One run on several devices, processes or machines: each device computes its rows of every batch.

This is Keras' own distribution, which it has for JAX: the model is compiled once for all devices, as if one device
held the whole batch. So the losses compare every picture with every text of the whole batch, batch normalisation
averages over all of it, and the weights become those of one device, up to the order of sums.

All processes do the same at the same time; what only one must do, writing files, is in `first_writes`.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from .checkpoint import CACHE, STATE
from .exceptions import TrainingError


def distribute(coordinator: str | None, processes: int | None, process: int | None) -> None:
    """Share every batch among all devices of all processes from now on; call it before anything is computed.

    Args:
        coordinator: "host:port" at which the first process is reached; without it, and without the variable
            KERAS_DISTRIBUTION_JOB_ADDRESSES, this process is the only one.
        processes: how many there are; else KERAS_DISTRIBUTION_NUM_PROCESSES says it.
        process: which one this is, from 0; else KERAS_DISTRIBUTION_PROCESS_ID says it.

    Raises:
        TrainingError: Keras' backend is not JAX.
    """
    if keras.backend.backend() != "jax":
        raise TrainingError(
            f"Keras distributes a run under JAX, not under {keras.backend.backend()}: set KERAS_BACKEND=jax."
        )
    if coordinator or "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ:
        keras.distribution.initialize(coordinator, processes, process)
    # Batches come cut to a process' own rows already, see `own_rows`.
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


def process_count() -> int:
    """Return how many processes share the run; 1 where it is not distributed."""
    distribution = keras.distribution.distribution()
    return distribution.num_processes if distribution else 1


def process_number() -> int:
    """Return which of them this one is, from 0."""
    distribution = keras.distribution.distribution()
    return distribution.data_shard_id if distribution else 0


def own_rows(batches: keras.utils.PyDataset, batch_size: int) -> keras.utils.PyDataset:
    """Return batches cut to the rows that this process' devices compute; whole ones where it is the only process.

    Raises:
        TrainingError: the devices cannot have equal shares of a batch.
    """
    distribution = keras.distribution.distribution()
    devices = distribution.device_mesh.devices.size if distribution else 1
    if batch_size % devices:
        raise TrainingError(f"A batch of {batch_size} has no equal shares for {devices} devices.")
    return batches if process_count() == 1 else _OwnRows(batches)


def any_process(asked: bool) -> bool:
    """Return whether `asked` is true in any process; all of them must call this at the same point of the run."""
    return asked if process_count() == 1 else bool(_gathered(np.array(asked)).any())


def check_alike(files: Iterable[Path]) -> None:
    """Compare the files that a run begins with, some of which may be missing, among all processes.

    Raises:
        TrainingError: they differ, so the processes would not do the same.
    """
    if process_count() == 1:
        return
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + (file.read_bytes() if file.exists() else b""))
    digests = _gathered(np.frombuffer(digest.digest(), np.uint8))
    if (digests != digests[0]).any():
        raise TrainingError(
            "The processes do not begin alike: they need the same configuration and data, and to resume, "
            "the same run in --out."
        )


@contextlib.contextmanager
def first_writes(workdir: Path) -> Iterator[Path]:
    """Give a process the folder that it keeps its run in: the first `workdir`, the others one that is thrown away.

    The others' begins as a copy of a run to be resumed, and shares its cache. They print nothing either.
    """
    if process_number() == 0:
        yield workdir
        return
    with TemporaryDirectory(prefix="fashion-worker-") as name, Path(os.devnull).open("w") as nowhere:
        folder = Path(name)
        if (workdir / STATE).exists():
            shutil.copytree(workdir, folder, ignore=shutil.ignore_patterns(CACHE), dirs_exist_ok=True)
        (workdir / CACHE).mkdir(parents=True, exist_ok=True)
        (folder / CACHE).symlink_to((workdir / CACHE).resolve())
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield folder


def _gathered(values: np.ndarray) -> np.ndarray:
    """Return (processes, ...): what each process gave."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(values))


class _OwnRows(keras.utils.PyDataset):
    def __init__(self, batches: keras.utils.PyDataset) -> None:
        super().__init__(
            workers=batches.workers, use_multiprocessing=False, max_queue_size=batches.max_queue_size
        )
        self.batches = batches
        # Neighbours here, because Keras keeps the distribution per thread and batches are made in others.
        self.count, self.number = process_count(), process_number()

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int):
        return keras.tree.map_structure(self._own, self.batches[index])

    def _own(self, rows: np.ndarray) -> np.ndarray:
        return np.split(rows, self.count)[self.number]
