"""The joint model: an image encoder and a text encoder that end in one space, trained together."""

import keras

from .facts import FactHeads


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
        """Encode pictures and tokens (n, steps) into {"image", "text"}, each (n, dimension).

        Pictures are "pixels" (n, height, width, 3), or "features" (n, width) of a frozen backbone.
        """
        if "features" in inputs:
            images = self.images.get_layer("head")(inputs["features"], training=training)
        else:
            images = self.images(inputs["pixels"], training=training)
        return {
            "image": images,
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
