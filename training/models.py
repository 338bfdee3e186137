"""The joint embedding: a ResNet50 reads pictures, a GRU reads texts, both end in one space.

The encoders are models of their own, so that they are built, tested and exported apart.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from .config import Config
from .heads import FactHeads

# Mean of ImageNet's pictures in blue, green, red: the input that published ResNet50 weights were trained with.
IMAGENET_MEAN = (103.939, 116.779, 123.68)

# Keras' 0.99 averages over some hundred batches, in which the weights of a short run move too far: after six epochs
# text-to-image success@10 among 1,280 val pictures was .71 with a batch's own statistics and .51 with the averages.
BATCH_NORM_MOMENTUM = 0.95


# Layers ---------------------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("training")
class MaskedMaxPooling(keras.layers.Layer):
    """Global max pooling over the steps of a sequence that are not padding."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, steps, mask=None):
        """Reduce (n, steps, width) to (n, width); `mask` is (n, steps) bool, True for real steps."""
        if mask is None:
            return ops.max(steps, axis=1)
        lowest = ops.cast(-1e9, steps.dtype)
        return ops.max(ops.where(ops.expand_dims(mask, -1), steps, lowest), axis=1)

    def compute_mask(self, steps, previous_mask=None):
        """Pass no mask on: no steps are left."""


# Functional models ----------------------------------------------------------------------------------------


def image_encoder(config: Config, size: tuple[int | None, int | None] = (None, None)) -> keras.Model:
    """Build pixels (n, height, width, 3) uint8 -> embedding (n, dimension) float32 of unit length.

    ResNet50 (He et al. 2015) up to its last feature map, global max pooling, one linear layer.

    Args:
        config: the run's configuration.
        size: (height, width) in pixels; without it pictures of any size are taken.
    """
    pixels = keras.Input((*size, 3), dtype="uint8", name="pixels")
    centred = ops.flip(ops.cast(pixels, "float32"), axis=-1) - np.array(IMAGENET_MEAN, dtype="float32")
    backbone = keras.applications.ResNet50(
        include_top=False, weights=config.backbone_weights or None, input_shape=(None, None, 3), pooling="max"
    )
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = BATCH_NORM_MOMENTUM
    return keras.Model(pixels, _project(backbone(centred), config), name="image_encoder")


def text_encoder(config: Config) -> keras.Model:
    """Build tokens (n, steps) int32 -> embedding (n, dimension) float32 of unit length; token 0 is padding.

    A GRU (Cho et al. 2014) in one or both directions, global max pooling, one linear layer.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedded = keras.layers.Embedding(
        config.vocabulary, config.token_width, mask_zero=True, dtype="float32", name="token_embedding"
    )(tokens)
    embedded = keras.layers.SpatialDropout1D(config.text_dropout, dtype="float32")(embedded)
    gru = keras.layers.GRU(config.gru_units, return_sequences=True, dtype="float32", name="gru")
    if config.bidirectional:
        gru = keras.layers.Bidirectional(gru, dtype="float32", name="gru")
    steps = gru(embedded)
    pooled = MaskedMaxPooling(dtype="float32")(steps)
    return keras.Model(tokens, _project(pooled, config), name="text_encoder")


def _project(features: KerasTensor, config: Config) -> KerasTensor:
    projected = keras.layers.Dense(config.dimension, dtype="float32", name="projection")(features)
    return keras.layers.UnitNormalization(dtype="float32")(projected)


# Joint model ----------------------------------------------------------------------------------------------


class JointModel(keras.Model):
    """Both encoders and the learned temperature, trained by whichever loss the present stage sets."""

    def __init__(
        self, images: keras.Model, texts: keras.Model, *, heads: FactHeads | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.images = images
        self.texts = texts
        self.log_scale = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(2.65), dtype="float32", name="log_scale"
        )  # exp(2.65) = 1 / 0.07, where CLIP starts
        self.heads = heads
        self.joint_loss = None
        self.facts_weight = 0.0

    def call(self, inputs, training=False):
        """Encode {"pixels": (n, h, w, 3), "tokens": (n, steps)} into {"image", "text"}, each (n, dimension)."""
        return {
            "image": self.images(inputs["pixels"], training=training),
            "text": self.texts(inputs["tokens"], training=training),
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the stage's loss.

        `y` is {"true": (n, n) bool, which texts are true of which pictures; "facts": (n, k) int32}.
        """
        loss = self.joint_loss(y_pred["image"], y_pred["text"], y["true"], self.log_scale)
        if self.heads is not None:
            loss += self.facts_weight * self.heads(y_pred["image"], y["facts"])
        return loss


def build(config: Config, fact_counts: Sequence[int] = ()) -> JointModel:
    """Build the joint model of a configuration, with its weights created.

    Args:
        config: the run's configuration.
        fact_counts: classes of each fact, for a model that learns to tell them; see `training.heads`.
    """
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(config.precision)
    heads = FactHeads(fact_counts) if fact_counts else None
    model = JointModel(image_encoder(config), text_encoder(config), heads=heads, name=config.name)
    if heads is not None:
        heads.build((None, config.dimension))
    model({"pixels": ops.zeros((1, 64, 48, 3), "uint8"), "tokens": ops.ones((1, 4), "int32")})
    return model
