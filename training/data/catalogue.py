"""Read folders of products and pictures, whatever their format."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoders.pictures import ImageSpec, open_picture, to_pixels

from . import amazon, classes, flickr8k, shop
from .pixels import DIGEST_BYTES, decode
from .product import Catalogue, Product, settle
from .source import Format, Notes, Source

# Folders by class come last: they are recognised by their pictures alone, which other formats have, too.
FORMATS = (shop.FORMAT, amazon.FORMAT, flickr8k.FORMAT, classes.FORMAT)
TRAIN_AND_VAL = ("train", "val")


def find_format(folder: Path) -> Format:
    """Return the format of a folder, recognised by its files.

    Raises:
        ValueError: no format fits; the message lists what each looks for.
    """
    for known in FORMATS:
        if known.fits(folder):
            return known
    looked_for = "; ".join(known.looked_for for known in FORMATS)
    missing = "" if folder.is_dir() else " (there is no such folder)"
    raise ValueError(f"{folder} is in no known format{missing}. Looked for: {looked_for}.")


def read_products(folder: Path) -> Iterator[Product]:
    """Yield the products of a folder in file order, without opening or comparing pictures.

    Raises:
        ValueError: the folder is in no known format.
    """
    notes = Notes(folder.resolve().name)
    known = find_format(folder)
    products = shop.read_table(folder, notes) if known is shop.FORMAT else _unopened(known, folder, notes)
    count = 0
    for product in products:
        count += 1
        yield product
    notes.say_waiting()
    notes.say(notes.summary(count))


def read_catalogue(
    folders: Sequence[Path],
    *,
    split: str | None,
    spec: ImageSpec,
    cache: Path,
    held_out: bool = False,
    large: bool = False,
    progress: bool = True,
) -> Catalogue:
    """Read products and decoded pictures of several folders.

    Decoded pictures are cached, so that a second run starts at once. Lines and pictures that cannot be used are skipped,
    and reported and counted on stderr.

    Args:
        folders: folders in any of the formats.
        split: "train", "val", "test" where a format has one, or None for train and val.
        spec: size of the pictures in pixels.
        cache: folder for decoded pictures.
        held_out: whether to include products that are identical to one of the evaluation; never for training.
        large: whether to read the large pictures, of those products that have one.
        progress: whether to show a progress bar.

    Raises:
        ValueError: a folder is in no known format, or has no large pictures.
    """
    wanted = TRAIN_AND_VAL if split is None else (split,)
    products: list[Product] = []
    parts: list[tuple[NDArray[np.uint8], list[int]]] = []
    for folder in folders:
        every, usable, decoded = _read_folder(folder, spec, cache, large, progress)
        rows = [
            row
            for row, product in enumerate(every)
            if usable[row] and (held_out or not product.held_out) and product.split in wanted
        ]
        products.extend(every[row] for row in rows)
        parts.append((decoded, rows))
    return Catalogue(tuple(products), _gather(parts, spec))


def has_large_pictures(folder: Path) -> bool:
    """Return whether `read_catalogue` finds large pictures in a folder."""
    return find_format(folder) is shop.FORMAT and shop.has_large_pictures(folder)


def read_pictures(
    folder: Path, products: Sequence[Product], spec: ImageSpec, *, large: bool = False
) -> NDArray[np.uint8]:
    """Decode the pictures of some products, to be looked at.

    Args:
        folder: the folder that the products were read from.
        products: n of its products.
        spec: size of the pictures in pixels.
        large: whether to read the large pictures.

    Returns:
        (n, height, width, 3).

    Raises:
        ValueError: the folder is in no known format, or has no large pictures.
    """
    source = _source(folder, large, Notes(folder.resolve().name))
    rows = {product.id: row for row, product in enumerate(source.products)}
    images = []
    for product in products:
        with source.pictures.open(rows[product.id]) as file:
            images.append(open_picture(file, at_least=(spec.width, spec.height)))
    source.pictures.close()
    return to_pixels(images, spec)


def _source(folder: Path, large: bool, notes: Notes) -> Source:
    known = find_format(folder)
    if not large:
        return known.read(folder, notes)
    if known is not shop.FORMAT:
        raise ValueError(f"{folder} is in a format without large pictures.")
    return shop.read_large(folder, notes)


def _unopened(known: Format, folder: Path, notes: Notes) -> list[Product]:
    products = known.read(folder, notes).products
    count = len(products)
    return settle(products, np.zeros(count, np.bool_), np.zeros((count, DIGEST_BYTES), np.uint8))


def _read_folder(
    folder: Path, spec: ImageSpec, cache: Path, large: bool, progress: bool
) -> tuple[Sequence[Product], NDArray[np.bool_], NDArray[np.uint8]]:
    name = folder.resolve().name
    notes = Notes(name)
    source = _source(folder, large, notes)
    compare = not source.states_twins
    decoded = decode(source.pictures, name, spec, cache, notes, digests=compare, progress=progress)
    notes.say(notes.summary(int(decoded.usable.sum())))
    products = source.products
    if decoded.digests is not None:
        products = settle(products, decoded.usable, decoded.digests)
    return products, decoded.usable, decoded.pixels


def _gather(parts: Sequence[tuple[NDArray[np.uint8], list[int]]], spec: ImageSpec) -> NDArray[np.uint8]:
    """Copy the rows of several arrays into one, without a second copy of any, since they may fill the memory."""
    ends = np.cumsum([len(rows) for _, rows in parts])
    pixels = np.empty((ends[-1], spec.height, spec.width, 3), dtype=np.uint8)
    for (decoded, rows), end in zip(parts, ends, strict=True):
        if rows:
            # No row is out of bounds; mode "raise" would copy before it writes.
            np.take(decoded, rows, axis=0, out=pixels[end - len(rows) : end], mode="clip")
    return pixels
