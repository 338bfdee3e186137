"""Write a text encoder as ONNX, whatever its kind: `tokens` (n, steps) int64, `lengths` (n,) int32 -> `embedding`."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper

from .onnx_gru import write_gru_onnx
from .onnx_image import rename_output, store_as_half


def write_text_onnx(encoder: keras.Model, kind: str, path: Path) -> None:
    """Write `encoder` (training.models.text_encoder) to `path`.

    Args:
        encoder: the text encoder in float32.
        kind: the configuration's `text.encoder`.
        path: file to write.
    """
    if kind == "gru":
        write_gru_onnx(encoder, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "text.onnx"
        _export(encoder, exported)
        model = onnx.load(str(exported))
    store_as_half(model, at_least=100_000)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _export(encoder: keras.Model, path: Path) -> None:
    signature = [keras.InputSpec(shape=(None, None), dtype="int32", name="tokens")]
    encoder(np.ones((1, 2), dtype=np.int32))  # the export needs a model that was called once
    encoder.export(str(path), format="onnx", input_signature=signature, verbose=False)
    model = onnx.load(str(path))
    rename_output(model, "embedding")
    _take_what_serving_gives(model)
    onnx.save(model, str(path))


def _take_what_serving_gives(model: onnx.ModelProto) -> None:
    # Serving gives int64 tokens, and lengths, which the padding token already tells these encoders.
    graph = model.graph
    for node in graph.node:
        node.input[:] = ["tokens_int32" if name == "tokens" else name for name in node.input]
    graph.node.insert(0, helper.make_node("Cast", ["tokens"], ["tokens_int32"], to=TensorProto.INT32))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "steps"]))
    graph.input.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["n"]))
