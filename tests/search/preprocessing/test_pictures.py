import io
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from search.encoders.pictures import open_picture
from search.exceptions import PictureError


def encoded(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    file.seek(0)
    return file


@pytest.fixture
def flag():
    """Red above blue, wider than high."""
    image = Image.new("RGB", (40, 20), (200, 30, 30))
    image.paste((30, 30, 200), (0, 10, 40, 20))
    return image


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_accepted_format_opens(flag, format):
    picture = open_picture(encoded(flag, format))
    assert (picture.mode, picture.size) == ("RGB", (40, 20))
    assert picture.getpixel((20, 2)) == pytest.approx((200, 30, 30), abs=12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(flag, orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = flag.transpose(undo[orientation]) if orientation in undo else flag
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(np.asarray(picture), np.asarray(flag))


def test_transparency_becomes_white():
    picture = open_picture(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"))
    assert picture.getpixel((1, 1)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_becomes_white_there():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([9, 9, 9, 200, 30, 30])
    image.putpixel((0, 0), 0)
    picture = open_picture(encoded(image, "PNG", transparency=0))
    assert (picture.getpixel((0, 0)), picture.getpixel((2, 2))) == ((255, 255, 255), (200, 30, 30))


def test_sixteen_bit_grey_keeps_its_tones():
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    picture = np.asarray(open_picture(encoded(Image.fromarray(ramp), "PNG")))[..., 0].reshape(-1)
    assert np.abs(picture.astype(int) - np.arange(256)).max() <= 1


def test_a_large_jpeg_may_be_decoded_smaller_but_not_too_small():
    file = encoded(Image.new("RGB", (1200, 1600), (10, 200, 10)), "JPEG")
    picture = open_picture(file, at_least=(60, 80))
    assert picture.size == (150, 200)


def test_a_text_file_is_refused():
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or GIF"):
        open_picture(io.BytesIO(b"<svg onload=alert(1)>" * 9))


def test_an_empty_file_is_refused():
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or GIF"):
        open_picture(io.BytesIO(b""))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_cut_file_is_refused(format, share):
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    whole = encoded(Image.fromarray(noise), format).getvalue()
    with pytest.raises(PictureError):
        open_picture(io.BytesIO(whole[: int(len(whole) * share)]))


def test_a_tiny_file_with_a_huge_canvas_is_refused_before_it_costs_memory():
    bits = (16383 - 1) | (10800 - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + b"\0" * 5
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    file = io.BytesIO(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk)
    tracemalloc.start()
    with pytest.raises(PictureError, match="16383 x 10800 pixels"):
        open_picture(file)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_png_over_the_limit_is_refused_by_its_header():
    file = encoded(Image.new("1", (6000, 5000)), "PNG")
    with pytest.raises(PictureError, match="the limit is 25 megapixels"):
        open_picture(file)
