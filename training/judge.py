"""What happens at an epoch's end: measure on the validation products, keep a checkpoint and the best weights."""

import json
from pathlib import Path
from typing import Any

import keras
from tokenizers import Tokenizer

from .config import Config
from .data import Product
from .distribution import any_process
from .encoding import encode_texts
from .evaluate import image_to_image, text_to_image
from .files import BEST, EPOCH
from .interruption import Interruption
from .pictures import Pictures, encode_pictures
from .sections import Stage
from .workdir import copy_whole, save_checkpoint, write_state


class Judge(keras.callbacks.Callback):
    """After every epoch: measure, save a checkpoint, keep the best weights; after a stop: save where it stands."""

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
        self.batches = 0  # finished in this call of `fit`
        self.stopping = False

    def on_epoch_begin(self, epoch, logs=None):
        """Count batches from here."""
        self.batches, self.stopping = 0, False

    def on_train_batch_end(self, batch, logs=None):
        """End the epoch early when the run was asked to stop."""
        self.batches += 1
        # Where several processes share the run, all of them must stop after the same batch.
        if any_process(self.interruption.asked):
            self.stopping = self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        """Judge and save; the figures are added to `logs` for the callbacks that come later."""
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
        """Return the validation figures of the model as it is."""
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
    """Return the validation figure by which epochs are compared.

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
