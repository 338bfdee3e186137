import numpy as np
import pytest

from training.models.facts import SCALE, FactHeads

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def heads(*directions):
    made = FactHeads([array.shape[1] for array in directions])
    made.build((None, 2))
    made.set_weights(directions)
    return made


def test_the_loss_is_the_cross_entropy_of_cosines():
    made = heads(np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 0.5]], dtype="float32"))
    loss = float(made(np.array([[1.0, 0.0]], dtype="float32"), np.array([[1]])))
    expected = -np.log(np.exp(SCALE) / (2 * np.exp(SCALE) + 1))  # cosines 1, 1 and 0
    assert loss == pytest.approx(expected, rel=1e-4)


def test_an_unknown_fact_is_not_learned():
    made = heads(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
    embeddings = np.array([[1.0, 0.0]], dtype="float32")
    both = float(made(embeddings, np.array([[1, 0]])))
    alone = float(heads(np.eye(2, dtype="float32"))(embeddings, np.array([[1]])))
    assert both == pytest.approx(alone)
    assert float(made(embeddings, np.array([[0, 0]]))) == 0.0
