"""The configuration of a run: frozen dataclasses with one comment per option, read from TOML, with overrides."""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search.encoders.pictures import ImageSpec


@dataclass(frozen=True, slots=True)
class ImageSection:
    """The image encoder: a backbone, pooling, and a head that maps to the joint space."""

    backbone: str = "ResNet50"  # or "ResNet50V2", "Xception", "EfficientNetLite0", "...1", "...2"
    weights: str = ""  # of the backbone: "" for none, "imagenet", a weights file, or the image.onnx of an artifact with that backbone
    frozen: bool = False  # the backbone is not trained; its features are extracted once and cached
    teacher: str = (
        ""  # run or artifact whose picture embeddings are imitated where a stage has an image_teacher_weight
    )
    batch_norm: str = "trained"  # "frozen" keeps the statistics and scales that the weights came with
    pooling: str = "max"  # of the last feature map: "max" or "average"
    head: str = "linear"  # see training.models.layers
    hidden: int = 1024  # units of the head's hidden layer, where it has one
    dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextSection:
    """The text encoder, which also decides on the tokenizer."""

    encoder: str = "gru"  # "gru", "words", "vectors" or "bert"; see training.models.text
    vocabulary: int = 8000  # tokens at most
    max_tokens: int = 32  # longer texts are truncated
    width: int = 256  # values per token embedding
    vectors: str = ""  # word vectors in GloVe's text format: the initial token embeddings
    units: int = 256  # of the GRU, per direction
    bidirectional: bool = True  # a GRU in both directions, or forward only
    dropout: float = 0.1  # of token embeddings
    preset: str = ""  # of BERT: any keras-hub preset; "" for the MiniLM that comes as a package
    frozen: bool = False  # BERT is not trained
    head: str = "linear"  # see training.models.layers
    hidden: int = 1024  # units of the head's hidden layer, where it has one
    head_dropout: float = 0.0  # inside the head, where it has one


