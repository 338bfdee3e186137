import csv
import io
import zipfile

import pytest
from PIL import Image

from search.encoders.pictures import ImageSpec
from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import COLOURS, write_catalogue
from training.evaluation.evaluators import ArtifactModel, Setting
from training.evaluation.shopper_photos import read_answers, read_photos, shopper_photos

SPEC = ImageSpec(width=6, height=8)


def write_photos(folder, photos, *, extra=()):
    """Write photos of one colour each, (name, label, colour); and rows of the table without a good photo."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for name, _, colour in photos:
            picture = io.BytesIO()
            Image.new("RGB", (30, 40), COLOURS[colour]).save(picture, "PNG")
            archive.writestr(f"{name}.jpg", picture.getvalue())
        archive.writestr("broken.jpg", b"no picture")
    with (folder / "photos.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "label", "kids"])
        writer.writerows([name, label, "False"] for name, label in [*[row[:2] for row in photos], *extra])
    return folder


def test_photos_are_read_and_bad_ones_named(tmp_path, capsys):
    photos = write_photos(
        tmp_path / "photos",
        [("a", "T-Shirt", "Red"), ("b", "Dress", "Blue")],
        extra=[("broken", "Hat"), ("gone", "Hat")],
    )
    labels, pixels = read_photos(photos, SPEC)
    assert labels == ["T-Shirt", "Dress"]
    assert pixels.shape == (2, 8, 6, 3)
    assert pixels[0, 4, 3].tolist() == list(COLOURS["Red"])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("photos.zip: ")[1][:14] for line in lines] == ["photo broken: ", "no photo gone"]


def test_a_folder_without_usable_photos_is_refused(tmp_path):
    photos = write_photos(tmp_path / "photos", [], extra=[("broken", "Hat")])
    with pytest.raises(ValueError, match="no photo that can be used"):
        read_photos(photos, SPEC)


def test_every_label_has_answers():
    answers = read_answers()
    assert len(answers) == 16
    assert answers["T-Shirt"] == ("article_type", frozenset({"Tshirts"}))
    assert answers["Shoes"] == ("category", frozenset({"Footwear"}))


@pytest.fixture
def model(tmp_path):
    write_tiny_artifact(tmp_path / "artifact")
    return ArtifactModel(load_artifact(tmp_path / "artifact"))


def test_places_in_the_first_ten_are_counted_by_label(model, tmp_path, monkeypatch):
    # 48 squares of four colours, all t-shirts but the blue ones, which are shoes.
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    photos = write_photos(
        tmp_path / "photos",
        [
            ("a", "T-Shirt", "Red"),
            ("b", "T-Shirt", "Blue"),
            ("c", "Shoes", "Blue"),
            ("d", "T-Shirt", "Green"),
        ],
    )
    figures = shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))
    # Each photo's ten nearest are of its own colour, of which there are twelve.
    shirts = {"gallery": 48, "photos": 3, "chance": 0.75}
    shirts |= {name: pytest.approx(2 / 3) for name in ("precision@1", "precision@10", "success@10")}
    shoes = {"gallery": 48, "photos": 1, "chance": 0.25}
    shoes |= dict.fromkeys(("precision@1", "precision@10", "success@10"), 1.0)
    every = {"gallery": 48, "photos": 4, "chance": pytest.approx((3 * 0.75 + 0.25) / 4)}
    every |= {name: pytest.approx(3 / 4) for name in ("precision@1", "precision@10", "success@10")}
    assert figures == {
        "shopper_photos all": every,
        "shopper_photos all, Shoes": shoes,
        "shopper_photos all, T-Shirt": shirts,
    }


def test_a_label_without_right_products_is_refused(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 16)
    photos = write_photos(tmp_path / "photos", [("a", "Dress", "Red"), ("b", "Boat", "Red")])
    with pytest.raises(ValueError, match=r"right answer to photos of Boat, Dress\.$"):
        shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))


def test_photos_must_be_named(model, tmp_path):
    with pytest.raises(ValueError, match="needs a folder of photos"):
        shopper_photos(model, Setting(data=tmp_path, cache=tmp_path))
