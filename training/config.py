"""What a run is made of: frozen dataclasses, read from a TOML file, with single values set anew where wanted."""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .sections import Augmentation, ImageSection, Stage, TextMix, TextSection

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
