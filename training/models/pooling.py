"""Pooling over the steps of a sequence that are not padding."""

import keras
from keras import ops


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
