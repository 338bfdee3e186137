import numpy as np
import pytest

from tests.training.data.pictures import BLUE, GREEN, RED, SPEC, jpeg, write
from tests.training.products import write_catalogue
from training.data import read_catalogue, read_products


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "types"
    for split, number, colour in (("train", 1, RED), ("train", 2, GREEN), ("val", 3, BLUE)):
        write(folder / split / "boots" / f"{number}.jpg", jpeg(colour))
    return folder


def read(folders, cache):
    return read_catalogue(folders, split=None, spec=SPEC, cache=cache, progress=False)


@pytest.mark.parametrize(
    "path", [None, "notes.txt", "images/1.jpg", "Flicker8k_Dataset/1.jpg", "boots/notes.txt", ".boots/1.jpg"]
)
def test_a_folder_in_no_known_format_is_named_with_what_is_looked_for(tmp_path, path):
    folder = tmp_path / "photos"
    folder.mkdir()
    if path:
        write(folder / path, jpeg(RED))
    with pytest.raises(ValueError, match="known format") as error:
        read([folder], tmp_path / "cache")
    assert str(error.value) == (
        f"{folder} is in no known format. Looked for: "
        "products.csv.gz and images_small.zip or images.zip: a shop's own catalogue; "
        "*.json.gz and images/: Amazon product metadata, one record a line; "
        "Flickr8k.token.txt, the lists Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt, "
        "Flickr_8k.testImages.txt, and Flicker8k_Dataset or Images: Flickr8k; "
        "a folder of pictures for each class, below train/, val/ or at once: folders by class."
    )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone is in no known format \(there is no such folder\)\."):
        read([tmp_path / "gone"], tmp_path / "cache")


def test_folders_of_several_formats_are_read_together(tmp_path, folder):
    catalogue = read([write_catalogue(tmp_path / "shop", 8), folder], tmp_path / "cache")
    assert [product.catalogue for product in catalogue.products] == ["shop"] * 8 + ["types"] * 3
    assert catalogue.pixels.shape == (11, 8, 6, 3)
    for pixels, colour in zip(catalogue.pixels[8:], (RED, GREEN, BLUE), strict=True):
        assert np.abs(pixels.mean(axis=(0, 1)) - colour).max() < 4


def test_a_folder_without_usable_pictures_adds_nothing(tmp_path, folder):
    empty = tmp_path / "amazon"
    write(empty / "meta.json.gz", b"")
    assert len(read([empty, folder], tmp_path / "cache").products) == 3


def test_products_are_read_without_their_pictures(folder, capsys):
    write(folder / "train" / "boots" / "1.jpg", b"no picture")
    assert [(product.id, product.split) for product in read_products(folder)] == [
        ("train/boots/1.jpg", "train"),
        ("train/boots/2.jpg", "train"),
        ("val/boots/3.jpg", "val"),
    ]
    assert capsys.readouterr().err == "types: 3 products\n"


def test_products_read_without_pictures_have_the_splits_of_those_with(tmp_path):
    folder = tmp_path / "types"
    for number in range(60):
        write(folder / "train" / "boots" / f"{number}.png", jpeg((number, 2 * number, 0)))
    catalogue = read([folder], tmp_path / "cache")
    splits = {product.id: product.split for product in catalogue.products}
    assert {product.id: product.split for product in read_products(folder)} == splits
    assert set(splits.values()) == {"train", "val"}
