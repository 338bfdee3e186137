"""The shop's own catalogue: `products.csv.gz`, and pictures in uncompressed archives, small and large."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .product import Product, split_of
from .source import Format, Notes, Source, ZipPictures

TABLE = "products.csv.gz"
ARCHIVES = ("images_small.zip", "images.zip")
LARGE_ARCHIVE = "images_large.zip"
COLUMNS = (
    "id", "name", "brand", "description", "article_type", "colour", "gender", "usage", "attributes", "split",
    "dup_of", "held_out_twin", "category", "subcategory",
)  # fmt: skip


def read(folder: Path, notes: Notes) -> Source:
    """Read the table, whose rows state identical pictures and the split.

    Raises:
        FileNotFoundError: there is no archive of pictures.
        ValueError: the table lacks a column.
    """
    archive = next((folder / name for name in ARCHIVES if (folder / name).exists()), None)
    if archive is None:
        raise FileNotFoundError(f"{folder} has none of the archives {', '.join(ARCHIVES)}.")
    products = tuple(read_table(folder, notes))
    return Source(products, ZipPictures(archive, [product.id for product in products]), states_twins=True)


def read_large(folder: Path, notes: Notes) -> Source:
    """Read the products that have a large picture, and those pictures.

    Raises:
        ValueError: the folder has no large pictures, or the table lacks a column.
    """
    if not has_large_pictures(folder):
        raise ValueError(f"{folder} has no products with large pictures, in {LARGE_ARCHIVE}.")
    products = tuple(product for product in read_table(folder, notes) if product.large)
    pictures = ZipPictures(folder / LARGE_ARCHIVE, [product.id for product in products])
    return Source(products, pictures, states_twins=True)


def has_large_pictures(folder: Path) -> bool:
    """Return whether the folder has an archive of large pictures, and a product that is said to have one."""
    if not (folder / TABLE).exists() or not (folder / LARGE_ARCHIVE).exists():
        return False
    return any(product.large for product in read_table(folder, Notes(folder.name)))


def read_table(folder: Path, notes: Notes) -> Iterator[Product]:
    """Yield the products of the table in file order."""
    path = folder / TABLE
    # Bytes that are not UTF-8 pass the decoder, so that only their row is refused, not the whole file.
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file)
        lacking = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if lacking:
            raise ValueError(f"{path} lacks the columns {', '.join(lacking)}.")
        while True:
            try:
                row = next(rows, None)
                if row is None:
                    return
                product = _product(row, notes.folder)
            except (csv.Error, ValueError) as error:
                notes.skip_line(path, rows.line_num, error)
                continue
            except (EOFError, OSError, zlib.error) as error:
                notes.skip_line(path, rows.line_num + 1, f"{error}; the rest of the file cannot be read")
                return
            yield product


def _product(row: dict[str, Any], catalogue: str) -> Product:
    if None in row.values() or None in row:
        raise ValueError("The row has more or fewer cells than the header.")
    if any("\udc80" <= letter <= "\udcff" for letter in "".join(row.values())):
        raise ValueError("The row is not UTF-8.")
    attributes = json.loads(row["attributes"] or "{}")
    if not isinstance(attributes, dict):
        raise ValueError("The attributes are not a JSON object.")
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
        split=row["split"] or split_of(row["dup_of"] or row["id"]),
        twin=row["dup_of"],
        held_out=row["held_out_twin"] == "1",
        category=row["category"],
        subcategory=row["subcategory"],
        sleeve=str(values.get("Sleeve Length", "")),
        neck=str(values.get("Neck", "")),
        price=_price(row.get("price", "")),
        large=row.get("large_image") == "1",
    )


def _price(text: str) -> float:
    try:
        return max(0.0, float(text or 0))
    except ValueError:
        return 0.0


def _fits(folder: Path) -> bool:
    return (folder / TABLE).exists()


FORMAT = Format(f"{TABLE} and {' or '.join(ARCHIVES)}: a shop's own catalogue", _fits, read)
