"""Image encoders: a backbone of Keras' applications up to its pooled features, then a head.

Both are separate models inside the encoder, "features" and "head", so that a frozen backbone's features can be
extracted once and the head trained on them.
"""

from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, ops

from ..config import Config, ImageSection
from ..exceptions import TrainingError
from .layers import apply_head

# Mean of ImageNet's pictures in blue, green, red, which the published ResNet50 weights expect to be subtracted.
IMAGENET_MEAN = (103.939, 116.779, 123.68)

# Keras' default 0.99 averages over hundreds of batches, during which the weights of a short run change too much: after
# six epochs text-to-image success@10 among 1,280 val pictures was .71 with a batch's own statistics and .51 with the averages.
BATCH_NORM_MOMENTUM = 0.95


def image_encoder(config: Config, size: tuple[int | None, int | None] = (None, None)) -> keras.Model:
    """Build pixels (n, height, width, 3) uint8 -> embedding (n, dimension) float32 of unit length.

    Args:
        config: the run's configuration.
        size: (height, width) in pixels; without it pictures may have any size.

    Raises:
        FileNotFoundError: the backbone's weights file is missing.
        TrainingError: the weights cannot be downloaded, or belong to another backbone.
    """
    section = config.image
    backbone = _backbone(section)
    backbone.trainable = not section.frozen
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    pixels = keras.Input((*size, 3), dtype="uint8", name="pixels")
    features = keras.Model(pixels, backbone(_scaled(pixels, section)), name="features")
    pooled = keras.Input((features.output.shape[-1],), dtype="float32", name="pooled")
    head = keras.Model(
        pooled,
        apply_head(section.head, pooled, config.dimension, hidden=section.hidden, dropout=section.dropout),
        name="head",
    )
    return keras.Model(pixels, head(ops.cast(features(pixels), "float32")), name="image_encoder")


def backbone_of(encoder: keras.Model) -> keras.Model:
    """Return the backbone inside an image encoder."""
    return encoder.get_layer("features").get_layer("backbone")


def _backbone(section: ImageSection) -> keras.Model:
    weights = section.weights or None
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FileNotFoundError(f"The backbone's weights file {weights} is missing.")
    build = getattr(keras.applications, section.backbone)
    pooling = {"max": "max", "average": "avg"}[section.pooling]
    try:
        return build(
            include_top=False, weights=weights, input_shape=(None, None, 3), pooling=pooling, name="backbone"
        )
    except Exception as error:
        if weights is None:
            raise
        raise TrainingError(
            f"The weights {weights!r} do not load into {section.backbone}: {error} "
            "Without a network, name a weights file: `python -m training backbone` writes one."
        ) from error


def _scaled(pixels: KerasTensor, section: ImageSection) -> KerasTensor:
    # The scaling that the published weights expect: Caffe's (blue, green, red, minus the mean), or -1 to 1.
    values = ops.cast(pixels, "float32")
    if section.backbone == "ResNet50":
        return ops.flip(values, axis=-1) - np.array(IMAGENET_MEAN, dtype="float32")
    return values / 127.5 - 1.0
