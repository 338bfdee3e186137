"""Layers that the encoders share: heads, pooling over real tokens, and auxiliary classifiers of facts."""

import math
from collections.abc import Sequence

import keras
from keras import KerasTensor, layers, ops


def apply_head(
    kind: str, features: KerasTensor, dimension: int, *, hidden: int, dropout: float
) -> KerasTensor:
    """Apply a head to features and bring the result to unit length.

    Args:
        kind: "linear": one linear layer;
            "relu": a hidden layer with ReLU before it;
            "devise": a hidden layer with ReLU, batch normalisation and dropout, a linear layer, batch normalisation
            (the image search and tagging article after Frome et al. 2013, DeViSE);
            "residual": a linear layer, to which GELU, a linear layer and dropout are added, then layer normalisation
            (the dual encoder of Keras' natural language image search).
        features: (n, width).
        dimension: values of the joint space.
        hidden: values of the hidden layer.
        dropout: share of values that are dropped while training.
    """
    match kind:
        case "linear":
            embedding = _dense(dimension, "projection")(features)
        case "relu":
            inner = _dense(hidden, "hidden", activation="relu")(features)
            inner = layers.Dropout(dropout, dtype="float32")(inner)
            embedding = _dense(dimension, "projection")(inner)
        case "devise":
            inner = _dense(hidden, "hidden", activation="relu")(features)
            inner = layers.BatchNormalization(dtype="float32")(inner)
            inner = layers.Dropout(dropout, dtype="float32")(inner)
            embedding = _dense(dimension, "projection")(inner)
            embedding = layers.BatchNormalization(dtype="float32")(embedding)
        case "residual":
            projected = _dense(dimension, "projection")(features)
            inner = layers.Activation(_gelu, dtype="float32")(projected)
            inner = _dense(dimension, "residual")(inner)
            inner = layers.Dropout(dropout, dtype="float32")(inner)
            added = layers.Add(dtype="float32")([projected, inner])
            embedding = layers.LayerNormalization(dtype="float32")(added)
        case _:
            raise ValueError(f"Unknown head {kind!r}.")
    return layers.UnitNormalization(dtype="float32")(embedding)


def _gelu(values):
    # Keras' own is written with erfc, which the ONNX converter does not know.
    return 0.5 * values * (1.0 + ops.erf(values / math.sqrt(2.0)))


def _dense(width: int, name: str, **values) -> layers.Dense:
    return layers.Dense(width, dtype="float32", name=name, **values)


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


@keras.saving.register_keras_serializable("training")
class MaskedMean(keras.layers.Layer):
    """The mean over the tokens of a sequence that are not padding, which is token 0."""

    def call(self, steps, tokens):
        """Reduce (n, steps, width) to (n, width); `tokens` is (n, steps) int."""
        real = ops.expand_dims(ops.cast(ops.not_equal(tokens, 0), steps.dtype), -1)
        return ops.sum(steps * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)


SCALE = 16.0  # of the cosines that are compared: with it a class can reach a share near one


class FactHeads(keras.layers.Layer):
    """A cosine classifier per fact: one direction of the joint space for each article type, colour, pattern, ...

    The normalised softmax of Zhai and Wu (2019, https://arxiv.org/abs/1811.12649). The heads end with training.

    Args:
        counts: classes of each fact, class 0 among them, which means unknown and is never learned.
    """

    def __init__(self, counts: Sequence[int], **kwargs) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.counts = tuple(counts)

    def build(self, shape) -> None:
        """Make one (dimension, count) matrix of class directions per fact."""
        self.directions = [
            self.add_weight(
                shape=(shape[-1], count), initializer="glorot_uniform", name=f"directions_{place}"
            )
            for place, count in enumerate(self.counts)
        ]

    def call(self, embeddings, facts):
        """Return the mean cross-entropy over the known facts, a scalar.

        Args:
            embeddings: (n, dimension), unit length.
            facts: (n, k) int, the class of each fact; 0 where it is unknown.
        """
        losses, known = 0.0, 0.0
        for place, directions in enumerate(self.directions):
            logits = SCALE * ops.matmul(embeddings, ops.normalize(directions, axis=0))
            classes = facts[:, place]
            weight = ops.cast(classes > 0, "float32")
            loss = keras.losses.sparse_categorical_crossentropy(classes, logits, from_logits=True)
            losses += ops.sum(loss * weight)
            known += ops.sum(weight)
        return losses / ops.maximum(known, 1.0)
