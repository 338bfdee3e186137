"""Write the image encoder as ONNX: float32 through Keras' own export, then int8 by static quantisation."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

OUTPUTS = ("embedding", "cells")


def write_image_onnx(encoder: keras.Model, path: Path) -> None:
    """Write `encoder` (training.models.image.with_cells, or image_encoder of a fixed size) to `path` in float32."""
    _, height, width, _ = encoder.input_shape
    signature = [keras.InputSpec(shape=(None, height, width, 3), dtype="uint8", name="pixels")]
    encoder(
        np.zeros((1, height, width, 3), dtype=np.uint8)
    )  # the export needs a model that has been called once
    encoder.export(str(path), format="onnx", input_signature=signature, verbose=False)
    model = onnx.load(str(path))
    rename_outputs(model, OUTPUTS[: len(model.graph.output)])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def quantise(source: Path, target: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an int8 version of `source` to `target`, with ranges calibrated on real pictures.

    Args:
        source: a float32 ONNX image encoder.
        target: file to write.
        pixels: (n, height, width, 3), some hundreds of pictures like those to be encoded.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(target),
            _Pictures(pixels),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # The projection's output is the embedding, so it is not quantised; only its weights are stored smaller.
            op_types_to_quantize=["Conv", "Add", "Relu", "Clip", "MaxPool"],
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"CalibMovingAverage": True},
        )
    model = onnx.load(str(target))
    store_as_half(model, at_least=100_000)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


class _Pictures(CalibrationDataReader):
    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.batches: Iterator[NDArray[np.uint8]] = iter(np.split(pixels, range(32, len(pixels), 32)))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"pixels": batch}


def store_as_half(model: onnx.ModelProto, *, at_least: int) -> None:
    """Store large float32 weights as float16; they are cast back to float32 when a session starts."""
    for weight in list(model.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < at_least:
            continue
        half = numpy_helper.from_array(values.astype(np.float16), f"{weight.name}_half")
        model.graph.initializer.remove(weight)
        model.graph.initializer.append(half)
        model.graph.node.insert(0, helper.make_node("Cast", [half.name], [weight.name], to=TensorProto.FLOAT))


def rename_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Rename a graph's outputs, in their order."""
    new = {output.name: name for output, name in zip(model.graph.output, names, strict=True)}
    for output in model.graph.output:
        output.name = new[output.name]
    for node in model.graph.node:
        node.output[:] = [new.get(output, output) for output in node.output]
        node.input[:] = [new.get(output, output) for output in node.input]
