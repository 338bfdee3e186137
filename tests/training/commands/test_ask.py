import pytest
from PIL import Image

from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import COLOURS, write_catalogue
from training.__main__ import main


@pytest.fixture
def ask(tmp_path, capsys):
    write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "shop", 64)

    def run(*arguments):
        folders = ["--data", str(data), "--cache", str(tmp_path)]
        status = main(["ask", str(tmp_path / "artifact"), *arguments, *folders])
        return status, capsys.readouterr()

    return run


def test_texts_and_pictures_are_told_apart(ask, tmp_path):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (60, 80), COLOURS["Red"]).save(photo)
    status, printed = ask("green", str(photo), "--count", "3")
    assert status == 0
    text, picture = printed.out.split(str(photo))
    assert "similar words" in text
    assert "tags" in picture
    assert picture.count("Alder Red Tshirt") == 3  # the nearest pictures are of its colour


def test_a_picture_that_cannot_be_read_is_named(ask, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8broken")
    status, printed = ask(str(tmp_path / "broken.jpg"))
    assert status == 2
    assert "python -m training ask" in printed.err


def test_a_count_of_nothing_is_refused(ask):
    status, printed = ask("green", "--count", "0")
    assert status == 2
    assert "--count is at least 1" in printed.err
