"""Callbacks of a run: validation and checkpoints after every epoch, logs, a progress bar, and a clean stop on a signal."""

import csv
import importlib.util
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, Self

import keras
from tokenizers import Tokenizer
from tqdm import tqdm

from .checkpoint import BEST, EPOCH, LOG, copy_whole, save_checkpoint, write_state
from .config import Config, Stage
from .data import Product
from .distribution import any_process
from .embeddings import Pictures, encode_pictures, encode_texts
from .evaluation.retrieval import image_to_image, text_to_image

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interruption:
    """A context in which SIGTERM and SIGINT set `requested`; a second SIGINT ends the program at once.

    The run then stops after the current batch, and not in the middle of one.
    """

    def __init__(self) -> None:
        self.requested = False
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True


class ValidationCallback(keras.callbacks.Callback):
    """Validate after every epoch, save a checkpoint, and keep the best weights; save a checkpoint when interrupted.

    Args:
        products: the validation products.
        pictures: their pictures, row by row.
        tokenizer: the run's tokenizer.
        config: the run's configuration.
        workdir: the folder of the run.
        state: the run's state, see `training.checkpoint`; it is updated in place.
        stage: the current stage.
        interruption: whether the run was asked to stop.
    """

    def __init__(
        self,
        products: tuple[Product, ...],
        pictures: Pictures,
        tokenizer: Tokenizer,
        config: Config,
        workdir: Path,
        state: dict[str, Any],
        stage: Stage,
        interruption: Interruption,
    ) -> None:
        super().__init__()
        self.products, self.pictures = products, pictures
        self.tokenizer, self.config, self.stage = tokenizer, config, stage
        self.workdir, self.state, self.interruption = workdir, state, interruption
        self.batches = 0  # finished in this call of `Model.fit`
        self.stopping = False

    def on_epoch_begin(self, epoch, logs=None):
        """Reset the count of batches."""
        self.batches, self.stopping = 0, False

    def on_train_batch_end(self, batch, logs=None):
        """Stop the epoch when an interruption was requested."""
        self.batches += 1
        # Where several processes share the run, all of them must stop after the same batch.
        if any_process(self.interruption.requested):
            self.stopping = self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        """Validate and save; the figures are added to `logs` for later callbacks."""
        loss = self._mean_loss(float(logs["loss"]))
        if self.stopping and self.batches < self.params["steps"]:
            self.state["partial_loss"] = loss
            self.state["batch"] += self.batches
            save_checkpoint(self.model, self.workdir, self.state)
            write_state(self.workdir, self.state)
            return
        entry = {"epoch": epoch + 1, "stage": self.stage.loss, "loss": loss, **self.measure()}
        logs.update(flat(entry))
        self.state["history"].append(entry)
        self.state.update(epoch=epoch + 1, batch=0, partial_loss=0.0)
        save_checkpoint(self.model, self.workdir, self.state)
        self._keep(entry)
        write_state(self.workdir, self.state)
        print(json.dumps(entry), flush=True)

    def measure(self) -> dict[str, dict[str, float]]:
        """Return the validation figures of the current model."""
        images = encode_pictures(self.model, self.pictures)
        return {
            "text_to_image": text_to_image(
                self.products,
                self.products,
                images,
                lambda texts: encode_texts(self.model, self.tokenizer, texts, self.config),
            ),
            "image_to_image": image_to_image(self.products, images),
        }

    def _mean_loss(self, loss: float) -> float:
        earlier = self.state["batch"]
        return (earlier * self.state["partial_loss"] + self.batches * loss) / max(earlier + self.batches, 1)

    def _keep(self, entry: dict[str, Any]) -> None:
        epoch, saved = entry["epoch"], self.workdir / self.state["checkpoint"]
        if self.config.average_epochs > 1 and epoch > self.config.epochs - self.config.average_epochs:
            copy_whole(saved, self.workdir / EPOCH.format(epoch))
        score = score_of(entry, self.config)
        if score > self.state["best"]:
            self.state["best"], self.state["best_epoch"] = score, epoch
            copy_whole(saved, self.workdir / BEST)
        elif 0 < self.config.patience <= epoch - self.state["best_epoch"]:
            self.state["stopped"] = self.model.stop_training = True


def score_of(entry: dict[str, Any], config: Config) -> float:
    """Return the validation figure that epochs are compared by.

    Raises:
        ValueError: `choose_by` names none of the figures.
    """
    figures = flat(entry)
    if config.choose_by not in figures:
        raise ValueError(f"choose_by names no figure: {config.choose_by!r}; there are {', '.join(figures)}.")
    return figures[config.choose_by]


def flat(entry: dict[str, Any]) -> dict[str, float]:
    """Return the validation figures of an epoch's entry under "direction figure"."""
    return {
        f"{direction} {name}": value
        for direction, figures in entry.items()
        if isinstance(figures, dict)
        for name, value in figures.items()
    }


TENSORBOARD = "tensorboard"


def loggers(workdir: Path, batch_size: int) -> list[keras.callbacks.Callback]:
    """Return the callbacks that log a run into its folder; TensorBoard's only where TensorFlow is installed."""
    log = EpochLog(workdir / LOG, batch_size)
    if importlib.util.find_spec("tensorflow") is None:
        return [log]
    if keras.backend.backend() != "tensorflow":
        # TensorBoard's callback writes through TensorFlow, which would otherwise reserve the GPU's whole memory.
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return [log, keras.callbacks.TensorBoard(workdir / TENSORBOARD, write_graph=False, profile_batch=0)]


class EpochLog(keras.callbacks.Callback):
    """Append each finished epoch to a CSV file: loss, seconds, pictures per second, all validation figures.

    An epoch that was interrupted has no figures and no line yet; it gets one after it was resumed, whose seconds count
    from then on. The columns are those of the file's first epoch.
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
        """Count the batch, and measure the time so far."""
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


class Throughput(keras.callbacks.Callback):
    """A progress bar per epoch on stderr: loss, pictures per second, time left; without a terminal a line every 30 s."""

    def __init__(self, batch_size: int, *, total_epochs: int) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.total_epochs = total_epochs
        self.bar: tqdm | None = None

    def on_epoch_begin(self, epoch, logs=None):
        """Open the epoch's bar."""
        self.bar = tqdm(
            desc=f"epoch {epoch + 1}/{self.total_epochs}",
            total=self.params["steps"] * self.batch_size,
            unit="picture",
            mininterval=0.5 if _is_terminal() else 30.0,
        )

    def on_train_batch_end(self, batch, logs=None):
        """Advance the bar."""
        self.bar.set_postfix(loss=f"{float(logs['loss']):.4f}", refresh=False)
        self.bar.update(self.batch_size)

    def on_epoch_end(self, epoch, logs=None):
        """Close the bar."""
        self.bar.close()


def _is_terminal() -> bool:
    return sys.stderr.isatty()
