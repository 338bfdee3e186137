import csv
import gzip
import io
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from search.conf import SearchSettings
from search.encoders.pictures import ImageSpec
from search.encoders.sessions import load_artifact
from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import COLOURS, write_catalogue
from training.evaluation.contact_sheet import THUMBNAIL
from training.evaluation.evaluators import ArtifactModel, Setting
from training.evaluation.shopper_photos import (
    CANDIDATES,
    WEIGHTS,
    Photo,
    _sample,
    ranked_by_photo,
    read_answers,
    read_photos,
    shopper_photos,
)

SPEC = ImageSpec(width=6, height=8)


def write_photos(folder, photos, *, extra=(), kids=()):
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
        for name, label in [*[row[:2] for row in photos], *extra]:
            writer.writerow([name, label, "True" if name in kids else "False"])
    return folder


def test_photos_are_read_and_bad_ones_named(tmp_path, capsys):
    photos = write_photos(
        tmp_path / "photos",
        [("a", "T-Shirt", "Red"), ("b", "Dress", "Blue")],
        extra=[("broken", "Hat"), ("gone", "Hat")],
    )
    read, pixels = read_photos(photos, SPEC)
    assert read == [Photo("a", "T-Shirt", kids=False), Photo("b", "Dress", kids=False)]
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


PHOTOS = [
    ("a", "T-Shirt", "Red"),
    ("b", "T-Shirt", "Blue"),
    ("c", "Shoes", "Blue"),
    ("d", "T-Shirt", "Green"),
]


def test_places_in_the_first_ten_are_counted_by_label(model, tmp_path):
    # 48 squares of four colours, all t-shirts but the blue ones, which are shoes.
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    photos = write_photos(tmp_path / "photos", PHOTOS, kids=("b",))
    figures = shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))
    # Each photo's ten nearest are of its own colour, of which there are twelve.
    assert similar(figures) == {
        "shopper_photos all": section(4, 3 / 4, (3 * 0.75 + 0.25) / 4),
        "shopper_photos all, adults": section(3, 1.0, (2 * 0.75 + 0.25) / 3),
        "shopper_photos all, kids": section(1, 0.0, 0.75),
        "shopper_photos all, Shoes": section(1, 1.0, 0.25),
        "shopper_photos all, T-Shirt": section(3, 2 / 3, 0.75),
    }
    assert list(similar(figures))[-2:] == ["shopper_photos all, Shoes", "shopper_photos all, T-Shirt"]


def similar(figures):
    """The sections in the order of similarity."""
    return {name: section for name, section in figures.items() if " ranked" not in name}


def test_the_numbers_of_the_order_are_those_of_the_search():
    settings = SearchSettings()
    weights = {name: getattr(settings.weights, name) for name in WEIGHTS}
    assert (weights, settings.candidates) == (WEIGHTS, CANDIDATES)


def test_the_order_of_the_search_goes_by_what_most_of_the_nearest_are(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    photos = write_photos(tmp_path / "photos", PHOTOS)
    figures = shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))
    ranked = {name.replace(" ranked", ""): part for name, part in figures.items() if " ranked" in name}
    assert ranked.keys() == similar(figures).keys()
    products = [SimpleNamespace(category=kind, subcategory="", article_type="") for kind in "AABBB"]
    asked = np.array([[1.0, 0.0]])
    pictures = np.array([[1.0, 0.0], [0.7, 0.714], [0.98, 0.199], [0.97, 0.243], [0.96, 0.28]])
    none = np.zeros_like(pictures)
    # One of the kind A is nearest, but more of the near ones are of the kind B.
    assert ranked_by_photo(asked, products, pictures, none)[0].tolist() == [2, 3, 4, 0, 1]
    texts = np.array([[1.0, 0.0], *none[1:]])
    assert ranked_by_photo(asked, products, pictures, texts)[0].tolist() == [0, 2, 3, 4, 1]


