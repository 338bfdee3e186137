"""Heads: from an encoder's features (n, width) to the joint space (n, dimension), of unit length."""

import math

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
