"""Layers of the joint model: heads, max pooling over tokens that are not padding, and classifiers of facts."""

import math
from collections.abc import Sequence

import keras
from keras import KerasTensor, layers, ops

SCALE = 16.0  # factor of the cosines of `FactHeads`, so that the softmax of one class can come close to 1


def apply_head(
    kind: str, features: KerasTensor, dimension: int, *, hidden: int, dropout: float
) -> KerasTensor:
    """Apply a head to features and bring the result to unit length.

    Args:
        kind: "linear": one linear layer;
            "relu": a hidden layer with ReLU before it;
            "devise": a hidden layer with ReLU, batch normalisation and dropout, a linear layer, batch normalisation
            (after DeViSE, Frome et al. 2013);
            "residual": a linear layer, a residual block of GELU, a linear layer and dropout, then layer normalisation
            (as in the Keras example "Natural language image search with a Dual Encoder").
        features: (n, width).
        dimension: dimension of the joint space.
        hidden: units of the hidden layer.
        dropout: dropout rate.
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
    # Keras' own uses erfc, which the ONNX converter does not support.
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
        """Return no mask, since no steps are left."""


class FactHeads(keras.layers.Layer):
    """A cosine classifier per fact: one direction of the joint space for each article type, colour, pattern, ...

    The normalised softmax of Zhai and Wu (2019, https://arxiv.org/abs/1811.12649). The classifiers are used in training only.

    Args:
        counts: classes of each fact, including class 0, which means unknown and adds no loss.
    """

    def __init__(self, counts: Sequence[int], **kwargs) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.counts = tuple(counts)

    def build(self, shape) -> None:
        """Create one (dimension, count) matrix of class directions per fact."""
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
