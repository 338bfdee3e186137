"""The joint model: an image encoder and a text encoder that end in one space, trained together."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ..config import Config
from ..tokens import bert_tokenizer, train_tokenizer, train_word_tokenizer, word_tokenizer
from ..vectors import WordVectors, read_vectors
from .image import image_encoder
from .layers import FactHeads
from .text import keras_hub, packaged_bert, text_encoder


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


def build(config: Config, tokenizer: Tokenizer, fact_counts: Sequence[int] = ()) -> JointModel:
    """Build a model to be trained, with its first weights: those that the configuration names, else by lot.

    Args:
        config: the run's configuration.
        tokenizer: the run's tokenizer.
        fact_counts: classes of each fact, for a model that learns to tell them; see `training.models.layers`.

    Raises:
        FileNotFoundError: a file of weights or word vectors is missing.
    """
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(policy(config.precision))
    texts = text_encoder(config, tokenizer.get_vocab_size(), _table(config, tokenizer))
    heads = FactHeads(fact_counts) if fact_counts else None
    model = JointModel(image_encoder(config), texts, heads=heads, name=config.name)
    if heads is not None:
        heads.build((None, config.dimension))
    model({"pixels": ops.zeros((1, 64, 48, 3), "uint8"), "tokens": ops.ones((1, 4), "int32")})
    return model


def build_empty(config: Config, tokenizer: Tokenizer, size: tuple[int, int]) -> JointModel:
    """Build a float32 model whose weights are about to be loaded: no file that it began with is needed.

    Args:
        config: the run's configuration.
        tokenizer: the run's tokenizer.
        size: (height, width) of the pictures in pixels.
    """
    keras.config.set_dtype_policy("float32")
    bare = dataclasses.replace(config, image=dataclasses.replace(config.image, weights=""))
    model = JointModel(
        image_encoder(bare, size), text_encoder(bare, tokenizer.get_vocab_size()), name=config.name
    )
    model.built = True
    return model


def text_tokenizer(config: Config, texts: Callable[[], Iterable[str]]) -> Tokenizer:
    """Make the tokenizer that a configuration's text encoder needs.

    Args:
        config: the run's configuration.
        texts: gives what is written about the products to learn from, where tokens are learned.
    """
    section = config.text
    match section.encoder:
        case "gru":
            tokenizer = train_tokenizer(texts(), vocabulary=section.vocabulary)
        case "words":
            tokenizer = train_word_tokenizer(texts(), vocabulary=section.vocabulary)
        case "vectors":
            words = _vectors(config).words
            tokenizer = word_tokenizer([word for word in words if " " not in word][: section.vocabulary])
        case "bert":
            tokenizer = _bert_tokenizer(section.preset)
    tokenizer.enable_truncation(section.max_tokens)
    return tokenizer


def _bert_tokenizer(preset: str) -> Tokenizer:
    if not preset:
        return bert_tokenizer(packaged_bert() / "vocab.txt")
    pieces = keras_hub().models.BertTokenizer.from_preset(preset).get_vocabulary()
    with TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("\n".join(pieces), encoding="utf-8")
        return bert_tokenizer(vocabulary)


def _table(config: Config, tokenizer: Tokenizer) -> NDArray[np.float32] | None:
    """Return the token embeddings to begin with: word vectors of unit length, and small random ones for the rest."""
    if not config.text.vectors:
        return None
    vectors = _vectors(config)
    table, known = vectors.lookup(_words(tokenizer))
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.where(lengths > 0, lengths, 1.0)
    # An unknown word is a little of everything, so that a text of unknown words still has a direction.
    table[~known] = 0.1 * table[known].mean(axis=0)
    if config.text.encoder == "words":
        lots = np.random.default_rng(config.seed).normal(0, 0.05, table.shape)
        table[~known] = lots[~known]
    table[0] = 0.0
    return table.astype(np.float32)


def _words(tokenizer: Tokenizer) -> list[str]:
    numbers = tokenizer.get_vocab()
    return sorted(numbers, key=numbers.__getitem__)


def _vectors(config: Config) -> WordVectors:
    path = Path(config.text.vectors)
    if not path.is_file():
        raise FileNotFoundError(
            f"text.vectors names no file of word vectors ({config.text.vectors!r}): learn them with "
            "`python -m training vectors`, or fetch GloVe's."
        )
    vectors = read_vectors(path)
    if vectors.dimension != config.text.width:
        raise ValueError(
            f"{path} has vectors of {vectors.dimension} values; text.width is {config.text.width}."
        )
    return vectors


# Linux' names of processor features that multiply bfloat16: Intel's and AMD's, then ARM's.
UNITS = {"amx_bf16", "avx512_bf16", "bf16"}


def policy(wanted: str, *, features: Path = Path("/proc/cpuinfo")) -> str:
    """Return Keras' dtype policy for `wanted`; "auto" becomes mixed_bfloat16 or float32.

    Args:
        wanted: "auto" or a dtype policy.
        features: where the system lists its processor's features.
    """
    if wanted != "auto":
        return wanted
    if _has_accelerator():
        return "mixed_bfloat16"
    listed = set(features.read_text().split()) if features.exists() else set()
    return "mixed_bfloat16" if UNITS & listed else "float32"


def _has_accelerator() -> bool:
    if keras.backend.backend() == "torch":  # of which Keras lists no devices
        return keras.ops.zeros(()).device.type == "cuda"
    # Without a type these are GPUs or TPUs, else processors; JAX fails when asked for GPUs that are not there.
    return not keras.distribution.list_devices()[0].startswith("cpu")
