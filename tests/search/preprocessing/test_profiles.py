"""Pictures of other colour spaces are seen as their originals in sRGB."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from search.encoders.pictures import open_picture, transform_to_srgb
from tests.abuse.photos import photo
from tests.colours import GAIN, press, wide


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
