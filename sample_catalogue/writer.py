"""Draws a catalogue into a folder, products.csv.gz and images.zip, or many products onto a contact sheet."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .catalogue import Product, product, scene_of
from .vocabulary import KINDS

COLUMNS = (
    "id",
    "name",
    "brand",
    "gender",
    "age_group",
    "category",
    "subcategory",
    "article_type",
    "colour",
    "season",
    "year",
    "usage",
    "price",
    "description",
    "style_note",
    "materials_care",
    "size_fit",
    "attributes",
    "split",
    "dup_of",
    "held_out_twin",
    "large_image",
    "sizes",
)
#: Raised whenever the same seed draws other pictures or words than before: older folders are then drawn anew.
EDITION = 1
_EPOCH = (2024, 1, 1, 0, 0, 0)


def picture(number: int, seed: int = 0) -> bytes:
    """Return the JPEG of product `number`, 480 x 640 pixels."""
    scene, floor = scene_of(product(number, seed), seed)
    out = io.BytesIO()
    scene.finished(floor).save(out, "JPEG", quality=88)
    return out.getvalue()


def row(item: Product) -> dict[str, str]:
    """Return the product's line of the CSV."""
    design, words, kind = item.design, item.words, KINDS[item.design.kind]
    values = dict.fromkeys(COLUMNS, "")
    values |= {
        "id": item.id,
        "name": words.name,
        "brand": words.brand,
        "gender": design.gender,
        "age_group": f"Adults-{design.gender}",
        "category": kind.category[0],
        "subcategory": kind.category[1],
        "article_type": kind.category[2],
        "colour": design.colour,
        "season": words.season,
        "year": "2024",
        "usage": kind.usage,
        "price": f"{words.price}.0",
        "description": words.description,
        "materials_care": design.fabric,
        "size_fit": design.fit,
        "attributes": json.dumps(words.attributes),
        "split": item.split,
        "held_out_twin": "0",
        "large_image": "1",
        "sizes": "|".join(words.sizes),
    }
    return values


def write_catalogue(
    folder: Path,
    count: int,
    seed: int = 0,
    processes: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> bool:
    """Draw the first `count` products of a seed into a folder.

    Both files are written beside and moved into place at the end, so that a folder is complete or absent.

    Args:
        folder: Where `products.csv.gz` and `images.zip` go; made if absent.
        count: How many products.
        seed: Which catalogue; a smaller count of the same seed is its beginning.
        processes: How many pictures are drawn at once; as many as there are cores by default.
        progress: Called with the number of pictures drawn so far.

    Returns:
        False where the folder already held exactly this catalogue and nothing was drawn.
    """
    stamp = f"{EDITION} {count} {seed}\n"
    mark, table, images = folder / "drawn.txt", folder / "products.csv.gz", folder / "images.zip"
    if mark.exists() and mark.read_text() == stamp and table.exists() and images.exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    part = folder / "images.zip.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for number, data in enumerate(_pictures(count, seed, processes)):
            archive.writestr(zipfile.ZipInfo(f"D{number + 1}.jpg", _EPOCH), data)
            progress(number + 1)
    _write_table(folder / "products.csv.gz.part", count, seed)
    (folder / "products.csv.gz.part").replace(table)
    part.replace(images)
    mark.write_text(stamp)
    return True


def _pictures(count: int, seed: int, processes: int | None) -> Iterator[bytes]:
    draw = partial(picture, seed=seed)
    workers = processes or os.cpu_count() or 1
    if workers == 1 or count < 8:
        yield from map(draw, range(count))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(draw, range(count), chunksize=4)


def _write_table(path: Path, count: int, seed: int) -> None:
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    lines.writeheader()
    for number in range(count):
        lines.writerow(row(product(number, seed)))
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def contact_sheet(
    numbers: Sequence[int], seed: int = 0, columns: int = 8, width: int = 180, names: bool = True
) -> Image.Image:
    """Return a picture with the given products in rows.

    Args:
        numbers: Which products.
        seed: Of which catalogue.
        columns: Products in a row.
        width: Width of one picture in pixels; its height is a third more.
        names: Whether each stands over its name.
    """
    height, foot = width * 4 // 3, 26 if names else 0
    rows = -(-len(numbers) // columns)
    sheet = Image.new("RGB", (columns * (width + 6), rows * (height + foot + 6)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for place, number in enumerate(numbers):
        item = product(number, seed)
        scene, floor = scene_of(item, seed)
        x, y = place % columns * (width + 6), place // columns * (height + foot + 6)
        sheet.paste(scene.finished(floor).resize((width, height), Image.Resampling.LANCZOS), (x, y))
        if names:
            words = item.words.name.split()
            half = (len(words) + 1) // 2
            pen.text((x + 2, y + height + 1), " ".join(words[:half]), "black", font)
            pen.text((x + 2, y + height + 13), " ".join(words[half:]), "black", font)
    return sheet
