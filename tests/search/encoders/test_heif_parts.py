"""HEIC and AVIF are taken within limits, upright, or refused with a sentence before a decoder sees them."""

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from search.encoders import pictures
from search.encoders.av1_parts import announced_pixels
from search.encoders.heif_parts import heif_format, walk_heif
from search.encoders.pictures import named_formats, open_picture
from search.exceptions import PictureError
from tests.abuse import bad_heif, bad_pictures
from tests.abuse.photos import photo, with_secrets
from tests.colours import wide
from tests.pace import slowness

MADE_OF = "megapixels, more than its size needs."
MORE = "as no camera or program writes it."
REFUSED = {
    "HEIC that claims 900 megapixels": "has 30000 x 30000 pixels; the limit is 25 megapixels.",
    "AVIF that claims 900 megapixels": "has 30000 x 30000 pixels; the limit of an AVIF picture is 16 megapixels.",
    "AVIF of 31 megapixels": "has 6100 x 5100 pixels; the limit of an AVIF picture is 16 megapixels.",
    "AVIF of 31 megapixels that claims 64 x 64": f"is made of 31 {MADE_OF}",
    "HEIC whose tiles lie on 4,294 megapixels": f"is made of 4,294 {MADE_OF}",
    "HEIC of 400 tiles of 25 megapixels": f"is made of 125 {MADE_OF}",
    "HEIC that doubles itself 38 times": "is put together in a way that is not read.",
    "HEIC of 5,000 items": f"has more than 2,000 boxes, {MORE}",
    "HEIC of boxes": f"has more than 2,000 boxes, {MORE}",
    "HEIC of boxes in boxes": f"has more than 10 boxes inside one another, {MORE}",
    "HEIC whose data stand in 60,000 places": f"has more than 20,000 places, {MORE}",
    "HEIC whose data are longer than it": "is damaged: one of its parts is longer than the file.",
    "HEIC of 16,777,216 properties": f"has more than 20,000 properties, {MORE}",
    "HEIC of references": f"has more than 20,000 references, {MORE}",
    "AVIF of 20,000,000 frames": f"has more than 10,000 frames, {MORE}",
    "AVIF of 20,000,000 times": f"has more than 10,000 frames, {MORE}",
    "HEIC whose picture is missing": "is put together in a way that is not read.",
    "HEIC of a box that ends before it begins": "is damaged: one of its boxes ends before it begins.",
    "HEIC described twice": "is damaged: it is described twice.",
    "HEIC that is packed": f"is packed once more, {MORE}",
    "HEIC of text that is packed": f"is packed once more, {MORE}",
    "HEIC of raw pixels": "is put together in a way that is not read.",
}
NOT_STILL = ("film with the brand of HEIC", "HEIC of nothing", "HEIC of an empty description", "HEIC of a box of 16 exabytes")  # fmt: skip


def everything():
    return bad_heif.bombs() | bad_heif.floods() | bad_heif.others()


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_once(name):
    content = everything()[name]
    begun = time.thread_time()
    with pytest.raises(PictureError) as refused:
        open_picture(io.BytesIO(content))
    assert time.thread_time() - begun < 0.2 * slowness()
    assert str(refused.value) == f"The picture {REFUSED[name]}"


@pytest.mark.parametrize("name", NOT_STILL)
def test_what_holds_no_picture_is_told_so(name):
    with pytest.raises(PictureError, match="The file holds no still picture"):
        open_picture(io.BytesIO(everything()[name]))


@pytest.mark.parametrize(
    "name", ["HEIC with the brand of AVIF", "AVIF with the brand of HEIC", "HEIC that is made of itself"]
)
def test_what_the_decoders_refuse_is_damaged(name):
    with pytest.raises(PictureError, match="The picture is damaged: "):
        open_picture(io.BytesIO(everything()[name]))


@pytest.mark.parametrize("name", ["film", "HEIC with an unknown brand"])
def test_other_brands_are_no_pictures(name):
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture"):
        open_picture(io.BytesIO(everything()[name]))


def test_every_bad_file_has_its_test():
    assert everything().keys() == {
        *REFUSED, *NOT_STILL, "HEIC with the brand of AVIF", "AVIF with the brand of HEIC", "HEIC that is made of itself",
        "film", "HEIC with an unknown brand", "HEIC with the brand of any",
    }  # fmt: skip


