"""Photos taken by shoppers at home as queries for catalogue pictures of the right article types."""

import csv
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search.encoders.pictures import ImageSpec, open_picture, to_pixels
from search.encoders.votes import share_of
from search.evaluation import metrics
from search.exceptions import PictureError

from ..data import Product, read_pictures
from ..texts import attribute_text
from .contact_sheet import THUMBNAIL, Row, write_sheet
from .evaluators import EmbeddingModel, Figures, Gallery, Setting, is_large
from .polls import KIND, Polls, values_of
from .retrieval import DEPTH, Embeddings, nearest

ANSWERS = Path(__file__).with_suffix(".toml")
LEAST_PHOTOS = 30  # of a label, before it is named as the lowest: a few photos may all be hard by chance
SHEET_PHOTOS = 32  # on a contact sheet
CANDIDATES = 200  # of a photo, the nearest by their pictures, as the setting CANDIDATES has it
WEIGHTS = {"image": 0.5, "text": 0.5, "shown": 0.3}  # of the score, as the setting WEIGHTS has them
KIDS = {"True": True, "False": False}


@dataclass(frozen=True, slots=True)
class Photo:
    """A row of `photos.csv`."""

    image: str  # the name of the picture in the archive, without its ending
    label: str
    kids: bool | None = None  # whether it shows children's clothes; None where the table does not say


