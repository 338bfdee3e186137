"""Photos taken by shoppers at home as queries for catalogue pictures of the right article types."""

import csv
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoders.pictures import ImageSpec, open_picture, to_pixels
from search.evaluation import metrics
from search.exceptions import PictureError

from ..data import Product
from .evaluators import EmbeddingModel, Figures, Setting
from .retrieval import DEPTH, nearest

ANSWERS = Path(__file__).with_suffix(".toml")


def shopper_photos(model: EmbeddingModel, setting: Setting) -> Figures:
    """Query with every photo for products of the article types that match its label.

    The gallery is the whole catalogue unless the setting says otherwise: in a part of it some article types have
    fewer than ten products.

    Returns:
        A section over all photos, weighted equally, and one per label. `chance` is the share of right products in
        the gallery: the precision of a random order.

    Raises:
        ValueError: no folder of photos is set, or a photo's label has no right answers in the gallery.
    """
    if setting.photos is None:
        raise ValueError("The protocol needs a folder of photos: photos.csv and photos.zip.")
    gallery = setting.gallery or "all"
    labels, pixels = read_photos(setting.photos, model.spec)
    products, pictures = setting.encoded(model, gallery)
    right = {label: _right(answers, products) for label, answers in read_answers().items()}
    unknown = sorted({label for label in labels if label not in right or not right[label].any()})
    if unknown:
        raise ValueError(f"No product of the gallery is a right answer to photos of {', '.join(unknown)}.")
    rows = nearest(model.encode_pixels(pixels), pictures, DEPTH)
    hits = np.stack([right[label][found] for label, found in zip(labels, rows, strict=True)])
    chances = np.array([right[label].mean() for label in labels])
    every = np.array(labels)
    name = f"shopper_photos {gallery}"
    figures = {name: {"gallery": len(products), **_figures(hits, chances)}}
    for label in sorted(set(labels)):
        figures[f"{name}, {label}"] = {
            "gallery": len(products),
            **_figures(hits[every == label], chances[every == label]),
        }
    return figures


def read_answers() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return for each label the product column to look at and the values that are right."""
    content = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))
    return {
        label: (column, frozenset(values))
        for column, answers in content.items()
        for label, values in answers.items()
    }


def read_photos(folder: Path, spec: ImageSpec) -> tuple[list[str], NDArray[np.uint8]]:
    """Read the labels of `photos.csv` and the photos of `photos.zip`, preprocessed as the search does it.

    A photo that is missing or cannot be decoded is skipped and reported on stderr.

    Returns:
        The labels, and the photos, (n, height, width, 3).
    """
    labels, pixels = [], []
    size = (spec.width, spec.height)
    with (
        (folder / "photos.csv").open(encoding="utf-8", newline="") as table,
        zipfile.ZipFile(folder / "photos.zip") as archive,
    ):
        members = {Path(name).stem: name for name in archive.namelist()}
        for row in csv.DictReader(table):
            try:
                with archive.open(members[row["image"]]) as file:
                    pixels.append(to_pixels([open_picture(file, at_least=size)], spec))  # type: ignore[arg-type]
                labels.append(row["label"])
            except KeyError:
                print(f"{archive.filename}: no photo {row['image']}", file=sys.stderr)
            except (PictureError, zipfile.BadZipFile) as error:
                print(f"{archive.filename}: photo {row['image']}: {error}", file=sys.stderr)
    if not labels:
        raise ValueError(f"{folder} has no photo that can be used.")
    return labels, np.concatenate(pixels)


def _right(answers: tuple[str, frozenset[str]], products: Sequence[Product]) -> NDArray[np.bool_]:
    column, values = answers
    return np.array([getattr(product, column) in values for product in products])


def _figures(hits: NDArray[np.bool_], chances: NDArray[np.float64]) -> dict[str, float]:
    return {
        "photos": len(hits),
        "precision@1": metrics.precision_at(hits, 1),
        "precision@10": metrics.precision_at(hits, DEPTH),
        "success@10": metrics.success_at(hits, DEPTH),
        "chance": float(chances.mean()),
    }
