"""Text encoders: tokens (n, steps) int32 -> embedding (n, dimension) float32 of unit length; token 0 is padding."""

from collections.abc import Callable

import keras
from keras import KerasTensor, layers
from numpy.typing import NDArray

from ..config import Config
from .bert import bert_features
from .heads import apply_head
from .pooling import MaskedMaxPooling, MaskedMean


def text_encoder(config: Config, vocabulary: int, table: NDArray | None = None) -> keras.Model:
    """Build the text encoder that a configuration asks for.

    "gru" is a GRU (Cho et al. 2014) in one or both directions with global max pooling; "words" the mean of token
    embeddings; "vectors" the mean of word vectors that stay as they are; "bert" the mean of BERT's last states.

    Args:
        config: the run's configuration.
        vocabulary: tokens of its tokenizer.
        table: (vocabulary, width), what the token embeddings begin with; by lot without it.
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
    return MaskedMean(dtype="float32")(embedded, tokens)


def _vectors(embedded: KerasTensor, tokens: KerasTensor, config: Config) -> KerasTensor:
    return MaskedMean(dtype="float32")(embedded, tokens)


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
