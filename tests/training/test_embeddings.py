import keras
import numpy as np
import pytest

from training.embeddings import features_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def encoder(scale):
    pixels = keras.Input((4, 3, 3), dtype="uint8")
    values = keras.layers.GlobalAveragePooling2D()(keras.ops.cast(pixels, "float32"))
    dense = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(scale))
    features = keras.Model(pixels, dense(values), name="features")
    return keras.Model(pixels, features(pixels))


def test_features_are_extracted_once_and_kept(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (5, 4, 3, 3)).astype(np.uint8)
    made = features_of(encoder(0.5), pixels, tmp_path)
    assert made.kind == "features"
    assert np.asarray(made.values) == pytest.approx(
        np.repeat(0.5 * pixels.mean(axis=(1, 2)).sum(axis=1, keepdims=True), 2, axis=1), rel=1e-5
    )
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    assert np.array_equal(features_of(encoder(0.5), pixels, tmp_path).values, made.values)
    assert file.stat().st_mtime_ns == written


def test_other_weights_or_pictures_have_other_features(tmp_path):
    pixels = np.zeros((2, 4, 3, 3), dtype=np.uint8)
    features_of(encoder(0.5), pixels, tmp_path)
    features_of(encoder(0.25), pixels, tmp_path)
    features_of(encoder(0.5), pixels + 1, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
