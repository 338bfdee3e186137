"""One run on several devices, processes or machines: each device computes its rows of every batch.

This is Keras' distribution for JAX: the model is compiled once for all devices, as if one device held the whole batch.
So the losses compare every picture with every text of the whole batch, batch normalisation averages over all of it, and
the weights become those of one device, up to the order of sums.

All processes run the same program at the same time; only the first writes files, see `first_writes`.
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
    """Share every batch among all devices of all processes; call it before any computation.

    Args:
        coordinator: "host:port" of the first process; without it, and without the variable
            KERAS_DISTRIBUTION_JOB_ADDRESSES, this process is the only one.
        processes: the number of processes; by default KERAS_DISTRIBUTION_NUM_PROCESSES.
        process: the number of this process, from 0; by default KERAS_DISTRIBUTION_PROCESS_ID.

    Raises:
        TrainingError: Keras' backend is not JAX.
    """
    if keras.backend.backend() != "jax":
        raise TrainingError(
            f"Keras distributes a run under JAX, not under {keras.backend.backend()}: set KERAS_BACKEND=jax."
        )
    if coordinator or "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ:
        keras.distribution.initialize(coordinator, processes, process)
    # Batches already hold a process' own rows only, see `own_rows`.
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))


def process_count() -> int:
    """Return the number of processes that share the run; 1 where it is not distributed."""
    distribution = keras.distribution.distribution()
    return distribution.num_processes if distribution else 1


def process_number() -> int:
    """Return the number of this process, from 0."""
    distribution = keras.distribution.distribution()
    return distribution.data_shard_id if distribution else 0


def own_rows(batches: keras.utils.PyDataset, batch_size: int) -> keras.utils.PyDataset:
    """Return batches that hold only the rows of this process' devices; whole batches where it is the only process.

    Raises:
        TrainingError: a batch cannot be divided equally among the devices.
    """
    distribution = keras.distribution.distribution()
    devices = distribution.device_mesh.devices.size if distribution else 1
    if batch_size % devices:
        raise TrainingError(f"A batch of {batch_size} has no equal shares for {devices} devices.")
    return batches if process_count() == 1 else _OwnRows(batches)


def any_process(value: bool) -> bool:
    """Return whether `value` is true in any process; all of them must call this at the same point of the run."""
    return value if process_count() == 1 else bool(_gathered(np.array(value)).any())


def check_alike(files: Iterable[Path]) -> None:
    """Check that all processes start from the same files, some of which may be missing.

    Raises:
        TrainingError: the files differ, so the processes would diverge.
    """
    if process_count() == 1:
        return
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + (file.read_bytes() if file.exists() else b""))
    digests = _gathered(np.frombuffer(digest.digest(), np.uint8))
    if (digests != digests[0]).any():
        raise TrainingError(
            "The processes start from different files: they need the same configuration and data, and to resume, "
            "the same run in --out."
        )


@contextlib.contextmanager
def first_writes(workdir: Path) -> Iterator[Path]:
    """Yield the run folder of a process: `workdir` for the first, a temporary folder for the others.

    A temporary folder starts as a copy of the run to be resumed and shares its cache. The other processes print
    nothing.
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
    """Return (processes, ...): the values of each process."""
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
