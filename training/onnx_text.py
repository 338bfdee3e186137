"""Write a text encoder as ONNX: `tokens` (n, steps) int64, `lengths` (n,) int32 -> `embedding`."""

import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .onnx_image import rename_outputs, store_as_half


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
    encoder(np.ones((1, 2), dtype=np.int32))  # the export needs a model that has been called once
    encoder.export(str(path), format="onnx", input_signature=signature, verbose=False)
    model = onnx.load(str(path))
    rename_outputs(model, ["embedding"])
    _adapt_inputs(model)
    onnx.save(model, str(path))


def _adapt_inputs(model: onnx.ModelProto) -> None:
    # Serving passes int64 tokens, and lengths, which these encoders do not need: padding is token 0.
    graph = model.graph
    for node in graph.node:
        node.input[:] = ["tokens_int32" if name == "tokens" else name for name in node.input]
    graph.node.insert(0, helper.make_node("Cast", ["tokens"], ["tokens_int32"], to=TensorProto.INT32))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "steps"]))
    graph.input.append(helper.make_tensor_value_info("lengths", TensorProto.INT32, ["n"]))


OPSET = 18


def write_gru_onnx(encoder: keras.Model, path: Path) -> None:
    """Write `encoder` (training.models.text_encoder, of kind "gru") to `path`.

    The graph takes `tokens` (n, steps) int64 and `lengths` (n,) int32, and returns `embedding` (n, d) float32.

    It is built around ONNX's own GRU operator: a converter would unroll Keras' GRU into a loop of small operators, many
    times slower at a batch of one. Keras' GRU with `reset_after` is ONNX's GRU with `linear_before_reset`: the same
    gates in the same order (update, reset, hidden). Weights are stored small: token embeddings as int8 with one scale per
    token, the rest as float16; all sums are computed in float32.
    """
    directions = _directions(encoder)
    kernel, bias = (np.asarray(weight) for weight in encoder.get_layer("projection").get_weights())
    table, scales = _int8_rows(encoder.get_layer("token_embedding").get_weights()[0])
    units = directions[0][1].shape[0]
    small = {
        "W": np.stack([kernel.T for kernel, _, _ in directions]),
        "R": np.stack([recurrent.T for _, recurrent, _ in directions]),
        "B": np.stack([biases.reshape(-1) for _, _, biases in directions]),
        "kernel": kernel,
    }
    exact = {
        "table": table,
        "scales": scales,
        "bias": bias.astype(np.float32),
        "width": np.array([0, 0, len(directions) * units], dtype=np.int64),
        "one": np.array([1], dtype=np.int64),
        "zero": np.int64(0),
        "step": np.int64(1),
        "lowest": np.float32(-1e9),
    }
    nodes = [
        *(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT) for name in small),
        helper.make_node("Gather", ["table", "tokens"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["row_values"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["scales", "tokens"], ["row_scales"]),
        helper.make_node("Mul", ["row_values", "row_scales"], ["embedded"]),
        helper.make_node("Transpose", ["embedded"], ["by_step"], perm=[1, 0, 2]),
        helper.make_node(
            "GRU",
            ["by_step", "W", "R", "B", "lengths"],
            ["states"],
            hidden_size=units,
            direction="bidirectional" if len(directions) == 2 else "forward",
            linear_before_reset=1,
        ),
        helper.make_node(
            "Transpose", ["states"], ["by_text"], perm=[2, 0, 1, 3]
        ),  # (n, steps, directions, units)
        helper.make_node("Reshape", ["by_text", "width"], ["steps"]),
        *_mask("tokens", "lengths", "mask"),
        helper.make_node("Where", ["mask", "steps", "lowest"], ["kept"]),
        helper.make_node("ReduceMax", ["kept", "one"], ["pooled"], keepdims=0),
        helper.make_node("Gemm", ["pooled", "kernel", "bias"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["embedding"], axis=-1, p=2),
    ]
    constants = {**{f"{name}_half": value.astype(np.float16) for name, value in small.items()}, **exact}
    graph = helper.make_graph(
        nodes,
        "text_encoder",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "steps"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["n"]),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", kernel.shape[1]])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def _directions(encoder: keras.Model) -> list[list[NDArray]]:
    # Of each direction: kernel (width, 3 units), recurrent kernel (units, 3 units), biases (2, 3 units).
    weights = [np.asarray(weight) for weight in encoder.get_layer("gru").get_weights()]
    return [weights[start : start + 3] for start in range(0, len(weights), 3)]


def _int8_rows(table: NDArray) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.round(table / scales).astype(np.int8), scales.astype(np.float32)


def _mask(tokens: str, lengths: str, mask: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Shape", [tokens], ["steps_shape"], start=1, end=2),
        helper.make_node("Squeeze", ["steps_shape"], ["steps_count"]),
        helper.make_node("Range", ["zero", "steps_count", "step"], ["positions"]),
        helper.make_node("Cast", [lengths], ["long_lengths"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["long_lengths", "one"], ["ends"]),
        helper.make_node("Less", ["positions", "ends"], ["flat_mask"]),
        helper.make_node("Constant", [], ["last"], value_ints=[2]),
        helper.make_node("Unsqueeze", ["flat_mask", "last"], [mask]),
    ]
