"""Image encoders: a backbone up to its pooled features, then a head.

Both are separate models inside the encoder, "features" and "head", so that a frozen backbone's features can be
extracted once and the head trained on them.
"""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, ops
from numpy.typing import NDArray

from ..config import LITE_BACKBONES, Config, ImageSection, Stage
from ..exceptions import TrainingError
from ..onnx_weights import set_backbone
from .efficientnet_lite import efficientnet_lite
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


def set_trained(encoder: keras.Model, section: ImageSection, stage: Stage) -> None:
    """Freeze what a stage does not train: the whole backbone, its lower layers, its batch normalisation.

    Raises:
        TrainingError: no layer of the backbone begins as `train_from` says.
    """
    backbone = backbone_of(encoder)
    backbone.trainable = not (stage.frozen or section.frozen)
    if not backbone.trainable:
        return
    for layer in backbone.layers[: _first_trained(backbone, stage.train_from)]:
        layer.trainable = False
    if section.batch_norm == "frozen":
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def split(encoder: keras.Model, section: ImageSection, train_from: str) -> tuple[keras.Model, keras.Model]:
    """Cut an image encoder before the backbone's first trained layer, or after the backbone where `train_from` is empty.

    Returns:
        The frozen part, pixels -> values, and the trained part, values -> embeddings. Both share the encoder's layers.

    Raises:
        TrainingError: no layer begins so, or other connections pass the cut, as inside of a block.
    """
    features, head = encoder.get_layer("features"), encoder.get_layer("head")
    if not train_from:
        return features, head
    backbone = backbone_of(encoder)
    cut = backbone.layers[_first_trained(backbone, train_from)].input
    pixels = keras.Input(encoder.input_shape[1:], dtype="uint8", name="pixels")
    try:
        lower = keras.Model(backbone.input, cut)
        upper = keras.Model(cut, head(ops.cast(backbone.output, "float32")), name="upper")
    except ValueError as error:
        raise TrainingError(f"The backbone cannot be cut before {train_from!r}: {error}") from error
    return keras.Model(pixels, lower(_scaled(pixels, section)), name="lower"), upper


def unfold_batch_norm(encoder: keras.Model, section: ImageSection, pixels: NDArray[np.uint8]) -> None:
    """Give an artifact's backbone batch normalisation that normalises again, and leave what it computes as it is.

    An export folds batch normalisation into the convolutions; what is left changes nothing, and once trained with the statistics of each
    batch, would change everything. So each layer's statistics become those of some pictures, and its scale and shift take them back.

    Args:
        encoder: the image encoder.
        section: its configuration.
        pixels: (n, height, width, 3), as they will be trained on.
    """
    backbone = backbone_of(encoder)
    norms = [layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    looked_at = keras.Model(backbone.input, [layer.input for layer in norms])
    values = looked_at(_scaled(ops.convert_to_tensor(pixels), section), training=False)
    for layer, value in zip(norms, values, strict=True):
        gamma, beta, mean, variance = layer.get_weights()
        scale = gamma / np.sqrt(variance + layer.epsilon)
        seen = np.asarray(ops.convert_to_numpy(ops.cast(value, "float32")), np.float64)
        new_mean, new_variance = seen.mean(axis=(0, 1, 2)), seen.var(axis=(0, 1, 2))
        gamma, beta = scale * np.sqrt(new_variance + layer.epsilon), beta + scale * (new_mean - mean)
        layer.set_weights([gamma, beta, new_mean, new_variance])


def with_cells(encoder: keras.Model, section: ImageSection) -> keras.Model:
    """Return pixels -> (embedding, cells) of an encoder of a fixed size.

    `cells` is (n, rows, columns, dimension): what the head makes of each place of the last feature map, of unit length, which
    is the embedding of a picture that looks like this place all over.
    """
    head, backbone = encoder.get_layer("head"), backbone_of(encoder)
    pool = backbone.layers[-1]
    mapped = keras.Model(backbone.input, [pool.input, pool.output], name="mapped")
    pixels = keras.Input(encoder.input_shape[1:], dtype="uint8", name="pixels")
    feature_map, pooled = mapped(_scaled(pixels, section))
    _, rows, columns, channels = feature_map.shape
    cells = head(ops.reshape(ops.cast(feature_map, "float32"), (-1, channels)))
    cells = ops.reshape(cells, (-1, rows, columns, cells.shape[-1]))
    return keras.Model(pixels, [head(ops.cast(pooled, "float32")), cells], name="image_encoder")


def _first_trained(backbone: keras.Model, beginning: str) -> int:
    for place, layer in enumerate(backbone.layers):
        if layer.name.startswith(beginning):
            return place
    raise TrainingError(f"No layer of {backbone.name} begins with {beginning!r}, which train_from names.")


def _backbone(section: ImageSection) -> keras.Model:
    weights = section.weights or None
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FileNotFoundError(f"The backbone's weights file {weights} is missing.")
    pooling = {"max": "max", "average": "avg"}[section.pooling]
    if weights is not None and weights.endswith(".onnx"):
        backbone = _built(section.backbone, pooling, None)
        set_backbone(backbone, Path(weights))
        return backbone
    try:
        return _built(section.backbone, pooling, weights)
    except TrainingError:
        raise
    except Exception as error:
        if weights is None:
            raise
        raise TrainingError(
            f"The weights {weights!r} do not load into {section.backbone}: {error} "
            "Without a network, name a weights file: `python -m training backbone` writes one."
        ) from error


def _built(name: str, pooling: str, weights: str | None) -> keras.Model:
    if name in LITE_BACKBONES:
        return efficientnet_lite(name, pooling=pooling, weights=weights)
    build: Callable[..., keras.Model] = getattr(keras.applications, name)
    return build(
        include_top=False, weights=weights, input_shape=(None, None, 3), pooling=pooling, name="backbone"
    )


def _scaled(pixels: KerasTensor, section: ImageSection) -> KerasTensor:
    # The scaling that the published weights expect: Caffe's (blue, green, red, minus the mean), or about -1 to 1.
    values = ops.cast(pixels, "float32")
    if section.backbone in LITE_BACKBONES:
        return (values - 127.0) / 128.0
    if section.backbone == "ResNet50":
        return ops.flip(values, axis=-1) - np.array(IMAGENET_MEAN, dtype="float32")
    return values / 127.5 - 1.0
