"""Average the weights of a run's last epochs: better than each of them, at no cost in serving.

Stochastic weight averaging (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407): the mean of weights that a
training run passes through lies in a flatter place than any of them. Statistics of batch normalisation are not
averages of anything, so they are measured anew on training pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from .batches import Batches
from .models.image import BATCH_NORM_MOMENTUM

# After so many batches what is left of the old statistics is below 2 %.
STATISTICS_BATCHES = int(np.ceil(np.log(0.02) / np.log(BATCH_NORM_MOMENTUM)))


def average_weights(model: keras.Model, files: Sequence[Path]) -> None:
    """Give `model` the mean of the weights in `files`, at least one."""
    sums: list[np.ndarray] = []
    for file in files:
        model.load_weights(file)
        weights = [np.asarray(weight, dtype=np.float64) for weight in model.get_weights()]
        sums = [total + weight for total, weight in zip(sums, weights, strict=True)] if sums else weights
    model.set_weights([total / len(files) for total in sums])


def measure_statistics(model: keras.Model, batches: Batches) -> None:
    """Measure a joint model's batch statistics anew, on training batches, augmented as in training."""
    measured = min(STATISTICS_BATCHES, len(batches))
    for index in tqdm(range(measured), "measure batch statistics", unit="batch"):
        inputs, _ = batches[index]
        model(inputs, training=True)
