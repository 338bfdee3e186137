"""One photo, however it is stored: every orientation, format and colour mode is seen as the same."""

import io
import struct
import zlib

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from search.encoders.cache import encoders_for
from search.encoders.pictures import ImageSpec, open_picture, to_pixels
from tests.abuse.bad_pictures import written
from tests.abuse.photos import photo, with_secrets
from tests.search.indexed import add

SPEC = ImageSpec(width=48, height=64)
WITHIN = 2.0  # of 255, on average


def pixels(content):
    return to_pixels([open_picture(io.BytesIO(content), at_least=(SPEC.width, SPEC.height))], SPEC)[0].astype(
        int
    )


def deep(picture):
    """A PNG of 16 bits a colour, which Pillow cannot write itself."""
    values = (np.asarray(picture).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\x00" + row.tobytes() for row in values)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", *picture.size, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_orientation_is_seen_upright(format):
    expected = to_pixels([photo()], SPEC)[0].astype(int)
    for orientation in range(1, 9):
        seen = pixels(with_secrets(photo(), format, orientation))
        assert np.abs(seen - expected).mean() < WITHIN, orientation
    unturned = pixels(written(photo().transpose(Image.Transpose.FLIP_LEFT_RIGHT), format))
    assert np.abs(unturned - expected).mean() > 10 * WITHIN  # so that the photo tells


@pytest.mark.django_db
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_orientation_finds_the_same_first(client, indexed, tiny_artifact, format):
    embedding = encoders_for(indexed).encode_images([photo()])[0]
    add(indexed, "MINE", "What the photo shows", pictures=[list(map(float, embedding))])
    first = set()
    for orientation in range(1, 9):
        upload = SimpleUploadedFile("a.jpg", with_secrets(photo(), format, orientation))
        answer = client.post("/api/v1/search/photo/", {"image": upload})
        assert answer.status_code == 200, answer.content
        first.add(answer.json()["results"][0]["sku"])
    assert first == {"MINE"}


def halved():
    """The photo, its right half see-through, and what that looks like on white."""
    mask = Image.new("L", photo().size, 255)
    mask.paste(0, (48, 0, 96, 128))
    clear = photo().copy()
    clear.putalpha(mask)
    shown = photo().copy()
    shown.paste((255, 255, 255), (48, 0, 96, 128))
    return clear, shown


def test_transparency_is_white():
    clear, shown = halved()
    expected = to_pixels([shown], SPEC)[0].astype(int)
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        assert np.abs(pixels(written(clear, kind, **options)) - expected).mean() < WITHIN, kind


def test_grey_with_transparency_is_white():
    clear, shown = halved()
    expected = to_pixels([shown.convert("L").convert("RGB")], SPEC)[0].astype(int)
    assert np.abs(pixels(written(clear.convert("LA"), "PNG")) - expected).mean() < WITHIN


def srgb():
    return ImageCms.createProfile("sRGB")


SAVED = {
    "JPEG of CMYK": lambda: written(photo().convert("CMYK"), "JPEG", quality=95),
    "PNG of 16 bits": lambda: deep(photo()),
    "PNG with a palette": lambda: written(photo().quantize(256), "PNG"),
    "GIF": lambda: written(photo().quantize(256), "GIF"),
    "progressive JPEG": lambda: written(photo(), "JPEG", quality=95, progressive=True),
    "JPEG without subsampling": lambda: written(photo(), "JPEG", quality=95, subsampling=0),
    "JPEG of RGB": lambda: written(photo(), "JPEG", quality=95, keep_rgb=True),
    "JPEG with the profile of sRGB": lambda: written(
        photo(), "JPEG", quality=95, icc_profile=ImageCms.ImageCmsProfile(srgb()).tobytes()
    ),
    "WebP": lambda: written(photo(), "WEBP", quality=95),
    "AVIF": lambda: written(photo(), "AVIF", quality=95),
    "HEIC": lambda: written(photo(), "HEIF", quality=95),
    "HEIC in tiles": lambda: written(photo(), "HEIF", quality=95, tile_size=64),
    "PNG of opaque RGBA": lambda: written(photo().convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("name", SAVED)
def test_every_colour_mode_is_seen_as_its_original(name):
    expected = to_pixels([photo()], SPEC)[0].astype(int)
    assert np.abs(pixels(SAVED[name]()) - expected).mean() < WITHIN


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_greys_are_seen_as_their_original(mode):
    grey = photo().convert("1" if mode == "1" else "L")
    stored = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey
    expected = to_pixels([grey.convert("RGB")], SPEC)[0].astype(int)
    assert np.abs(pixels(written(stored, "PNG")) - expected).mean() < WITHIN
