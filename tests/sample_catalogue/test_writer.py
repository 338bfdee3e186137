import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from sample_catalogue.__main__ import main
from sample_catalogue.writer import COLUMNS, write_catalogue

REAL_COLUMNS = [
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
]


def rows(folder: Path) -> list[dict[str, str]]:
    with gzip.open(folder / "products.csv.gz", "rt", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drawn")
    assert write_catalogue(place, 40, processes=1)
    return place


def test_columns_are_those_of_the_real_catalogue_and_sizes(folder: Path) -> None:
    assert list(COLUMNS) == [*REAL_COLUMNS, "sizes"]
    assert list(rows(folder)[0]) == list(COLUMNS)


def test_every_row_is_complete(folder: Path) -> None:
    found = rows(folder)
    assert [row["id"] for row in found] == [f"D{n}" for n in range(1, 41)]
    assert [row["id"] for row in found if row["split"] == "val"] == ["D20", "D40"]
    for row in found:
        assert row["name"].startswith(row["brand"])
        assert row["colour"] in row["name"]
        assert float(row["price"]) > 0
        assert row["sizes"].split("|")
        assert row["large_image"] == "1"
        assert json.loads(row["attributes"])["Pattern"]


def test_pictures_are_jpegs_of_480_by_640_stored_uncompressed(folder: Path) -> None:
    with zipfile.ZipFile(folder / "images.zip") as archive:
        assert archive.namelist() == [f"D{n}.jpg" for n in range(1, 41)]
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            with Image.open(io.BytesIO(archive.read(entry))) as picture:
                assert (picture.format, picture.size, picture.mode) == ("JPEG", (480, 640), "RGB")


def test_same_seed_gives_same_bytes_in_any_number_of_processes(folder: Path, tmp_path: Path) -> None:
    write_catalogue(tmp_path, 40, processes=2)
    for name in ("products.csv.gz", "images.zip"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_smaller_catalogue_is_the_beginning_of_a_larger(folder: Path, tmp_path: Path) -> None:
    write_catalogue(tmp_path, 9, processes=1)
    assert rows(tmp_path) == rows(folder)[:9]
    with zipfile.ZipFile(tmp_path / "images.zip") as small, zipfile.ZipFile(folder / "images.zip") as large:
        assert all(small.read(name) == large.read(name) for name in small.namelist())


def test_another_seed_gives_another_catalogue(folder: Path, tmp_path: Path) -> None:
    write_catalogue(tmp_path, 9, seed=1, processes=1)
    assert [row["name"] for row in rows(tmp_path)] != [row["name"] for row in rows(folder)[:9]]


def test_a_complete_folder_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--count", "3", "--out", str(tmp_path), "--processes", "1"]
    assert main(arguments) == 0
    before = (tmp_path / "images.zip").stat().st_mtime_ns
    capsys.readouterr()
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{tmp_path} already holds these 3 products\n"
    assert (tmp_path / "images.zip").stat().st_mtime_ns == before


def test_a_broken_off_folder_is_drawn_anew(tmp_path: Path) -> None:
    write_catalogue(tmp_path, 3, processes=1)
    (tmp_path / "images.zip").unlink()
    assert write_catalogue(tmp_path, 3, processes=1)
    assert (tmp_path / "images.zip").exists()


def test_contact_sheet(tmp_path: Path) -> None:
    assert (
        main(["sheet", "--count", "3", "--columns", "2", "--width", "60", "--out", str(tmp_path / "s.png")])
        == 0
    )
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (132, 224)
