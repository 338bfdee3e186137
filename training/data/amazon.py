"""Product metadata of the Amazon review data sets: gzipped JSON lines, and pictures in `images/`.

Two releases are read: of 2014 (R. He, J. McAuley, "Ups and downs", WWW 2016), whose older files hold Python literals
in place of JSON, and of 2018 (J. Ni, J. Li, J. McAuley, "Justifying recommendations", EMNLP 2019).
"""

import ast
import gzip
import html
import json
import re
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from .product import Product
from .source import EXTENSIONS, FilePictures, Format, Notes, Source

PICTURES = "images"
GENDERS = ("Men", "Women", "Boys", "Girls", "Baby Boys", "Baby Girls", "Baby", "Unisex")
# A path of the 2018 release continues with phrases of the product page, "100% Cotton" or a whole sentence.
MAX_LEVELS, MAX_LEVEL_LETTERS = 5, 40
_TAG = re.compile(r"</?[A-Za-z][^>]*>")


def read(folder: Path, notes: Notes) -> Source:
    """Read every product that has a picture in `images/`; others are only counted."""
    products, paths = [], []
    seen: set[str] = set()
    found = _PictureNames(folder / PICTURES)
    for file in _files(folder):
        for number, record in _records(file, notes):
            try:
                product = _product(record, notes.folder)
                if product.id in seen:
                    raise ValueError(f"The product {product.id} occurs twice.")
            except ValueError as error:
                notes.skip_line(file, number, error)
                continue
            seen.add(product.id)
            name = found.of(record)
            if name is None:
                notes.skip_missing(f"{file}, line {number}, product {product.id}")
                continue
            products.append(product)
            paths.append(folder / PICTURES / name)
    return Source(products, FilePictures(folder, paths))


def _files(folder: Path) -> list[Path]:
    # The releases' names of metadata; the same folder may hold reviews, which are not products.
    return sorted(folder.glob("meta_*.json.gz")) or sorted(folder.glob("*.json.gz"))


def _records(path: Path, notes: Notes) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    yield number, _record(line)
                except ValueError as error:
                    notes.skip_line(path, number, error)
    except (EOFError, OSError, zlib.error) as error:
        notes.skip_line(path, number + 1, f"{error}; the rest of the file cannot be read")


def _record(line: bytes) -> dict[str, Any]:
    text = line.decode("utf-8").strip()
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        record = _literal(text, error)
    if not isinstance(record, dict):
        raise ValueError("The line holds no record of names and values.")
    return record


def _literal(text: str, json_error: Exception) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes in a text are not our concern
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"Neither JSON ({json_error}) nor a Python literal.") from error


def _product(record: dict[str, Any], catalogue: str) -> Product:
    asin, name = record.get("asin"), _plain(record.get("title"))
    if not isinstance(asin, str) or not asin:
        raise ValueError("The record has no asin.")
    if not name:
        raise ValueError("The record has no title.")
    if "getTime" in name:  # a known error of the 2018 release
        raise ValueError("The title is a part of a page's script.")
    genders, levels = _path(record)
    return Product(
        catalogue=catalogue,
        id=asin,
        name=name,
        brand=_plain(record.get("brand")),
        description=_plain(record.get("description")),
        gender=genders[0] if genders else "",
        category=levels[0] if levels else "",
        subcategory=levels[1] if len(levels) > 1 else "",
        article_type=levels[-1] if levels else "",
    )


def _path(record: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the genders and the other levels of the first path, without the department that all products share."""
    stated = record.get("categories") or record.get("category") or []
    path = stated[0] if isinstance(stated, list) and stated and isinstance(stated[0], list) else stated
    words = [_plain(word) for word in path] if isinstance(path, list) else [_plain(path)]
    ends = [place for place, word in enumerate(words) if not word or len(word) > MAX_LEVEL_LETTERS]
    words = words[: min([*ends, MAX_LEVELS])]
    levels = [word for word in words if word not in GENDERS]
    return [word for word in words if word in GENDERS], levels[1:] or levels


def _plain(value: Any) -> str:
    """Return a text or a list of texts on one line, without markup."""
    if isinstance(value, list):
        value = " ".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    text = " ".join(html.unescape(_TAG.sub(" ", value)).split())
    return text.encode(errors="replace").decode()  # lone surrogates cannot be encoded


class _PictureNames:
    """The files in `images/`, found by a record's URLs or by its ASIN."""

    def __init__(self, folder: Path) -> None:
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        self.by_name = {name: name for name in names}
        self.by_stem = {Path(name).stem: name for name in names if name.lower().endswith(EXTENSIONS)}

    def of(self, record: dict[str, Any]) -> str | None:
        """Return the name of a record's picture, the largest one available."""
        for key in ("imageURLHighRes", "imUrl", "imageURL"):
            addresses = record.get(key)
            for address in addresses if isinstance(addresses, list) else [addresses]:
                name = self._named(address) if isinstance(address, str) else None
                if name is not None:
                    return name
        return self.by_stem.get(record["asin"])

    def _named(self, address: str) -> str | None:
        try:
            name = PurePosixPath(urlsplit(address).path).name
        except ValueError:  # not a URL; the ASIN may still name a picture
            return None
        if name.startswith("no-img"):  # the releases' placeholder picture
            return None
        return self.by_name.get(name) or self.by_name.get(unquote(name))


def _fits(folder: Path) -> bool:
    return bool(_files(folder))


FORMAT = Format(f"*.json.gz and {PICTURES}/: Amazon product metadata, one record a line", _fits, read)
