"""Auxiliary heads: tell a product's facts from its picture's embedding, so that these shape the joint space."""

from collections.abc import Sequence

import keras
from keras import ops

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
