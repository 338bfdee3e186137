"""Read a catalogue folder: `products.csv.gz` and pictures in uncompressed ZIP archives."""

import csv
import gzip
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from search.exceptions import PictureError
from search.preprocessing import ImageSpec, open_picture, to_pixels

ARCHIVES = ("images_small.zip", "images.zip")


@dataclass(frozen=True, slots=True)
class Product:
    """One row of a catalogue, as far as a model learns from it."""

    catalogue: str  # the folder's name
    id: str
    name: str
    brand: str
    description: str
    article_type: str
    colour: str
    gender: str
    usage: str
    pattern: str
    fabric: str
    split: str
    twin: str  # id of the product whose picture is byte-identical, or ""
    held_out: bool  # equals a product of a test set: never trained on
    category: str = ""
    subcategory: str = ""
    captions: tuple[str, ...] = ()  # sentences that each describe the picture


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products and their pictures, row by row: `pixels` is (n, height, width, 3) uint8."""

    products: tuple[Product, ...]
    pixels: NDArray[np.uint8]


def read_products(folder: Path) -> Iterator[Product]:
    """Yield the products of `folder/products.csv.gz` in file order."""
    with gzip.open(folder / "products.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield _product(row, folder.name)


def read_catalogue(
    folders: Sequence[Path],
    *,
    split: str | None,
    spec: ImageSpec,
    cache: Path,
    held_out: bool = False,
    progress: bool = True,
) -> Catalogue:
    """Read products and decoded pictures of several catalogue folders.

    Decoded pictures are kept in `cache`, so that a second run starts at once. A product whose picture is
    missing or broken is left out and counted on stderr.

    Args:
        folders: catalogue folders.
        split: "train", "val", or None for both.
        spec: size of the pictures in pixels.
        cache: folder for decoded pictures.
        held_out: whether to keep products that equal one of a test set; never while training.
        progress: whether to show a bar while decoding.
    """
    products: list[Product] = []
    pixels: list[NDArray[np.uint8]] = []
    for folder in folders:
        every = tuple(read_products(folder))
        decoded, usable = _decoded(folder, every, spec, cache, progress)
        wanted = [
            row
            for row, product in enumerate(every)
            if usable[row] and (held_out or not product.held_out) and split in (None, product.split)
        ]
        products.extend(every[row] for row in wanted)
        pixels.append(decoded[wanted])
    return Catalogue(tuple(products), np.concatenate(pixels))


def _product(row: dict[str, str], catalogue: str) -> Product:
    attributes: dict[str, Any] = json.loads(row["attributes"] or "{}")
    values = {key: value for key, value in attributes.items() if value not in ("", "NA", None)}
    return Product(
        catalogue=catalogue,
        id=row["id"],
        name=row["name"],
        brand=row["brand"],
        description=row["description"],
        article_type=row["article_type"],
        colour=row["colour"],
        gender=row["gender"],
        usage=row["usage"],
        pattern=str(values.get("Pattern") or values.get("Print or Pattern Type") or ""),
        fabric=str(values.get("Fabric", "")),
        split=row["split"],
        twin=row["dup_of"],
        held_out=row["held_out_twin"] == "1",
        category=row["category"],
        subcategory=row["subcategory"],
    )


def _decoded(
    folder: Path, products: Sequence[Product], spec: ImageSpec, cache: Path, progress: bool
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    archive = next((folder / name for name in ARCHIVES if (folder / name).exists()), None)
    if archive is None:
        raise FileNotFoundError(f"{folder} has none of the archives {', '.join(ARCHIVES)}.")
    stat = archive.stat()
    stem = f"{folder.resolve().name}-{len(products)}-{stat.st_size}-{spec.width}x{spec.height}"
    pixels_file, usable_file = cache / f"{stem}.pixels.npy", cache / f"{stem}.usable.npy"
    if not usable_file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pixels, usable = _decode_archive(archive, products, spec, progress)
        np.save(pixels_file, pixels)
        np.save(usable_file, usable)  # last: its presence says that the cache is whole
    return np.load(pixels_file, mmap_mode="r"), np.load(usable_file)


def _decode_archive(
    archive: Path, products: Sequence[Product], spec: ImageSpec, progress: bool
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    pixels = np.zeros((len(products), spec.height, spec.width, 3), dtype=np.uint8)
    usable = np.zeros(len(products), dtype=np.bool_)
    size = (spec.width, spec.height)
    with zipfile.ZipFile(archive) as pictures:
        members = {Path(name).stem: name for name in pictures.namelist()}
        for row, product in enumerate(
            tqdm(products, f"decode {archive}", unit="picture", disable=not progress)
        ):
            try:
                with pictures.open(members[product.id]) as file:
                    pixels[row] = to_pixels([open_picture(file, at_least=size)], spec)[0]  # type: ignore[arg-type]
                usable[row] = True
            except KeyError:
                print(f"{archive}: no picture of product {product.id}", file=sys.stderr)
            except (PictureError, zipfile.BadZipFile) as error:
                print(f"{archive}: product {product.id}: {error}", file=sys.stderr)
    return pixels, usable
