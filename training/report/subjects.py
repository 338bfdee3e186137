"""The subjects of a report: runs and artifacts with their settings, figures and embeddings of the val products."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..checkpoint import CONFIG, STATE
from ..data import Product, read_catalogue
from ..evaluation.evaluators import EmbeddingModel, open_model
from ..evaluation.retrieval import image_to_image, image_to_text, text_to_image
from ..texts import frequent_words, values_of

Embeddings = NDArray[np.float32]

STATED = {"epochs": "epoch", "best epoch": "best_epoch"}  # name in the report: key of state.json


@dataclass(frozen=True, slots=True)
class Subject:
    """A run or an artifact with all that a report shows of it."""

    label: str
    kind: str  # "run" or "artifact"
    about: Mapping[str, str]  # description: picture size, dimension, training data
    settings: Mapping[str, str]  # a run's configuration, key by key; empty for an artifact
    history: Sequence[Mapping[str, Any]]  # a run's epochs; empty for an artifact
    products: tuple[Product, ...]
    pixels: NDArray[np.uint8]  # (n, height, width, 3), row by row as `products`
    pictures: Embeddings  # (n, dimension), row by row as `products`
    texts: Mapping[str, NDArray[np.float32]]  # a text's embedding, (dimension,)
    figures: Mapping[str, Mapping[str, float]]  # by direction, then by metric

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n of the texts in `texts`."""
        return np.stack([self.texts[text] for text in texts])


def examine(folder: Path, label: str, data: Path, cache: Path) -> Subject:
    """Open a run or artifact folder and encode the val products of a catalogue with it.

    Args:
        folder: a run folder or an artifact folder.
        label: its name in the report.
        data: a catalogue folder.
        cache: folder for decoded pictures.

    Raises:
        FileNotFoundError: the folder holds neither a run nor an artifact, or the catalogue is missing.
        ValueError: the catalogue has no val products.
    """
    model = open_model(folder)
    val = read_catalogue([data], split="val", spec=model.spec, cache=cache, held_out=True)
    if len(val.products) < 2:
        raise ValueError(f"{data} has {len(val.products)} usable products of split val; a report needs two.")
    pictures = model.encode_pixels(val.pixels)
    texts = _encode_once(model, val.products)
    names = _lookup(texts)
    figures = {
        "text to image": text_to_image(val.products, val.products, pictures, names),
        "image to text": image_to_text(val.products, val.products, pictures, names),
        "image to image": image_to_image(val.products, pictures),
    }
    return Subject(
        label=label,
        kind="artifact" if (folder / "manifest.json").exists() else "run",
        about=_about(folder, model, pictures.shape[1]),
        settings=_settings(folder),
        history=_state(folder).get("history", []),
        products=val.products,
        pixels=val.pixels,
        pictures=pictures,
        texts=texts,
        figures=figures,
    )


def labels(folders: Sequence[Path]) -> list[str]:
    """Name each folder by its last part, with as many of its parents as needed to be unique.

    Raises:
        ValueError: a folder is named twice.
    """
    parts = [folder.resolve().parts for folder in folders]
    if len(set(parts)) < len(parts):
        raise ValueError("A folder is named twice; a report shows each run or artifact once.")
    depth = 1
    while len({part[-depth:] for part in parts}) < len(parts):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


def _encode_once(model: EmbeddingModel, products: Sequence[Product]) -> dict[str, NDArray[np.float32]]:
    texts = {product.name: None for product in products}
    for values in values_of(products).values():
        texts.update(dict.fromkeys(values))
    texts.update(dict.fromkeys(frequent_words(products)))
    return dict(zip(texts, model.encode_texts(list(texts)), strict=True))


def _lookup(texts: Mapping[str, NDArray[np.float32]]) -> Any:
    return lambda names: np.stack([texts[name] for name in names])


def _about(folder: Path, model: EmbeddingModel, dimension: int) -> dict[str, str]:
    about = {
        "picture size": f"{model.spec.width} x {model.spec.height}",
        "dimension": str(dimension),
    }
    if (folder / "manifest.json").exists():
        manifest = json.loads((folder / "manifest.json").read_text())
        about |= {"name": manifest["name"], "fingerprint": manifest["fingerprint"][:12]}
        return about | {"trained on": manifest.get("trained_on") or "not recorded"}
    state = _state(folder)
    return about | {name: str(state[key]) for name, key in STATED.items() if key in state}


def _settings(folder: Path) -> dict[str, str]:
    config = folder / CONFIG
    return flatten(json.loads(config.read_text())) if config.exists() else {}


def sample_rows(count: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """Return at most `wanted` of the rows 0 to `count` - 1, drawn at random without replacement, in ascending order."""
    return np.sort(np.random.default_rng(seed).permutation(count)[:wanted])


def flatten(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested tables and lists of tables as one, "stages 2 margin" for the second stage's margin."""
    flat: dict[str, str] = {}
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{name} "))
        elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            for number, entry in enumerate(value, start=1):
                flat.update(flatten(entry, f"{name} {number} "))
        elif value is not None:
            flat[name] = json.dumps(value) if isinstance(value, list | bool) else str(value)
    return flat


def _state(folder: Path) -> dict[str, Any]:
    state = folder / STATE
    return json.loads(state.read_text()) if state.exists() else {}


LARGEST = (84, 112)  # width and height in pixels
QUALITY = 80


class Thumbnails:
    """Small JPEG pictures embedded in the page, one per product, each with a CSS class; `rules` are the CSS rules."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.rules: list[tuple[str, str]] = []  # class name and data URI

    def add(self, product_id: str, pixels: NDArray[np.uint8]) -> str:
        """Return the class name of a product's picture, (height, width, 3); the first one added is used."""
        known = self._numbers.get(product_id)
        if known is not None:
            return f"p{known}"
        number = self._numbers[product_id] = len(self._numbers)
        self.rules.append((f"p{number}", data_uri(pixels)))
        return f"p{number}"


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Return a picture of at most `LARGEST` as a data URI."""
    picture = Image.fromarray(np.asarray(pixels))
    picture.thumbnail(LARGEST, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
