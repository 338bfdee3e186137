import keras
import numpy as np
import pytest

from training.models.layers import SCALE, FactHeads, apply_head

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("kind", "layers"),
    [
        ("linear", ["Dense", "UnitNormalization"]),
        ("relu", ["Dense", "Dropout", "Dense", "UnitNormalization"]),
        (
            "devise",
            ["Dense", "BatchNormalization", "Dropout", "Dense", "BatchNormalization", "UnitNormalization"],
        ),
        (
            "residual",
            ["Dense", "Activation", "Dense", "Dropout", "Add", "LayerNormalization", "UnitNormalization"],
        ),
    ],
)
def test_a_head_is_what_its_article_says(kind, layers):
    features = keras.Input((6,))
    model = keras.Model(features, apply_head(kind, features, 4, hidden=32, dropout=0.5))
    assert [type(layer).__name__ for layer in model.layers[1:]] == layers
    embeddings = np.asarray(model(np.random.default_rng(1).normal(size=(3, 6)).astype("float32")))
    assert embeddings.shape == (3, 4)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_an_unknown_head_is_named():
    with pytest.raises(ValueError, match="Unknown head 'cold'"):
        apply_head("cold", keras.Input((6,)), 4, hidden=5, dropout=0.5)


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
