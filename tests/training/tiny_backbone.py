"""`python -m tests.training.tiny_backbone` is `python -m training` with one convolution in place of ResNet50."""

import sys

import keras

from training.__main__ import main
from training.models import image


def tiny_backbone(section):
    pixels = keras.Input((None, None, 3))
    values = keras.layers.BatchNormalization()(keras.layers.Conv2D(16, 3, strides=2)(pixels))
    model = keras.Model(pixels, keras.layers.GlobalMaxPooling2D()(values), name="backbone")
    if section.weights:
        model.load_weights(section.weights)
    return model


if __name__ == "__main__":
    image._backbone = tiny_backbone
    sys.exit(main())
