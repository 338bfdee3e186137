import numpy as np
import pytest
from PIL import Image

from training.evaluation.contact_sheet import THUMBNAIL, Row, write_sheet

GREY = np.full((THUMBNAIL.height, THUMBNAIL.width, 3), 128, dtype=np.uint8)


def test_right_results_are_framed_green_and_wrong_ones_red(tmp_path):
    write_sheet(
        tmp_path / "sheet.png", [Row("Tröye ☂", GREY, [(GREY, "Tshirts", True), (GREY, "Hat", False)])]
    )
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    step = THUMBNAIL.width + 6
    frames = [pixels[5, 6 + n * step + 40].tolist() for n in range(3)]
    assert frames[0] == [255, 255, 255]  # the query has none
    assert frames[1][1] > frames[1][0]
    assert frames[2][0] > frames[2][1]


@pytest.mark.parametrize("name", ["sheet", "sheet.gif", "sheet.png.exe"])
def test_another_kind_of_file_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="A contact sheet is a file"):
        write_sheet(tmp_path / name, [Row("a", GREY, [(GREY, "b", True)])])
    assert list(tmp_path.iterdir()) == []
