import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from search.encoders.pictures import open_picture, transform_to_srgb
from search.exceptions import PictureError
from tests.abuse.photos import photo
from tests.colours import GAIN, press, wide


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
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP, GIF, AVIF or HEIC"):
        open_picture(io.BytesIO(b"<svg onload=alert(1)>" * 9))


def test_an_empty_file_is_refused():
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP, GIF, AVIF or HEIC"):
        open_picture(io.BytesIO(b""))


@pytest.mark.parametrize(
    ("format", "share"),
    [("JPEG", 0.3), *((kind, share) for kind in ("PNG", "WEBP") for share in (0.3, 0.5, 0.9))],
)
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


# Pictures of other colour spaces are seen as their originals in sRGB.


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def written(picture, format, **options):
    file = io.BytesIO()
    picture.save(file, format, **options)
    file.seek(0)
    return file


def difference(picture, other=None):
    return np.abs(np.asarray(picture).astype(int) - np.asarray(other or photo()).astype(int)).mean()


def widened():
    return ImageCms.profileToProfile(
        photo(), ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(wide()))
    )


def printed():
    left = (np.asarray(photo()) / 255) ** (1 / GAIN)
    inks = np.concatenate([1 - left, np.zeros_like(left[..., :1])], axis=-1)
    return Image.fromarray((inks * 255).round().astype(np.uint8), mode="CMYK")


@pytest.mark.parametrize(
    ("format", "options"), [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"lossless": True})]
)
def test_a_picture_of_wider_colours_is_seen_as_its_original(format, options):
    assert difference(widened()) > 5
    picture = open_picture(written(widened(), format, icc_profile=wide(), **options))
    assert (picture.mode, difference(picture) < 2) == ("RGB", True)


def test_what_is_transparent_stays_white():
    clear = widened().convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 20, 20))
    picture = open_picture(written(clear, "PNG", icc_profile=wide()))
    assert picture.getpixel((5, 5)) == (255, 255, 255)


def test_inks_are_seen_as_their_press_prints_them():
    file = written(printed(), "JPEG", quality=95, icc_profile=press())
    assert difference(open_picture(written(printed(), "JPEG", quality=95))) > 5
    assert difference(open_picture(file)) < 2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_profile_of_srgb_changes_nothing(format):
    bare = open_picture(written(photo(), format))
    stated = open_picture(written(photo(), format, icc_profile=srgb()))
    assert stated.tobytes() == bare.tobytes()


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        wide()[:300],
        wide()[:132] + b"D2B0" + wide()[136:],
        wide() + bytes(4_000_000),
        wide()[:128] + b"\xff" * 4 + wide()[132:],
        press(),
    ],
)
def test_a_profile_that_cannot_be_used_changes_nothing(profile):
    assert transform_to_srgb(profile, "RGB") is None
    stated = open_picture(written(photo(), "WEBP", lossless=True, icc_profile=profile))
    assert stated.tobytes() == photo().tobytes()


def test_a_grey_picture_is_taken_as_it_is():
    grey = photo().convert("L")
    picture = open_picture(written(grey, "PNG", icc_profile=wide()))
    assert picture.tobytes() == grey.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("at_least", "size"), [(None, (1334, 1667)), ((1800, 2400), (1334, 1667)), ((100, 100), (200, 250))]
)
def test_a_large_picture_is_made_smaller_before_its_colours_are_turned(at_least, size):
    large = widened().resize((4000, 5000))
    picture = open_picture(written(large, "PNG", compress_level=1, icc_profile=wide()), at_least=at_least)
    assert picture.size == size
    assert difference(picture, photo().resize(size)) < 2


# PNGs of every depth that name one colour as transparent: it is white, and the others are themselves.


SIDE = 64
INSIDE = (slice(16, 48), slice(16, 48))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(rows, depth, colours, transparent):
    """A PNG of packed rows whose transparent colour is this one."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, depth, colours, 0, 0, 0))
        + chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def grey(depth, outside, inside):
    """A square of one grey on another, which is transparent."""
    values = np.full((SIDE, SIDE), outside)
    values[INSIDE] = inside
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in values]
    else:
        bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
    return png(rows, depth, 0, (outside,))


@pytest.mark.parametrize(
    ("depth", "outside", "inside", "seen"),
    [
        (1, 0, 1, 255),
        (1, 1, 0, 0),
        (2, 1, 2, 170),
        (2, 0, 1, 85),
        (4, 1, 7, 119),
        (4, 15, 0, 0),
        (8, 0, 100, 100),
        (16, 0, 30_000, 117),
        (16, 30_000, 30_001, 117),
        (16, 65_535, 0, 0),
    ],
)
def test_a_transparent_grey_is_white(depth, outside, inside, seen):
    expected = np.full((SIDE, SIDE, 3), 255)
    expected[INSIDE] = seen
    picture = open_picture(io.BytesIO(grey(depth, outside, inside)))
    assert np.array_equal(np.asarray(picture), expected)


@pytest.mark.parametrize("outside", [(10_000, 20_000, 30_000), (0, 0, 0), (65_535, 0, 256)])
def test_a_transparent_colour_of_sixteen_bits_is_white(outside):
    values = np.empty((SIDE, SIDE, 3), dtype=">u2")
    values[:] = outside
    values[INSIDE] = (60_000, 300, 25_700)
    expected = np.full((SIDE, SIDE, 3), 255)
    expected[INSIDE] = (60_000 >> 8, 300 >> 8, 25_700 >> 8)
    picture = open_picture(io.BytesIO(png([row.tobytes() for row in values], 16, 2, outside)))
    assert np.array_equal(np.asarray(picture), expected)


def test_a_colour_that_the_depth_cannot_hold_is_cut_to_it():
    rows = [bytes([0x11] * (SIDE // 2))] * SIDE
    assert open_picture(io.BytesIO(png(rows, 4, 0, (0xFF1,)))).getpixel((3, 3)) == (255, 255, 255)
    assert open_picture(io.BytesIO(png(rows, 4, 0, (0xFF2,)))).getpixel((3, 3)) == (17, 17, 17)
