import keras
import numpy as np
import pytest

from training import features
from training.embeddings import Pictures
from training.features import features_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def frozen(scale):
    pixels = keras.Input((4, 3, 3), dtype="uint8")
    values = keras.layers.GlobalAveragePooling2D(dtype="float32")(keras.ops.cast(pixels, "float32"))
    dense = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(scale), dtype="float32")
    return keras.Model(pixels, dense(values), name="features")


def pictures(count):
    return np.random.default_rng(1).integers(0, 200, (count, 4, 3, 3)).astype(np.uint8)


def test_features_are_extracted_once_and_kept(tmp_path):
    pixels = pictures(5)
    made = features_of(frozen(0.5), pixels, tmp_path)
    assert (made.kind, len(made), made.values.dtype) == ("features", 5, np.float16)
    sums = 0.5 * pixels.mean(axis=(1, 2)).sum(axis=1, keepdims=True)
    assert np.asarray(made.values) == pytest.approx(np.repeat(sums, 2, axis=1)[None], rel=1e-3)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    assert np.array_equal(features_of(frozen(0.5), pixels, tmp_path).values, made.values)
    assert file.stat().st_mtime_ns == written


def test_other_weights_pictures_or_copies_have_other_features(tmp_path):
    pixels = np.zeros((2, 4, 3, 3), dtype=np.uint8)
    features_of(frozen(0.5), pixels, tmp_path)
    features_of(frozen(0.25), pixels, tmp_path)
    features_of(frozen(0.5), pixels + 1, tmp_path)
    features_of(frozen(0.5), pixels, tmp_path, variants=2)
    features_of(frozen(0.5), pixels, tmp_path, key="darker")
    assert len(list(tmp_path.iterdir())) == 5


def test_each_copy_passes_the_frozen_part_as_it_was_changed(tmp_path):
    pixels = pictures(7)
    made = features_of(
        frozen(1.0),
        pixels,
        tmp_path,
        variants=3,
        change=lambda variant, start, stop: pixels[start:stop] + np.uint8(10 * variant + start),
    )
    assert made.values.shape == (3, 7, 2)
    assert np.diff(np.asarray(made.values[:, :, 0], np.float32), axis=0) == pytest.approx(30.0, abs=0.6)


def convolving():
    pixels = keras.Input((8, 6, 3), dtype="uint8")
    values = keras.layers.Conv2D(4, 3, padding="same", dtype="float32")(keras.ops.cast(pixels, "float32"))
    return keras.Model(pixels, keras.layers.ReLU(6.0, dtype="float32")(values), name="features")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends run their own graphs")
def test_onnx_runtime_gives_what_keras_gives(tmp_path, monkeypatch):
    pixels = np.random.default_rng(2).integers(0, 200, (37, 8, 6, 3)).astype(np.uint8)
    model = convolving()
    expected = model.predict(pixels, verbose=0)
    monkeypatch.setattr(features, "FEWEST", 1)
    monkeypatch.setattr(features, "CHUNK", 20)
    monkeypatch.setattr(features, "in_batches", None)  # nothing passes Keras
    made = features_of(model, pixels, tmp_path)
    assert np.asarray(made.values[0]) == pytest.approx(expected, abs=2e-3)


def test_a_stopped_extraction_leaves_no_file_that_counts(tmp_path):
    def stop(variant, first, last):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features_of(frozen(1.0), pictures(3), tmp_path, change=stop)
    assert len(features_of(frozen(1.0), pictures(3), tmp_path)) == 3


def test_rows_of_pixels_are_the_pictures_themselves():
    pixels = pictures(4)
    rows = Pictures("pixels", pixels).rows(np.array([2, 0]), np.random.default_rng(0))
    assert np.array_equal(rows, pixels[[2, 0]])
