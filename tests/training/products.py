"""Products and catalogue folders for the tests of training: drawn squares, one colour each."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path

from PIL import Image

from training.data import Product

COLOURS = {"Red": (210, 40, 40), "Green": (40, 150, 60), "Blue": (40, 60, 200), "Black": (20, 20, 20)}
COLUMNS = [
    "id", "name", "brand", "gender", "age_group", "category", "subcategory", "article_type", "colour", "season",
    "year", "usage", "price", "description", "style_note", "materials_care", "size_fit", "attributes", "split",
    "dup_of", "held_out_twin", "large_image",
]  # fmt: skip


def product(number: str = "1", **values) -> Product:
    defaults = {
        "catalogue": "shop",
        "id": number,
        "name": "Alder Men Red Tshirt",
        "brand": "Alder",
        "description": "A red tshirt.",
        "article_type": "Tshirts",
        "colour": "Red",
        "gender": "Men",
        "usage": "Casual",
        "pattern": "Solid",
        "fabric": "Cotton",
        "split": "train",
        "twin": "",
        "held_out": False,
    }
    return Product(**{**defaults, **values})


def write_catalogue(folder: Path, count: int, *, footwear: str = "", large: Collection[int] = ()) -> Path:
    """Write a catalogue folder of coloured squares; every fourth product is of split val, one colour is shoes.

    The products numbered in `large` have a large picture, too, of the same colour.
    """
    folder.mkdir(parents=True)
    rows, names = [], list(COLOURS)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for number in range(count):
            colour = names[number % len(names)]
            rows.append(_row(number, colour, split="val" if number // len(names) % 4 == 0 else "train"))
            if colour == footwear:
                rows[-1] |= {"category": "Footwear", "subcategory": "Shoes", "article_type": "Casual Shoes"}
            archive.writestr(f"{number}.jpg", _square(colour, (30, 40)))
    if large:
        with zipfile.ZipFile(folder / "images_large.zip", "w") as archive:
            for number in large:
                rows[number]["large_image"] = "1"
                archive.writestr(f"{number}.jpg", _square(rows[number]["colour"], (90, 120)))
    with gzip.open(folder / "products.csv.gz", "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def _square(colour: str, size: tuple[int, int]) -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(picture, "JPEG")
    return picture.getvalue()


def _row(number: int, colour: str, split: str) -> dict[str, str]:
    return {
        "id": str(number),
        "name": f"Alder {colour} Tshirt {number}",
        "brand": "Alder",
        "gender": "Men",
        "category": "Apparel",
        "subcategory": "Topwear",
        "article_type": "Tshirts",
        "colour": colour,
        "description": f"A {colour.lower()} tshirt of cotton.",
        "attributes": json.dumps({"Pattern": "Solid", "Fabric": "Cotton", "Neck": "NA"}),
        "split": split,
        "held_out_twin": "0",
    }
