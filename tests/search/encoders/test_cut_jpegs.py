"""JPEGs that are cut off: what is there is shown and the rest grey, as in browsers; of too little the file is refused."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageFile

from search.encoders.picture_parts import walk_parts
from search.encoders.pictures import cut_off, open_picture
from search.exceptions import PictureError
from tests.abuse.bad_pictures import written
from tests.abuse.photos import photo, with_secrets

SIZE = (300, 400)
KINDS = {
    "as usual": {},
    "progressive": {"progressive": True},
    "without subsampling": {"quality": 95, "subsampling": 0},
    "with restarts": {"restart_marker_rows": 2},
}


def share_of(image):
    """The percents that the sentence on a cut picture states."""
    found = re.fullmatch(r"The file is cut off: (\d+) % of the picture's rows are there\.", cut_off(image))
    assert found
    return int(found[1])


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_there_are_shown(kind, mode):
    whole = written(photo(*SIZE).convert(mode), "JPEG", **KINDS[kind])
    shown = np.asarray(open_picture(io.BytesIO(whole))).astype(int)
    assert cut_off(open_picture(io.BytesIO(whole))) == ""
    begin = whole.index(b"\xff\xda")
    shares = []
    for percent in range(99, 0, -3):
        content = whole[: begin + (len(whole) - begin) * percent // 100]
        for at_least in (None, (40, 50)):
            try:
                image = open_picture(io.BytesIO(content), at_least=at_least)
            except PictureError as error:
                assert re.fullmatch(r"The picture is damaged: .+\.", str(error)), percent  # noqa: PT017
                shares.append(0)
                continue
            shares.append(share_of(image))
            assert 50 <= shares[-1] <= 100
            if at_least is None:
                seen = np.asarray(image).astype(int)
                sure = int(SIZE[1] * shares[-1] / 100) - 40  # the last rows may be there in part
                wrong = np.abs(seen[:sure] - shown[:sure]).mean()
                assert wrong < (12 if kind == "progressive" else 0.5), (percent, wrong)
    assert shares[0] > 90
    assert 0 in shares
    full = shares[::2]
    assert full == sorted(full, reverse=True)


def test_only_the_end_is_missing():
    whole = written(photo(), "JPEG")
    for length in (1, 2):
        image = open_picture(io.BytesIO(whole[:-length]))
        assert share_of(image) == 100
        assert image.tobytes() == open_picture(io.BytesIO(whole)).tobytes()


def test_what_is_missing_is_grey():
    whole = written(photo(*SIZE), "JPEG", quality=95)
    image = open_picture(io.BytesIO(whole[: len(whole) * 3 // 4]))
    assert image.getpixel((299, 399)) == (128, 128, 128)
    assert image.getpixel((299, 20)) != (128, 128, 128)


def test_less_than_half_is_refused_with_what_there_is():
    whole = written(photo(*SIZE), "JPEG", quality=95)
    with pytest.raises(PictureError, match=r"^The picture is damaged: only \d\d % of its rows are there\.$"):
        open_picture(io.BytesIO(whole[: len(whole) // 3]))


def test_a_cut_among_the_tables_of_a_progressive_jpeg_keeps_the_scans_before():
    whole = written(photo(*SIZE), "JPEG", progressive=True)
    table = whole.rindex(b"\xff\xc4")  # of the last scan
    for content in (whole[: table + 3], whole[: table + 9], whole[: whole.rindex(b"\xff\xda") + 4]):
        assert share_of(open_picture(io.BytesIO(content))) == 100
    assert walk_parts(io.BytesIO(whole[: table + 9])).cut_at == table


def test_one_that_lies_on_its_side_is_turned_all_the_same():
    whole = with_secrets(photo(*SIZE), "JPEG", 6)
    assert open_picture(io.BytesIO(whole[: len(whole) * 9 // 10])).size == SIZE


def test_a_white_picture_that_lacks_its_end_is_whole():
    whole = written(Image.new("RGB", SIZE, "white"), "JPEG")
    assert share_of(open_picture(io.BytesIO(whole[:-2]))) == 100


def test_other_formats_are_refused_and_pillow_is_left_as_it_was():
    for kind in ("PNG", "WEBP", "AVIF", "HEIF"):
        whole = written(photo(), kind)
        with pytest.raises(PictureError, match="The picture is damaged"):
            open_picture(io.BytesIO(whole[: len(whole) * 9 // 10]))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