@dataclass(frozen=True, slots=True)
class TextMix:
    """The share of each kind of text in training; the shares sum to one."""

    name: float = 0.0
    name_without_brand: float = 0.0
    attributes: float = 0.0
    value: float = 0.0  # one fact alone: an article type, a category, a colour
    label: float = 0.0  # the article type
    description: float = 0.0
    name_and_description: float = 0.0
    caption: float = 0.0  # one of a picture's captions; the name, where there is none

    def __post_init__(self) -> None:
        total = sum(dataclasses.astuple(self))
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"The shares of texts sum to {total:g}, not to 1.")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The strength of the augmentation; lengths are shares of the picture's sides."""

    flip: bool = True  # mirror half of the pictures
    shift: float = 0.08  # largest shift
    zoom: float = 0.0  # largest zoom, in and out
    perspective: float = 0.0  # largest shift of each single corner
    background: float = 0.0  # share of pictures that get a background other than white
    large: float = 0.0  # share of cached copies that are made of the large picture, of products that have one; see `variants`
    photo: float = (
        0.0  # share of pictures made to look like photos from a phone at home; see training.photo_like
    )
    photo_least: float = 0.4  # of a photo, which the product fills at least, by its longer side
    photo_most: float = 1.0  # and at most, before `photo_cropped`
    photo_cropped: float = 0.2  # share of photos whose product is larger than the frame
    photo_turn: float = 25.0  # largest rotation in degrees
    photo_turned: float = 0.05  # share of photos that lie on a side, rotated by 90 degrees
    photo_bend: float = 0.02  # how far the product is bent, in shares of its sides
    photo_headless: float = (
        0.7  # share of people in the pictures that lose their heads, as garments have none
    )
    photo_clutter: float = 0.12  # share of photos taken before a mess of other products
    photo_light: float = 1.0  # strength of changes of light, colour and noise
    photo_blur: float = 0.25  # share of blurred photos
    photo_compressed: float = 0.5  # share of photos with traces of compression


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training with its own loss, picture size and learning rate."""

    loss: str  # "triplet", "contrastive", "soft-contrastive" or "cosine"; see training.losses
    epochs: int
    height: int  # of the pictures, in pixels
    width: int
    learning_rate: float  # reached after `warmup` steps, followed by a cosine decay
    final_learning_rate: float = 0.0
    warmup: int = 100  # steps of linear increase from zero, at most a quarter of the stage
    frozen: bool = False  # the backbone is not trained; its features are extracted once
    train_from: str = (
        ""  # the backbone is trained from its first layer of this beginning: "block6", "conv4_block1"
    )
    variants: int = 0  # augmented copies of each picture that are made once, pass the frozen part, if there is one, and are cached; 0: none is
    backbone_rate: float = 1.0  # learning rate of the backbone, as a share of the heads'
    miner: str = "random"  # triplet: which negatives of the batch: "random", "easy", "semi-hard" or "hard"
    margin: float = 0.4  # triplet: alpha
    both_directions: bool = False  # triplet: anchors are pictures only, or pictures and texts
    contrastive_weight: float = 0.0  # triplet: weight of an additional contrastive loss
    temperature: float = 0.07  # soft-contrastive
    epoch_products: int = 0  # products per epoch, chosen at random; 0: all
    same_type: int = 1  # products of one article type that are grouped in a batch: harder negatives
    same_colour: bool = False  # grouped products have the same colour, too
    alone: float = 0.0  # share of the products that is not grouped
    facts_weight: float = (
        0.0  # weight of the classifiers of article type, colour, ... on the picture's embedding
    )
    text_teacher: str = ""  # "minilm": the text encoder also learns shoppers' texts, in a stage that begins trained; see training.teacher
    text_teacher_weight: float = 1.0  # weight of the distance to where the teacher puts such a text
    image_teacher_weight: float = 0.0  # weight of the cosine to the teacher's embedding of the same picture
    max_tokens: int = 0  # longer texts are truncated in this stage; 0: to the run's max_tokens
    texts: TextMix | None = None  # instead of the run's

    @property
    def spec(self) -> ImageSpec:
        """The size of its pictures."""
        return ImageSpec(width=self.width, height=self.height)


LITE_BACKBONES = ("EfficientNetLite0", "EfficientNetLite1", "EfficientNetLite2")

# The values of an option that is a choice.
CHOICES: dict[type, dict[str, tuple[str, ...]]] = {
    ImageSection: {
        "backbone": ("ResNet50", "ResNet50V2", "Xception", *LITE_BACKBONES),
        "batch_norm": ("trained", "frozen"),
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
        "text_teacher": ("", "minilm"),
    },
}
SECTIONS = {"image": ImageSection, "text": TextSection, "texts": TextMix, "augmentation": Augmentation}


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of a whole run."""

    name: str
    stages: tuple[Stage, ...]
    texts: TextMix
    image: ImageSection = field(default_factory=ImageSection)
    text: TextSection = field(default_factory=TextSection)
    augmentation: Augmentation = field(default_factory=Augmentation)
    dimension: int = 256  # values per embedding
    cut_rate: float = 0.1  # share of words split in two in training, so that their tokens vary
    typo_rate: float = 0.0  # share of training texts that get one wrong letter
    batch_size: int = 128
    choose_by: str = "text_to_image mrr@10"  # the validation figure by which the best epoch is chosen
    patience: int = 0  # early stopping after this many epochs without improvement; 0: never
    weight_decay: float = 0.02
    average_epochs: int = 1  # average the weights of this many last epochs
    precision: str = "auto"  # of the backbone, a Keras dtype policy; "auto": bfloat16 where it is faster
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("A run needs at least one [[stages]].")
        for section in (self.image, self.text, *self.stages):
            _refuse_unknown_choice(section)
        if any(stage.image_teacher_weight for stage in self.stages) and not self.image.teacher:
            raise ValueError("A stage has an image_teacher_weight, and image.teacher names no teacher.")
        if self.augmentation.large and not all(stage.variants for stage in self.stages):
            raise ValueError("augmentation.large is a share of cached copies; every stage needs variants.")
        if self.text.encoder == "vectors" and self.dimension != self.text.width:
            raise ValueError(
                f"Word vectors are the joint space itself: dimension {self.dimension} is not width {self.text.width}."
            )

    @property
    def learns_facts(self) -> bool:
        """Whether any stage has auxiliary heads."""
        return any(stage.facts_weight for stage in self.stages)

    @property
    def has_teacher(self) -> bool:
        """Whether any stage has a teacher of the text encoder."""
        return any(stage.text_teacher for stage in self.stages)

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)


def load_config(path: Path, changes: Iterable[str] = ()) -> Config:
    """Read a run's configuration: TOML, or the JSON of a run folder.

    Args:
        path: the file.
        changes: overrides of single values: "batch_size=64", "image.weights=resnet.weights.h5",
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
    """Write every value of a configuration as JSON, from which the run can be loaded again."""
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
