import keras
import numpy as np
import onnxruntime
import pytest

from training.config import Config, Stage, TextMix, TextSection
from training.models import text_encoder
from training.onnx_text import write_gru_onnx


@pytest.fixture(params=[True, False], ids=["both directions", "one direction"])
def config(request):
    return Config(
        name="run",
        stages=(Stage(loss="triplet", epochs=1, height=8, width=6, learning_rate=1e-3),),
        texts=TextMix(name=1.0),
        dimension=16,
        text=TextSection(width=12, units=10, bidirectional=request.param),
    )


def test_onnx_gives_what_keras_gives_whatever_the_length(config, tmp_path):
    keras.config.set_dtype_policy("float32")
    encoder = text_encoder(config, vocabulary=50)
    write_gru_onnx(encoder, tmp_path / "text.onnx")
    tokens = np.zeros((3, 7), dtype=np.int64)
    tokens[0], tokens[1, :3], tokens[2, :1] = np.arange(2, 9), [9, 4, 30], [49]
    expected = encoder.predict_on_batch(tokens.astype(np.int32))
    session = onnxruntime.InferenceSession(tmp_path / "text.onnx", providers=["CPUExecutionProvider"])
    lengths = np.array([7, 3, 1], dtype=np.int32)
    (given,) = session.run(None, {"tokens": tokens, "lengths": lengths})
    assert given == pytest.approx(expected, abs=5e-3)  # weights are stored in int8 and float16
    (alone,) = session.run(None, {"tokens": tokens[1:2, :3], "lengths": lengths[1:2]})
    assert alone[0] == pytest.approx(given[1], abs=1e-6)  # padding changes nothing
