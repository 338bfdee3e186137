"""What a run writes for people: a line per epoch in `log.csv`, and scalars for TensorBoard."""

import csv
import importlib.util
import os
import time
from pathlib import Path
from typing import Any

import keras

from .files import LOG

FOLDER = "tensorboard"


def loggers(workdir: Path, batch_size: int) -> list[keras.callbacks.Callback]:
    """Return the callbacks that log a run into its folder; TensorBoard's only where TensorFlow is installed."""
    log = EpochLog(workdir / LOG, batch_size)
    if importlib.util.find_spec("tensorflow") is None:
        return [log]
    if keras.backend.backend() != "tensorflow":
        # TensorBoard's callback writes through TensorFlow, which else takes a GPU's memory from who computes on it.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return [log, keras.callbacks.TensorBoard(workdir / FOLDER, write_graph=False, profile_batch=0)]


class EpochLog(keras.callbacks.Callback):
    """Append each finished epoch to a CSV file: loss, seconds, pictures per second, all validation figures.

    An epoch that was stopped in the middle has no figures yet and no line; after resuming it gets one, whose seconds
    are those since then. The columns are those of the file's first epoch.
    """

    def __init__(self, path: Path, batch_size: int) -> None:
        super().__init__()
        self.path = path
        self.batch_size = batch_size
        self.started, self.batches = 0.0, 0

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.started, self.batches = time.monotonic(), 0

    def on_train_batch_end(self, batch, logs=None):
        """Count, and stop the clock."""
        self.batches += 1
        self.seconds = time.monotonic() - self.started

    def on_epoch_end(self, epoch, logs=None):
        """Append a line."""
        figures = {name: value for name, value in logs.items() if " " in name}
        if figures:
            self._append(
                {
                    "epoch": epoch + 1,
                    "loss": f"{logs['loss']:.6g}",
                    "seconds": f"{self.seconds:.1f}",
                    "pictures per second": f"{self.batches * self.batch_size / self.seconds:.1f}",
                    **{name: f"{value:.6g}" for name, value in figures.items()},
                }
            )

    def _append(self, line: dict[str, Any]) -> None:
        columns = list(line)
        if self.path.exists():
            with self.path.open(newline="") as file:
                columns = next(csv.reader(file))
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow(line)
