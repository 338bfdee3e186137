"""A progress bar per epoch: loss, pictures per second, time left."""

import sys

import keras
from tqdm import tqdm


class Throughput(keras.callbacks.Callback):
    """Show an epoch's progress on stderr; quiet lines every half minute where there is no terminal."""

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
