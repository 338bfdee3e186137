import zipfile

import numpy as np
import pytest

from search.preprocessing import ImageSpec
from tests.training.products import COLOURS, write_catalogue
from training.data import read_catalogue, read_products

SPEC = ImageSpec(width=6, height=8)


def test_rows_become_products(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 5)
    first = next(read_products(folder))
    assert (first.id, first.name, first.pattern, first.fabric) == (
        "0",
        "Alder Red Tshirt 0",
        "Solid",
        "Cotton",
    )
    assert (first.category, first.subcategory, first.article_type) == ("Apparel", "Topwear", "Tshirts")


def test_splits_are_kept_apart(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 32)
    read = {
        split: read_catalogue([folder], split=split, spec=SPEC, cache=tmp_path / "cache", progress=False)
        for split in ("train", "val", None)
    }
    assert {split: len(catalogue.products) for split, catalogue in read.items()} == {
        "train": 24,
        "val": 8,
        None: 32,
    }
    assert read["train"].pixels.shape == (24, 8, 6, 3)


def test_pixels_belong_to_their_product(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 8)
    catalogue = read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    for product, pixels in zip(catalogue.products, catalogue.pixels, strict=True):
        assert np.abs(pixels.mean(axis=(0, 1)) - COLOURS[product.colour]).max() < 4


def test_a_broken_picture_is_reported_and_left_out(tmp_path, capsys):
    folder = write_catalogue(tmp_path / "shop", 4)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        archive.writestr("0.jpg", b"no picture")
    catalogue = read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert catalogue.products == ()
    said = capsys.readouterr().err
    assert "product 0: The file is not a JPEG" in said
    assert "product 3: there is no picture" in said


def test_a_folder_without_pictures_is_named(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 4)
    (folder / "images.zip").unlink()
    with pytest.raises(FileNotFoundError, match=r"images_small\.zip, images\.zip"):
        read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
