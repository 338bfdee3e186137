"""The weights inside an artifact's ONNX files, so that training can go on from what was shipped.

int8 and float16 become float32: what rounding took away is not given back, which a few hundred steps of training mend.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from .exceptions import TrainingError

Values = NDArray[np.float32]

# What a convolution belongs to, in the name of its weights, its bias or its output: as Keras names ResNet50's layers, and as
# `training.models.efficientnet_lite` names its own.
_LAYER = re.compile(
    r"/((?:stem|head|block\d+_(?:expand|depth|project))|conv\d(?:_block\d+_\d)?)_(?:bn|norm|conv|relu)(?:_\d+)?/"
)


def set_image_weights(encoder: keras.Model, path: Path) -> None:
    """Give an image encoder with a linear head all weights of an artifact's image.onnx.

    Raises:
        TrainingError: the file is no ONNX model, or of another network.
    """
    values, graph = _read(path)
    _set_backbone(encoder.get_layer("features").get_layer("backbone"), _convolutions(values, graph), path)
    projection = {
        value.ndim: value
        for name, value in values.items()
        if "/projection" in name and not name.endswith("_half")
    }
    if 2 not in projection:
        raise TrainingError(f"{path} has no linear head.")
    # A bias of zeros is dropped by the export, as are those of convolutions.
    kernel = projection[2]
    bias = projection.get(1, np.zeros(kernel.shape[1], dtype=np.float32))
    _set(encoder.get_layer("head").get_layer("projection"), [kernel, bias])


def set_backbone(backbone: keras.Model, path: Path) -> None:
    """Give a ResNet50 or EfficientNet-Lite those of an artifact's image.onnx; its batch normalisations change nothing then.

    Raises:
        TrainingError: the file is no ONNX model, or of another network.
    """
    _set_backbone(backbone, _convolutions(*_read(path)), path)


def _set_backbone(
    backbone: keras.Model, convolutions: Mapping[str, tuple[Values, Values]], path: Path
) -> None:
    for layer in backbone.layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            continue
        name = layer.name.removesuffix("_conv")
        if name not in convolutions:
            raise TrainingError(f"{path} is of another network: it has no layer {layer.name}.")
        kernel, bias = convolutions[name]
        deep = isinstance(layer, keras.layers.DepthwiseConv2D)
        kernel = kernel.transpose(2, 3, 0, 1) if deep else kernel.transpose(2, 3, 1, 0)
        _set(layer, [kernel, bias] if layer.use_bias else [kernel])
        norm = next(one for one in backbone.layers if one.name in (f"{name}_bn", f"{name}_norm"))
        scale = np.full(len(bias), np.sqrt(1.0 + norm.epsilon), dtype=np.float32)
        shift = np.zeros_like(bias) if layer.use_bias else bias
        norm.set_weights([scale, shift, np.zeros_like(bias), np.ones_like(bias)])


def set_text_weights(encoder: keras.Model, path: Path) -> None:
    """Give a text encoder of kind "gru" with a linear head the weights of an artifact's text.onnx.

    Raises:
        TrainingError: the file is no ONNX model, or of another kind of encoder.
    """
    values, _ = _read(path)
    names = ("table", "scales", "W_half", "R_half", "B_half", "kernel_half", "bias")
    if not values.keys() >= set(names):
        raise TrainingError(f"{path} holds no GRU as `python -m training export` writes it.")
    table, scales, kernels, recurrent, biases, kernel, bias = (
        values[name].astype(np.float32) for name in names
    )
    _set(encoder.get_layer("token_embedding"), [table * scales])
    directions = zip(kernels, recurrent, biases, strict=True)
    gru = [weight for one, again, both in directions for weight in (one.T, again.T, both.reshape(2, -1))]
    _set(encoder.get_layer("gru"), gru)
    _set(encoder.get_layer("projection"), [kernel, bias])


def _set(layer: keras.layers.Layer, weights: list[Values]) -> None:
    wanted = [tuple(weight.shape) for weight in layer.weights if "seed" not in weight.path]
    found = [getattr(weight, "shape", ()) for weight in weights]
    if wanted != found:
        raise TrainingError(
            f"The artifact is of another network: {layer.name} has weights of {wanted} here, and of {found} there."
        )
    layer.set_weights(weights)


def _convolutions(values: Mapping[str, NDArray], graph: onnx.GraphProto) -> dict[str, tuple[Values, Values]]:
    """Kernel (out, in, height, width) and bias (out,) of each convolution, by the name of its layer without "_conv"."""
    found = {}
    for node in graph.node:
        named = _LAYER.search(" ".join([*node.input[1:], node.output[0]])) if node.op_type == "Conv" else None
        if named:
            kernel, *bias = (values[name] for name in node.input[1:])
            found[named[1]] = (kernel, bias[0] if bias else np.zeros(len(kernel), dtype=np.float32))
    return found


def _read(path: Path) -> tuple[dict[str, NDArray], onnx.GraphProto]:
    """The constants of a graph, and what is dequantised or cast from them, by name."""
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf raises errors of its own
        raise TrainingError(f"{path} cannot be read as an ONNX model: {error}") from error
    values = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
    for node in graph.node:
        if node.input and node.input[0] in values:
            if node.op_type == "DequantizeLinear":
                values[node.output[0]] = _dequantised(node, values)
            elif node.op_type == "Cast":
                values[node.output[0]] = values[node.input[0]].astype(np.float32)
    return values, graph


def _dequantised(node: onnx.NodeProto, values: Mapping[str, NDArray]) -> Values:
    quantised, scale, *zero = (values[name].astype(np.float32) for name in node.input)
    if scale.ndim:  # one for each channel
        shape = [1] * quantised.ndim
        shape[next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 1)] = -1
        scale, zero = scale.reshape(shape), [one.reshape(shape) for one in zero]
    whole: Values = (quantised - zero[0] if zero else quantised) * scale
    return whole
