import csv
import gzip
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from search.encoders.pictures import ImageSpec
from tests.training.products import COLOURS, write_catalogue
from training.data import has_large_pictures, read_catalogue, read_pictures, read_products

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


def _rewrite(folder, change):
    """Change the table's lines, the header being the first."""
    table = folder / "products.csv.gz"
    table.write_bytes(gzip.compress(b"\r\n".join(change(gzip.decompress(table.read_bytes()).split(b"\r\n")))))


def test_a_corrupt_row_is_reported_and_left_out(tmp_path, capsys):
    folder = write_catalogue(tmp_path / "shop", 8)

    def corrupt(lines):
        lines[1] = lines[1].replace(b'"{""Pattern', b'"{Pattern')
        lines[3] = lines[3].replace(b"Alder", b"Ald\xe9r")
        lines[4] = b"3,cut off"
        lines[6] += b",too,many"
        return lines

    _rewrite(folder, corrupt)
    catalogue = read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert [product.id for product in catalogue.products] == ["1", "4", "6", "7"]
    table = f"{folder}/products.csv.gz, line"
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{table} 2: Expecting property name enclosed in double quotes")
    assert said[1:] == [
        f"{table} 4: The row is not UTF-8.",
        f"{table} 5: The row has more or fewer cells than the header.",
        f"{table} 7: The row has more or fewer cells than the header.",
        "shop: 4 products, 4 lines skipped",
    ]


def test_a_table_that_ends_early_gives_the_rows_before_the_end(tmp_path, capsys):
    folder = write_catalogue(tmp_path / "shop", 4)
    table = folder / "products.csv.gz"
    lines = gzip.decompress(table.read_bytes()).splitlines(keepends=True)
    table.write_bytes(gzip.compress(b"".join(lines[:3])) + gzip.compress(lines[3])[:60])
    catalogue = read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert [product.id for product in catalogue.products] == ["0", "1"]
    assert "the rest of the file cannot be read" in capsys.readouterr().err


def test_a_table_without_a_column_is_refused(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 4)
    _rewrite(
        folder, lambda lines: [lines[0].replace(b"colour", b"color").replace(b"dup_of", b"dup"), *lines[1:]]
    )
    with pytest.raises(ValueError, match=r"products\.csv\.gz lacks the columns colour, dup_of\.$"):
        read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)


def test_a_row_without_a_split_gets_one_from_its_id(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 40)
    _rewrite(
        folder, lambda lines: [line.replace(b",train,", b",,").replace(b",val,", b",,") for line in lines]
    )
    catalogue = read_catalogue([folder], split="val", spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert [product.id for product in catalogue.products] == ["29"]


def test_decoded_pictures_are_kept_under_the_archives_size(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 4)
    size = (folder / "images.zip").stat().st_size
    read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [
        f"shop-4-{size}-6x8.pixels.npy",
        f"shop-4-{size}-6x8.usable.npy",
    ]


def test_large_pictures_are_read_of_the_products_that_have_one(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 8, large=(1, 6))
    with zipfile.ZipFile(folder / "images_large.zip", "w") as archive:
        for name, colour in (("1", "Red"), ("6", "Black"), ("0", "Green")):
            picture = io.BytesIO()
            Image.new("RGB", (90, 120), COLOURS[colour]).save(picture, "PNG")
            archive.writestr(f"{name}.jpg", picture.getvalue())
    assert has_large_pictures(folder)
    read = read_catalogue(
        [folder], split=None, spec=SPEC, cache=tmp_path / "cache", large=True, progress=False
    )
    assert [product.id for product in read.products] == ["1", "6"]
    assert [row[4, 3].tolist() for row in read.pixels] == [list(COLOURS["Red"]), list(COLOURS["Black"])]
    val = read_catalogue(
        [folder], split="val", spec=SPEC, cache=tmp_path / "cache", large=True, progress=False
    )
    assert [product.id for product in val.products] == ["1"]
    # The small pictures are cached apart.
    small = read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", progress=False)
    assert len(small.products) == 8
    assert small.pixels[1, 4, 3] == pytest.approx(np.array(COLOURS["Green"]), abs=4)


def test_pictures_of_some_products_are_decoded_at_another_size(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 8, large=(1, 6))
    products = list(read_products(folder))
    shown = read_pictures(folder, [products[6], products[1]], ImageSpec(width=12, height=16), large=True)
    assert shown.shape == (2, 16, 12, 3)
    assert shown[0, 8, 6] == pytest.approx(np.array(COLOURS["Blue"]), abs=4)
    assert shown[1, 8, 6] == pytest.approx(np.array(COLOURS["Green"]), abs=4)


def test_a_folder_without_large_pictures_has_none_to_read(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 8)
    assert not has_large_pictures(folder)
    with pytest.raises(ValueError, match="has no products with large pictures"):
        read_catalogue([folder], split=None, spec=SPEC, cache=tmp_path / "cache", large=True)
    (tmp_path / "classes" / "dress").mkdir(parents=True)
    (tmp_path / "classes" / "dress" / "1.jpg").write_bytes(b"")
    assert not has_large_pictures(tmp_path / "classes")
    with pytest.raises(ValueError, match="a format without large pictures"):
        read_catalogue([tmp_path / "classes"], split=None, spec=SPEC, cache=tmp_path / "cache", large=True)


def test_sleeves_neck_and_price_are_read(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 4)
    with gzip.open(folder / "products.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= {"attributes": '{"Sleeve Length": "Long Sleeves", "Neck": "NA"}', "price": "895.0"}
    rows[1] |= {"price": "on request"}
    rows[2] |= {"price": "-1"}
    with gzip.open(folder / "products.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    read = list(read_products(folder))
    assert (read[0].sleeve, read[0].neck) == ("Long Sleeves", "")
    assert [product.price for product in read] == [895.0, 0.0, 0.0, 0.0]
