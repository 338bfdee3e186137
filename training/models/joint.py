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

from ..config import LITE_BACKBONES, Config
from ..tokens import bert_tokenizer, train_tokenizer, train_word_tokenizer, word_tokenizer
from ..vectors import WordVectors, read_vectors
from .image import image_encoder
from .layers import FactHeads
from .text import keras_hub, packaged_bert, text_encoder


class JointModel(keras.Model):
    """Both encoders and the learned temperature, trained with the loss of the current stage."""

    def __init__(
        self, images: keras.Model, texts: keras.Model, *, heads: FactHeads | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.images = images
        self.texts = texts
        self.log_scale = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(2.65), dtype="float32", name="log_scale"
        )  # exp(2.65) = 1 / 0.07, CLIP's initial value
        self.heads = heads
        self._after_frozen: Callable[[], keras.Model] = lambda: images.get_layer("head")
        self.joint_loss = None
        self.facts_weight = 0.0
        self.text_teacher_weight, self.image_teacher_weight = 0.0, 0.0

    @property
    def trained_part(self) -> keras.Model:
        """Features -> embeddings: the head, or what `train_from` left of the backbone as well."""
        return self._after_frozen()

    def train_only(self, part: keras.Model) -> None:
        """Encode features by `part` of the image encoder, see `training.models.image.split`."""
        # Behind a function, which Keras does not track: the layers are saved as those of `images`.
        self._after_frozen = lambda: part

    def call(self, inputs, training=False):
        """Encode pictures and tokens (n, steps) into {"image", "text"}, each (n, dimension).

        Pictures are "pixels" (n, height, width, 3), or "features" (n, ...) of the encoder's frozen part. Tokens "taught"
        (k, steps) are encoded, too, where there are some.
        """
        if "features" in inputs:
            features = ops.cast(inputs["features"], "float32")
            images = self.trained_part(features, training=training)
        else:
            images = self.images(inputs["pixels"], training=training)
        encoded = {"image": images, "text": self.texts(inputs["tokens"], training=training)}
        if "taught" in inputs:
            encoded["taught"] = self.texts(inputs["taught"], training=training)
        return encoded

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the stage's loss.

        `y` is {"true": (n, n) bool, which texts are true of which pictures; "facts": (n, k) int32}, and with a teacher
        "taught": (k, dimension), where its texts belong, or "imitated": (n, dimension), where its pictures do.
        """
        loss = self.joint_loss(y_pred["image"], y_pred["text"], y["true"], self.log_scale)
        if self.heads is not None:
            loss += self.facts_weight * self.heads(y_pred["image"], y["facts"])
        if "taught" in y:
            loss += self.text_teacher_weight * ops.mean(1.0 - ops.sum(y_pred["taught"] * y["taught"], axis=1))
        if "imitated" in y:
            loss += self.image_teacher_weight * ops.mean(
                1.0 - ops.sum(y_pred["image"] * y["imitated"], axis=1)
            )
        return loss


def build(config: Config, tokenizer: Tokenizer, fact_counts: Sequence[int] = ()) -> JointModel:
    """Build a model for training, initialised from the weights that the configuration names, else at random.

    Args:
        config: the run's configuration.
        tokenizer: the run's tokenizer.
        fact_counts: classes of each fact, for a model that has classifiers of them; see `training.models.layers`.

    Raises:
        FileNotFoundError: a file of weights or word vectors is missing.
    """
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(policy(config.precision, config.image.backbone))
    texts = text_encoder(config, tokenizer.get_vocab_size(), _table(config, tokenizer))
    heads = FactHeads(fact_counts) if fact_counts else None
    model = JointModel(image_encoder(config), texts, heads=heads, name=config.name)
    if heads is not None:
        heads.build((None, config.dimension))
    model({"pixels": ops.zeros((1, 64, 48, 3), "uint8"), "tokens": ops.ones((1, 4), "int32")})
    return model


def build_empty(config: Config, tokenizer: Tokenizer, size: tuple[int, int]) -> JointModel:
    """Build a float32 model into which weights will be loaded; files of initial weights are not needed.

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
    """Create the tokenizer for a configuration's text encoder.

    Args:
        config: the run's configuration.
        texts: returns all texts of the training products, for a tokenizer that is trained.
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
    """Return the initial token embeddings: word vectors of unit length, small random ones for other words."""
    if not config.text.vectors:
        return None
    vectors = _vectors(config)
    table, known = vectors.lookup(_words(tokenizer))
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    table /= np.where(lengths > 0, lengths, 1.0)
    # Unknown words get a tenth of the mean vector, so that a text of unknown words is not the zero vector.
    table[~known] = 0.1 * table[known].mean(axis=0)
    if config.text.encoder == "words":
        noise = np.random.default_rng(config.seed).normal(0, 0.05, table.shape)
        table[~known] = noise[~known]
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
            "`python -m training vectors`, or download GloVe's."
        )
    vectors = read_vectors(path)
    if vectors.dimension != config.text.width:
        raise ValueError(
            f"{path} has vectors of {vectors.dimension} values; text.width is {config.text.width}."
        )
    return vectors


# Linux' names of the processor features for bfloat16 multiplication: Intel's and AMD's, then ARM's.
UNITS = {"amx_bf16", "avx512_bf16", "bf16"}


def policy(wanted: str, backbone: str, *, features: Path = Path("/proc/cpuinfo")) -> str:
    """Return Keras' dtype policy for `wanted`; "auto" becomes mixed_bfloat16 or float32.

    Processors multiply bfloat16 faster in ResNets, and not in EfficientNet-Lite, whose convolutions are depthwise; besides, its frozen
    part runs in ONNX Runtime in float32 only, see `training.features`.

    Args:
        wanted: "auto" or a dtype policy.
        backbone: as in `ImageSection`.
        features: the file in which the system lists its processor's features.
    """
    if wanted != "auto":
        return wanted
    if _has_accelerator():
        return "mixed_bfloat16"
    if backbone in LITE_BACKBONES:
        return "float32"
    listed = set(features.read_text().split()) if features.exists() else set()
    return "mixed_bfloat16" if UNITS & listed else "float32"


def _has_accelerator() -> bool:
    if keras.backend.backend() == "torch":  # Keras lists no devices for it
        return keras.ops.zeros(()).device.type == "cuda"
    # Without a type Keras lists GPUs or TPUs, or else CPUs; JAX fails when asked for GPUs that do not exist.
    return not keras.distribution.list_devices()[0].startswith("cpu")