def test_a_brand_that_any_may_have_is_read_by_the_next_one():
    assert open_picture(io.BytesIO(everything()["HEIC with the brand of any"])).size == (128, 128)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_it_is_turned_upright_once(format, orientation):
    turned = open_picture(io.BytesIO(with_secrets(photo(), format, orientation)))
    assert turned.size == photo().size
    assert np.abs(np.asarray(turned).astype(int) - np.asarray(photo())).mean() < 2


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_what_is_transparent_lies_on_white(format):
    clear = photo().convert("RGBA")
    clear.putalpha(Image.new("L", clear.size, 0))
    assert open_picture(io.BytesIO(bad_pictures.written(clear, format))).getextrema() == ((255, 255),) * 3


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_wider_colours_become_those_of_srgb(format):
    stated = bad_pictures.written(photo(), format, icc_profile=wide())
    png = bad_pictures.written(photo(), "PNG", icc_profile=wide())
    wanted = np.asarray(open_picture(io.BytesIO(png))).astype(int)
    assert np.abs(np.asarray(open_picture(io.BytesIO(stated))) - wanted).mean() < 3
    assert np.abs(np.asarray(photo()) - wanted).mean() > 5


def test_of_tiles_and_of_an_animation_the_picture_is_read():
    tiled = bad_pictures.written(photo(200, 300), "HEIF", tile_size=64)
    assert walk_heif(io.BytesIO(tiled)) == (200, 300)
    assert (
        np.abs(np.asarray(open_picture(io.BytesIO(tiled))).astype(int) - np.asarray(photo(200, 300))).mean()
        < 2
    )
    moved = np.asarray(open_picture(io.BytesIO(bad_heif.moving()))).astype(int)
    assert np.abs(moved - np.asarray(photo())).mean() < 2


def test_formats_are_told_by_brands():
    assert heif_format(bad_heif.heic()) == "HEIF"
    assert heif_format(bad_heif.avif()) == heif_format(bad_heif.moving()) == "AVIF"
    assert heif_format(bad_heif.begin(b"isom")) is None
    assert heif_format(b"\xff\xd8") is None


def sequence_header(width, height, bits, *, reduced=False):
    """A part of AV1 data that announces frames of this size, stated in so many bits."""
    before = "0001" + ("1" + "00000" if reduced else "00000000" + "0" * 12 + "00001")
    stated = f"{bits - 1:04b}{bits - 1:04b}{width - 1:0{bits}b}{height - 1:0{bits}b}"
    body = before + stated
    body += "0" * (-len(body) % 8)
    content = int(body, 2).to_bytes(len(body) // 8, "big")
    return bytes([1 << 3 | 2, len(content)]) + content


def test_announced_pixels():
    assert announced_pixels(b"") == 0
    assert announced_pixels(sequence_header(640, 480, 10)) == 640 * 480
    assert announced_pixels(sequence_header(640, 480, 16, reduced=True)) == 640 * 480
    # So many bits let a frame state 65,536 pixels of a side, whatever the header says.
    assert announced_pixels(sequence_header(640, 480, 16)) == 65_536**2
    assert announced_pixels(b"\x12\0" + sequence_header(8, 8, 4) + sequence_header(100, 90, 7)) == 9_000
    with pytest.raises(PictureError, match="has more than 2,000 coded parts"):
        announced_pixels(b"\x12\0" * 2_001)
    with pytest.raises(PictureError, match="states no size of its data"):
        announced_pixels(b"\x0a" + b"\xff" * 9)


def test_a_size_of_bytes_is_read_to_the_end():
    body = struct.pack(">I4s", 0, b"meta") + bytes(4)
    with pytest.raises(PictureError, match="holds no still picture"):
        walk_heif(io.BytesIO(bad_heif.begin(b"heic") + body))


def test_without_the_package_heic_is_told_by_its_name(monkeypatch):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    with pytest.raises(PictureError, match="HEIC needs the package pillow-heif"):
        open_picture(io.BytesIO(bad_heif.heic()))
    assert open_picture(io.BytesIO(bad_heif.avif())).size == photo().size
    assert named_formats() == "JPEG, PNG, WebP, GIF or AVIF"
