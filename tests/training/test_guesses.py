"""Calibrations of guesses about photos, on coloured squares."""

import json

import pytest

from search.encoders.artifact import read_manifest
from tests.tiny_artifact import write_tiny_artifact
from tests.training.evaluation.test_shopper_photos import write_photos
from tests.training.products import product, write_catalogue
from training import guesses
from training.__main__ import main


def test_a_product_stands_at_the_end_of_its_path():
    shoe = product(category="Footwear", subcategory="Shoes", article_type="Shoes", colour="")
    assert guesses.values_of(shoe, "category") == ("Footwear", "Shoes")
    assert guesses.values_of(shoe, "colour") == ()
    assert guesses.values_of(shoe, "gender") == ("Men",)


@pytest.fixture
def calibrated(tmp_path, monkeypatch, capsys):
    """What the command prints for an artifact that knows colours; blue squares are shoes, the others t-shirts."""
    monkeypatch.setattr(guesses, "FEWEST", 20)
    before = write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "shop", 240, footwear="Blue")
    photos = write_photos(
        tmp_path / "photos", [("a", "T-Shirt", "Red"), ("b", "T-Shirt", "Blue"), ("c", "Shoes", "Blue")]
    )
    folders = [
        "--data",
        str(data),
        "--photos",
        str(photos),
        "--cache",
        str(tmp_path),
        "--embeddings",
        str(tmp_path),
    ]
    assert main(["guesses", str(tmp_path / "artifact"), *folders]) == 0
    manifest = read_manifest(tmp_path / "artifact")
    assert manifest.fingerprint == before.fingerprint
    return manifest.calibrations, capsys.readouterr().out.splitlines()


def test_guesses_that_are_always_right_are_sure(calibrated):
    calibrations, lines = calibrated
    assert set(calibrations) == {"category", "colour", "pattern", "gender"}
    assert calibrations["category"].confidence(0.99, 1.0) > 0.95
    assert lines[0].split() == ["pictures", "from", "said", "right", "P@10", "before", "P@10", "after"]
    sure = next(line for line in lines if line.startswith("val, category") and " 0.700 " in line)
    assert sure.split()[2:] == ["0.700", "1.000", "1.000", "1.000", "1.000"]


def test_photos_are_checked_by_their_labels(calibrated):
    _, lines = calibrated
    (row,) = (line.split() for line in lines if line.startswith("shopper photos") and " 0.700 " in line)
    assert [float(figure) for figure in row[4:]] == pytest.approx([1.0, 2 / 3, 2 / 3, 2 / 3], abs=0.001)


def test_too_few_products_calibrate_nothing(tmp_path, capsys):
    write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "shop", 64)
    folders = ["--data", str(data), "--cache", str(tmp_path), "--embeddings", str(tmp_path)]
    assert main(["guesses", str(tmp_path / "artifact"), *folders]) == 2
    assert "nothing can be calibrated" in capsys.readouterr().err
    assert json.loads((tmp_path / "artifact" / "manifest.json").read_text())["calibrations"] == {}
