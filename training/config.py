"""What a run is made of: a frozen dataclass, read from a TOML file, one comment per knob."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TextMix:
    """How often each kind of text stands for a product while training; the shares sum to one."""

    name: float = 0.0
    name_without_brand: float = 0.0
    attributes: float = 0.0
    value: float = 0.0  # one fact alone: an article type, a category, a colour
    description: float = 0.0
    name_and_description: float = 0.0
    caption: float = 0.0  # one of a picture's captions, drawn anew; the name where it has none

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

    loss: str  # "triplet" or "contrastive"
    epochs: int
    height: int  # of the pictures, in pixels
    width: int
    learning_rate: float  # reached after `warmup` steps, then lowered along a cosine
    final_learning_rate: float = 0.0
    warmup: int = 100  # steps of linear increase from zero
    miner: str = "random"  # triplet: which negatives of the batch: "random", "semi-hard" or "hard"
    margin: float = 0.4  # triplet: alpha
    both_directions: bool = False  # triplet: anchors are pictures only, or pictures and texts
    contrastive_weight: float = 0.0  # triplet: this much of the contrastive loss is added
    epoch_products: int = 0  # an epoch sees so many products, drawn by lot; 0: all
    same_type: int = 1  # so many products of one article type stand together in a batch: harder negatives
    same_colour: bool = False  # these have one colour, too
    alone: float = 0.0  # this share of the products stands alone all the same
    facts_weight: float = 0.0  # weight of telling article type, colour, ... from a picture's embedding
    texts: TextMix | None = None  # in place of the run's


@dataclass(frozen=True, slots=True)
class Config:
    """A whole run, from pictures and texts to a joint embedding."""

    name: str
    stages: tuple[Stage, ...]
    texts: TextMix
    dimension: int = 256  # values per embedding
    backbone_weights: str = ""  # of ResNet50: "" for none, "imagenet", or a weights file
    vocabulary: int = 8000  # subword tokens
    max_tokens: int = 32  # longer texts are cut
    token_width: int = 256  # values per token embedding
    gru_units: int = 256  # per direction
    bidirectional: bool = True  # read texts from both ends, or from the beginning only
    text_dropout: float = 0.1  # of token embeddings
    cut_rate: float = 0.1  # share of words cut in two while training, so that they are seen in varied pieces
    typo_rate: float = 0.0  # share of training texts that get one wrong letter
    augmentation: Augmentation = field(default_factory=Augmentation)
    batch_size: int = 128
    patience: int = 0  # end the run after this many epochs without better validation figures; 0: never
    weight_decay: float = 0.02
    average_epochs: int = 1  # end with the mean of the weights of this many last epochs
    precision: str = "mixed_bfloat16"  # Keras' dtype policy for the encoders
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("A run needs at least one [[stages]].")
        for stage in self.stages:
            if stage.loss not in ("triplet", "contrastive"):
                raise ValueError(f"Unknown loss {stage.loss!r}; there are 'triplet' and 'contrastive'.")
            if stage.miner not in ("random", "semi-hard", "hard"):
                raise ValueError(
                    f"Unknown miner {stage.miner!r}; there are 'random', 'semi-hard' and 'hard'."
                )

    @property
    def learns_facts(self) -> bool:
        """Whether any stage has auxiliary heads."""
        return any(stage.facts_weight for stage in self.stages)

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)


def load_config(path: Path) -> Config:
    """Read a run's TOML file.

    Raises:
        ValueError: a key is unknown or missing, or a value does not fit; the message names it.
    """
    try:
        content = tomllib.loads(path.read_text())
        _refuse_unknown(Config, content)
        stages = tuple(_stage(stage) for stage in content.pop("stages", []))
        texts = _build(TextMix, content.pop("texts", {}))
        augmentation = _build(Augmentation, content.pop("augmentation", {}))
        return _build(Config, {**content, "stages": stages, "texts": texts, "augmentation": augmentation})
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _stage(values: dict[str, Any]) -> Stage:
    texts = values.pop("texts", None)
    return _build(Stage, {**values, "texts": None if texts is None else _build(TextMix, texts)})


def _build(kind: type, values: dict[str, Any]) -> Any:
    _refuse_unknown(kind, values)
    return kind(**values)


def _refuse_unknown(kind: type, values: dict[str, Any]) -> None:
    known = {entry.name for entry in dataclasses.fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {kind.__name__} has {', '.join(sorted(known))}")
