"""Folders by class, as ImageNet and its excerpts are laid out: a folder's name is the class of its pictures."""

import csv
import os
from pathlib import Path

from .product import Product
from .source import EXTENSIONS, FilePictures, Format, Notes, Source

SPLITS = ("train", "val", "test")
WORDINGS = ("classes.txt", "classes.csv")
NO_CLASSES = (*SPLITS, "images", "flicker8k_dataset")  # the last two: a format whose texts are missing


def read(folder: Path, notes: Notes) -> Source:
    """Read one product per picture, with its class in words as name and article type."""
    wording = _wording(folder, notes)
    products, paths = [], []
    for split, base in _levels(folder):
        for name in _class_folders(base):
            worded = wording.get(name.name) or _in_words(name)
            for path in _pictures(name):
                products.append(
                    Product(
                        catalogue=notes.folder,
                        id=path.relative_to(folder).as_posix(),
                        name=worded,
                        article_type=worded,
                        split=split,
                    )
                )
                paths.append(path)
    return Source(products, FilePictures(folder, paths))


def _levels(folder: Path) -> list[tuple[str, Path]]:
    """Return each split and its folder, or the folder itself where there are no splits."""
    return [(split, folder / split) for split in SPLITS if _class_folders(folder / split)] or [("", folder)]


def _class_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name.lower() not in NO_CLASSES
        and any(map(_is_picture, path.iterdir()))
    ]


def _pictures(folder: Path) -> list[Path]:
    return sorted(filter(_is_picture, folder.iterdir()))


def _is_picture(path: Path) -> bool:
    return path.name.lower().endswith(EXTENSIONS) and not path.name.startswith(".")


def _in_words(folder: Path) -> str:
    name = os.fsencode(folder.name).decode("utf-8", errors="replace")  # it becomes a training text
    return " ".join(name.replace("_", " ").replace("-", " ").split())


def _wording(folder: Path, notes: Notes) -> dict[str, str]:
    """Read lines of a class folder's name and the class in words: "n01440764,tench"."""
    path = next((folder / name for name in WORDINGS if (folder / name).exists()), None)
    if path is None:
        return {}
    wording = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            name, words = next(csv.reader([line.decode("utf-8-sig")], skipinitialspace=True))[:2]
            wording[name.strip()] = " ".join(words.split())
        except (ValueError, csv.Error):
            if line.strip():
                notes.skip_line(path, number, "The line is not of the form FOLDER,WORDS.")
    return wording


def _fits(folder: Path) -> bool:
    return any(_class_folders(base) for _, base in _levels(folder))


FORMAT = Format(
    f"a folder of pictures for each class, below {'/, '.join(SPLITS[:2])}/ or at once: folders by class",
    _fits,
    read,
)