def shopper_photos(model: EmbeddingModel, setting: Setting) -> Figures:
    """Query with every photo for products of the article types that match its label.

    The gallery is the setting's; without one the large pictures, where the catalogue has any, otherwise every product.
    If the setting names a file for it, a contact sheet of some photos and their results is written.

    Returns:
        A section over all photos, weighted equally; those of adults' and of children's clothes, where the table says
        which; one per label, the best precision@10 first; and once more the lowest label of at least 30 photos. All this
        twice: in the order of the pictures' similarity, and `ranked`, in the order of the search, see `ranked_by_photo`.
        `chance` is the share of right products in the gallery: the precision of a random order.

    Raises:
        ValueError: no folder of photos is set, or a photo's label has no right answers in the gallery.
    """
    if setting.photos is None:
        raise ValueError("The protocol needs a folder of photos: photos.csv and photos.zip.")
    gallery: Gallery = setting.gallery or ("large" if setting.has_large_pictures else "all")
    photos, pixels = read_photos(setting.photos, model.spec)
    products, pictures = setting.encoded(model, gallery)
    right = {label: _right(answers, products) for label, answers in read_answers().items()}
    unknown = sorted({photo.label for photo in photos if not right.get(photo.label, np.zeros(1)).any()})
    if unknown:
        raise ValueError(f"No product of the gallery is a right answer to photos of {', '.join(unknown)}.")
    asked = model.encode_pixels(pixels)

    def hits_of(rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.stack([right[photo.label][found] for photo, found in zip(photos, rows, strict=True)])

    rows = nearest(asked, pictures, DEPTH)
    hits = hits_of(rows)
    texts = model.encode_texts([searched_text(product) for product in products])
    ranked = hits_of(ranked_by_photo(asked, products, pictures, texts))
    chances = np.array([right[photo.label].mean() for photo in photos])
    if setting.sheet is not None:
        sample = _sample(photos, setting.seed)
        drawn = [photos[row] for row in sample]
        found = [[products[place] for place in rows[row]] for row in sample]
        results = list({product.id: product for line in found for product in line}.values())
        thumbnails = read_pictures(setting.data, results, THUMBNAIL, large=is_large(gallery))
        pictures_of = {product.id: picture for product, picture in zip(results, thumbnails, strict=True)}
        shown = to_pixels([image for _, image in _opened(setting.photos, drawn, THUMBNAIL)], THUMBNAIL)
        write_sheet(setting.sheet, _lines(drawn, shown, found, hits[sample], pictures_of))

    labels = np.array([photo.label for photo in photos])
    kids = {
        title: np.array([photo.kids is whether for photo in photos])
        for title, whether in (("adults", False), ("kids", True))
    }

    def sections(name: str, hits: NDArray[np.bool_]) -> Figures:
        def figures(chosen: NDArray[np.bool_]) -> dict[str, float]:
            return {"gallery": len(products), **_figures(hits[chosen], chances[chosen])}

        found = {name: figures(np.ones(len(photos), dtype=np.bool_))}
        found |= {f"{name}, {title}": figures(chosen) for title, chosen in kids.items() if chosen.any()}
        by_label = {label: figures(labels == label) for label in sorted(set(labels))}
        ordered = sorted(by_label, key=lambda label: -by_label[label]["precision@10"])
        found |= {f"{name}, {label}": by_label[label] for label in ordered}
        many = [label for label in ordered if by_label[label]["photos"] >= LEAST_PHOTOS]
        if many:
            found[f"{name}, lowest: {many[-1]}"] = by_label[many[-1]]
        return found

    return sections(f"shopper_photos {gallery}", hits) | sections(f"shopper_photos {gallery} ranked", ranked)


def searched_text(product: Product) -> str:
    """Return what a search encodes of a product, as `ProductIndex.encoded_text` does by default."""
    return ". ".join(filter(None, (product.name, product.brand, attribute_text(product))))


def ranked_by_photo(
    asked: Embeddings, products: Sequence[Product], pictures: Embeddings, texts: Embeddings
) -> NDArray[np.intp]:
    """Return the rows (n, 10) of the products that the search shows first for photos, its defaults given, before any guess is sure.

    These are of the nearest by their pictures those that score most: by picture, by text, and by how far their kind is what the
    nearest pictures vote for. See `search.engine.candidates.score`.

    Args:
        asked: (n, dimension), of the photos.
        products: the gallery.
        pictures: (len(products), dimension).
        texts: (len(products), dimension), of what the search encodes of each product.
    """
    stated = [values_of(product, KIND) for product in products]
    near = nearest(asked, pictures, CANDIDATES)
    found = []
    for photo, rows, tallies in zip(asked, near, Polls(products, pictures, asked).tallies(KIND), strict=True):
        shares = {tally.value: tally.share for tally in tallies}
        shown = np.array([share_of(stated[row], shares) for row in rows])
        image, text = (np.maximum(part[rows] @ photo, 0.0) for part in (pictures, texts))
        scores = WEIGHTS["image"] * image + WEIGHTS["text"] * text + WEIGHTS["shown"] * shown
        found.append(rows[np.argsort(-scores, kind="stable")[:DEPTH]])
    return np.stack(found)


def read_answers() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return for each label the product column to look at and the values that are right."""
    content = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))
    return {
        label: (column, frozenset(values))
        for column, answers in content.items()
        for label, values in answers.items()
    }


def read_photos(folder: Path, spec: ImageSpec) -> tuple[list[Photo], NDArray[np.uint8]]:
    """Read the rows of `photos.csv` and the photos of `photos.zip`, preprocessed as the search does it.

    A photo that is missing or cannot be decoded is skipped and reported on stderr.

    Returns:
        The rows, and the photos, (n, height, width, 3).

    Raises:
        ValueError: there is no photo that can be used.
    """
    photos, pixels = [], []
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as table:
        listed = [
            Photo(row["image"], row["label"], KIDS.get(row.get("kids", ""))) for row in csv.DictReader(table)
        ]
    for photo, image in _opened(folder, listed, spec):
        photos.append(photo)
        pixels.append(to_pixels([image], spec))
    if not photos:
        raise ValueError(f"{folder} has no photo that can be used.")
    return photos, np.concatenate(pixels)


def _opened(folder: Path, photos: Sequence[Photo], spec: ImageSpec) -> Iterator[tuple[Photo, Image.Image]]:
    """Yield photos that can be opened, each with its picture, and report the others."""
    with zipfile.ZipFile(folder / "photos.zip") as archive:
        members = {Path(name).stem: name for name in archive.namelist()}
        for photo in photos:
            try:
                with archive.open(members[photo.image]) as file:
                    image = open_picture(file, at_least=(spec.width, spec.height))  # type: ignore[arg-type]
            except KeyError:
                print(f"{archive.filename}: no photo {photo.image}", file=sys.stderr)
            except (PictureError, zipfile.BadZipFile) as error:
                print(f"{archive.filename}: photo {photo.image}: {error}", file=sys.stderr)
            else:
                yield photo, image


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


def _sample(photos: Sequence[Photo], seed: int) -> list[int]:
    """The rows of the photos on a contact sheet: drawn at random, in the order of their labels."""
    drawn = np.random.default_rng(seed).permutation(len(photos))[:SHEET_PHOTOS]
    return sorted((int(row) for row in drawn), key=lambda row: (photos[row].label, row))


def _lines(
    photos: Sequence[Photo],
    shown: NDArray[np.uint8],
    found: Sequence[Sequence[Product]],
    hits: NDArray[np.bool_],
    pictures: Mapping[str, NDArray[np.uint8]],
) -> list[Row]:
    lines = []
    for photo, query, results, right in zip(photos, shown, found, hits, strict=True):
        cells = [
            (pictures[product.id], product.article_type, bool(hit))
            for product, hit in zip(results, right, strict=True)
        ]
        lines.append(Row(photo.label, query, cells))
    return lines
