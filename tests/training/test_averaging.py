import keras
import numpy as np
import pytest

from training.averaging import STATISTICS_BATCHES, average_weights, measure_statistics

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras under NumPy 2


class Tiny(keras.Model):
    """One weight and a batch normalisation, in place of the joint model."""

    def __init__(self):
        super().__init__()
        self.images = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1), keras.layers.BatchNormalization(momentum=0.95)]
        )
        self.built = True

    def call(self, inputs, training=False):
        return self.images(inputs["pixels"], training=training)


def test_weights_are_averaged_and_statistics_measured_anew(tmp_path):
    model = Tiny()
    dense, norm = model.images.layers
    files = []
    for value in (1.0, 3.0):
        dense.set_weights([np.full((2, 1), value), np.zeros(1)])
        norm.set_weights([np.ones(1), np.zeros(1), np.full(1, -50.0), np.full(1, 9.0)])
        files.append(tmp_path / f"{value}.weights.h5")
        model.save_weights(files[-1])
    batch = ({"pixels": np.array([[1.0, 1.0], [2.0, 2.0]], dtype=np.float32)}, None)
    average_weights(model, files)
    measure_statistics(model, [batch] * (STATISTICS_BATCHES + 5))
    assert dense.get_weights()[0].tolist() == [[2.0], [2.0]]
    mean, variance = norm.get_weights()[2:]
    # Outputs are 4 and 8: mean 6, variance 4; under 2 % of the old -50 and 9 may be left.
    assert mean[0] == pytest.approx(6.0, abs=0.02 * 56)
    assert variance[0] == pytest.approx(4.0, abs=0.02 * 5)
