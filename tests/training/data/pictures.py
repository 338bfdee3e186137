"""Pictures for folders of every format: squares of one colour."""

import io
from pathlib import Path

from PIL import Image

from search.encoders.pictures import ImageSpec
from training.data import Catalogue, Product, read_catalogue

SPEC = ImageSpec(width=6, height=8)
RED, GREEN, BLUE = (210, 40, 40), (40, 150, 60), (40, 60, 200)


def jpeg(colour: tuple[int, int, int]) -> bytes:
    """Return a JPEG of one colour; equal colours give equal bytes."""
    file = io.BytesIO()
    Image.new("RGB", (30, 40), colour).save(file, "JPEG")
    return file.getvalue()


def write(path: Path, content: bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def read(folder: Path, split: str | None = None, *, held_out: bool = False) -> Catalogue:
    """Read a folder with a cache beside it."""
    return read_catalogue(
        [folder], split=split, spec=SPEC, cache=folder.parent / "cache", held_out=held_out, progress=False
    )


def by_id(folder: Path, split: str | None = None, *, held_out: bool = False) -> dict[str, Product]:
    """Read a folder's products by their ids."""
    return {product.id: product for product in read(folder, split, held_out=held_out).products}
