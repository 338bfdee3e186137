"""Write the image encoder as ONNX: float32 through Keras' own export, then int8 by static quantisation."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process


def write_image_onnx(encoder: keras.Model, path: Path) -> None:
    """Write `encoder` (training.models.image_encoder, of a fixed size) to `path` in float32."""
    _, height, width, _ = encoder.input_shape
    signature = [keras.InputSpec(shape=(None, height, width, 3), dtype="uint8", name="pixels")]
    encoder(np.zeros((1, height, width, 3), dtype=np.uint8))  # the export needs a model that was called once
    encoder.export(str(path), format="onnx", input_signature=signature, verbose=False)
    model = onnx.load(str(path))
    _rename_output(model, "embedding")
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def quantise(source: Path, target: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an int8 version of `source` to `target`, with ranges measured on real pictures.

    Args:
        source: a float32 ONNX image encoder.
        target: file to write.
        pixels: (n, height, width, 3), some hundreds of pictures like those that will be encoded.
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
            # The projection's result is normalised and compared in float32; rounding it would cost recall.
            op_types_to_quantize=["Conv", "Add", "Relu", "MaxPool", "MatMul"],
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"CalibMovingAverage": True},
        )


class _Pictures(CalibrationDataReader):
    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.batches: Iterator[NDArray[np.uint8]] = iter(np.split(pixels, range(32, len(pixels), 32)))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"pixels": batch}


def _rename_output(model: onnx.ModelProto, name: str) -> None:
    old = model.graph.output[0].name
    model.graph.output[0].name = name
    for node in model.graph.node:
        node.output[:] = [name if output == old else output for output in node.output]
        node.input[:] = [name if output == old else output for output in node.input]