def section(photos, share, chance):
    shares = dict.fromkeys(("precision@1", "precision@10", "success@10"), pytest.approx(share))
    return {"gallery": 48, "photos": photos, **shares, "chance": pytest.approx(chance)}


def test_the_lowest_label_of_many_photos_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setattr("training.evaluation.shopper_photos.LEAST_PHOTOS", 2)
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    lower = [*PHOTOS, ("e", "Shirt", "Blue"), ("f", "Polo", "Red"), ("g", "Polo", "Red")]
    photos = write_photos(tmp_path / "photos", lower)
    with gzip.open(data / "products.csv.gz", "rt", encoding="utf-8") as file:
        table = file.read().replace("Tshirts,Black", "Shirts,Black")
    with gzip.open(data / "products.csv.gz", "wt", encoding="utf-8") as file:
        file.write(table)
    figures = shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))
    # The photo of a shirt is lower still, but it is only one.
    assert [name.partition(", ")[2] for name in similar(figures)][2:] == [
        "Polo",
        "Shoes",
        "T-Shirt",
        "Shirt",
        "lowest: T-Shirt",
    ]
    assert "shopper_photos all ranked, lowest: T-Shirt" in figures
    assert figures["shopper_photos all, lowest: T-Shirt"] == figures["shopper_photos all, T-Shirt"]


def test_large_pictures_are_the_gallery_where_there_are_any(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue", large=range(24))
    photos = write_photos(tmp_path / "photos", PHOTOS)
    setting = Setting(data=data, cache=tmp_path / "cache", photos=photos)
    figures = shopper_photos(model, setting)
    assert figures["shopper_photos large"]["gallery"] == 24
    # Of six blue pictures all are found, and then others, which are right for a t-shirt and wrong for shoes.
    assert figures["shopper_photos large, Shoes"]["precision@10"] == pytest.approx(0.6)
    every = shopper_photos(model, replace(setting, gallery="all"))
    assert every["shopper_photos all"]["gallery"] == 48


def test_a_table_that_says_nothing_of_kids_has_no_such_sections(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue")
    photos = write_photos(tmp_path / "photos", PHOTOS)
    table = (photos / "photos.csv").read_text().splitlines()
    (photos / "photos.csv").write_text("\n".join(line.rpartition(",")[0] for line in table))
    figures = shopper_photos(model, Setting(data=data, cache=tmp_path / "cache", photos=photos))
    assert not [name for name in figures if "kids" in name or "adults" in name]


def test_the_sheet_shows_a_photo_and_its_first_ten(model, tmp_path):
    data = write_catalogue(tmp_path / "shop", 48, footwear="Blue", large=range(48))
    photos = write_photos(tmp_path / "photos", PHOTOS)
    setting = Setting(
        data=data, cache=tmp_path / "cache", photos=photos, sheet=tmp_path / "new" / "sheet.png"
    )
    shopper_photos(model, setting)
    with Image.open(setting.sheet) as sheet:
        pixels = np.asarray(sheet).astype(int)
    middle_y, middle_x = THUMBNAIL.height // 2, THUMBNAIL.width // 2
    step_y, step_x = pixels.shape[0] // 4, THUMBNAIL.width + 6
    found = [
        [pixels[6 + middle_y + line * step_y, 6 + middle_x + n * step_x] for n in range(11)]
        for line in range(4)
    ]
    # By label: the shoes, then the t-shirts in the order of the table; each with ten results of its own colour.
    for line, colour in zip(found, ("Blue", "Red", "Blue", "Green"), strict=True):
        assert np.abs(np.array(line) - COLOURS[colour]).max() < 12


def test_another_seed_draws_other_photos():
    photos = [Photo(str(number), "Hat") for number in range(200)]
    assert _sample(photos, 1) == _sample(photos, 1)
    assert len(_sample(photos, 1)) == 32
    assert _sample(photos, 1) != _sample(photos, 2)
