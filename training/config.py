"""The configuration of a run: frozen dataclasses, read from a TOML file, with single values overridden where wanted."""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search.preprocessing import ImageSpec


@dataclass(frozen=True, slots=True)
class ImageSection:
    """The image encoder: a backbone's features, pooled, and a head that ends in the joint space."""

    backbone: str = "ResNet50"  # "ResNet50", "ResNet50V2" or "Xception"
    weights: str = ""  # of the backbone: "" for none, "imagenet", or a weights file
    frozen: bool = False  # the backbone stays as it is; its features are extracted once and kept
    pooling: str = "max"  # of the last feature map: "max" or "average"
    head: str = "linear"  # see training.models.layers
    hidden: int = 1024  # values of a head's inner layer, where it has one
    dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextSection:
    """The text encoder, which decides how texts are cut into tokens, too."""

    encoder: str = "gru"  # "gru", "words", "vectors" or "bert"; see training.models.text
    vocabulary: int = 8000  # tokens at most
    max_tokens: int = 32  # longer texts are cut
    width: int = 256  # values per token embedding
    vectors: str = ""  # word vectors in GloVe's text format, which the token embeddings begin with
    units: int = 256  # of the GRU, per direction
    bidirectional: bool = True  # read texts from both ends, or from the beginning only
    dropout: float = 0.1  # of token embeddings
    preset: str = ""  # of BERT: any keras-hub preset; "" for the MiniLM that comes as a package
    frozen: bool = False  # BERT stays as it is
    head: str = "linear"  # see training.models.layers
    hidden: int = 1024  # values of a head's inner layer, where it has one
    head_dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextMix:
    """How often each kind of text stands for a product while training; the shares sum to one."""

    name: float = 0.0
    name_without_brand: float = 0.0
    attributes: float = 0.0
    value: float = 0.0  # one fact alone: an article type, a category, a colour
    label: float = 0.0  # the article type
    description: float = 0.0
    name_and_description: float = 0.0
    caption: float = 0.0  # one of a picture's sentences; the name, where there is none

    def __post_init__(self) -> None:
        total = sum(dataclasses.astuple(self))
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"The shares of texts sum to {total:g}, not to 1.")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far training pictures are changed; lengths are shares of the picture's sides."""

    flip: bool = True  # mirror half of the pictures
    shift: float = 0.08  # largest shift
    zoom: float = 0.0  # largest zoom, in and out
    perspective: float = 0.0  # largest move of each corner alone
    background: float = 0.0  # share of pictures that get a background other than white


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the schedule with its own loss, picture size and learning rate."""

    loss: str  # "triplet", "contrastive", "soft-contrastive" or "cosine"; see training.losses
    epochs: int
    height: int  # of the pictures, in pixels
    width: int
    learning_rate: float  # reached after `warmup` steps, then lowered along a cosine
    final_learning_rate: float = 0.0
    warmup: int = 100  # steps of linear increase from zero, at most a quarter of the stage
    frozen: bool = False  # the backbone stays as it is; its features are extracted once, without augmentation
    miner: str = "random"  # triplet: which negatives of the batch: "random", "easy", "semi-hard" or "hard"
    margin: float = 0.4  # triplet: alpha
    both_directions: bool = False  # triplet: anchors are pictures only, or pictures and texts
    contrastive_weight: float = 0.0  # triplet: this much of the contrastive loss is added
    temperature: float = 0.07  # soft-contrastive
    epoch_products: int = 0  # an epoch sees so many products, drawn by lot; 0: all
    same_type: int = 1  # so many products of one article type stand together in a batch: harder negatives
    same_colour: bool = False  # these have one colour, too
    alone: float = 0.0  # this share of the products stands alone all the same
    facts_weight: float = 0.0  # weight of telling article type, colour, ... from a picture's embedding
    texts: TextMix | None = None  # in place of the run's

    @property
    def spec(self) -> ImageSpec:
        """The size of its pictures."""
        return ImageSpec(width=self.width, height=self.height)


# What a knob may hold, where it is a choice.
CHOICES: dict[type, dict[str, tuple[str, ...]]] = {
    ImageSection: {
        "backbone": ("ResNet50", "ResNet50V2", "Xception"),
        "pooling": ("max", "average"),
        "head": ("linear", "relu", "devise", "residual"),
    },
    TextSection: {
        "encoder": ("gru", "words", "vectors", "bert"),
        "head": ("linear", "relu", "residual"),
    },
    Stage: {
        "loss": ("triplet", "contrastive", "soft-contrastive", "cosine"),
        "miner": ("random", "easy", "semi-hard", "hard"),
    },
}
SECTIONS = {"image": ImageSection, "text": TextSection, "texts": TextMix, "augmentation": Augmentation}


@dataclass(frozen=True, slots=True)
class Config:
    """A whole run, from pictures and texts to a joint embedding."""

    name: str
    stages: tuple[Stage, ...]
    texts: TextMix
    image: ImageSection = field(default_factory=ImageSection)
    text: TextSection = field(default_factory=TextSection)
    augmentation: Augmentation = field(default_factory=Augmentation)
    dimension: int = 256  # values per embedding
    cut_rate: float = 0.1  # share of words cut in two while training, so that they are seen in varied pieces
    typo_rate: float = 0.0  # share of training texts that get one wrong letter
    batch_size: int = 128
    choose_by: str = "text_to_image mrr@10"  # the validation figure that says which epoch is the best
    patience: int = 0  # end the run after this many epochs without better validation figures; 0: never
    weight_decay: float = 0.02
    average_epochs: int = 1  # end with the mean of the weights of this many last epochs
    precision: str = (
        "auto"  # of the backbone, a Keras dtype policy; "auto": bfloat16 where there are units for it
    )
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("A run needs at least one [[stages]].")
        for section in (self.image, self.text, *self.stages):
            _refuse_unknown_choice(section)
        if self.text.encoder == "vectors" and self.dimension != self.text.width:
            raise ValueError(
                f"Word vectors are the joint space itself: dimension {self.dimension} is not width {self.text.width}."
            )

    @property
    def learns_facts(self) -> bool:
        """Whether any stage has auxiliary heads."""
        return any(stage.facts_weight for stage in self.stages)

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)


def load_config(path: Path, changes: Iterable[str] = ()) -> Config:
    """Read a run's configuration: TOML, or the JSON that a run keeps.

    Args:
        path: the file.
        changes: single values in place of the file's: "batch_size=64", "image.weights=resnet.weights.h5",
            "stages.0.epochs=2"; strings need no quotes.

    Raises:
        ValueError: a key is unknown or missing, or a value does not fit; the message names it.
    """
    try:
        text = path.read_text()
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        for change in changes:
            _change(content, change)
        return _config(content)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def save_config(config: Config, path: Path) -> None:
    """Write a configuration as JSON, every value of it, so that a run can be read again."""
    path.write_text(json.dumps(dataclasses.asdict(config), indent=1))


def _config(content: Mapping[str, Any]) -> Config:
    _refuse_unknown(Config, content)
    sections = {key: _build(kind, content.get(key, {})) for key, kind in SECTIONS.items()}
    stages = tuple(_stage(stage) for stage in content.get("stages", ()))
    return Config(**{**content, **sections, "stages": stages})


def _stage(values: Mapping[str, Any]) -> Stage:
    texts = values.get("texts")
    return _build(Stage, {**values, "texts": None if texts is None else _build(TextMix, texts)})


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    _refuse_unknown(kind, values)
    return kind(**values)


def _change(content: dict[str, Any], change: str) -> None:
    path, equals, written = change.partition("=")
    *outer, last = path.strip().split(".")
    if not equals:
        raise ValueError(f"{change!r} sets nothing; write KEY=VALUE, as in stages.0.epochs=2.")
    target: Any = content
    for key in outer:
        if isinstance(target, list):
            target = {str(place): entry for place, entry in enumerate(target)}.get(key)
        elif isinstance(target, dict):
            target = target.setdefault(key, {})
    if not isinstance(target, dict):
        raise ValueError(f"{change!r}: there is no place for it.")
    target[last] = _value(written.strip())


def _value(written: str) -> Any:
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written


def _refuse_unknown(kind: type, values: Mapping[str, Any]) -> None:
    known = {entry.name for entry in dataclasses.fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {kind.__name__} has {', '.join(sorted(known))}")


def _refuse_unknown_choice(section: Any) -> None:
    for key, choices in CHOICES.get(type(section), {}).items():
        value = getattr(section, key)
        if value not in choices:
            raise ValueError(f"Unknown {key} {value!r}; there are {', '.join(map(repr, choices))}.")
