"""What cameras wrote beside a picture is taken out; pixels, profile and orientation stay."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from shop.metadata import ORIENTATION, without_metadata
from tests.abuse.photos import SECRETS, photo, with_secrets

FORMATS = ("JPEG", "PNG", "WEBP")


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", FORMATS)
def test_the_place_goes_and_the_picture_stays_as_it_is(format, orientation):
    secret = with_secrets(photo(), format, orientation)
    assert any(word in secret for word in SECRETS)
    bare = without_metadata(secret)
    assert [word for word in SECRETS if word in bare] == []
    before, after = opened(secret), opened(bare)
    assert np.array_equal(np.asarray(before), np.asarray(after))
    stated = {ORIENTATION: orientation} if orientation > 1 else {}
    assert dict(after.getexif()) == stated
    assert np.array_equal(
        np.asarray(ImageOps.exif_transpose(before)), np.asarray(ImageOps.exif_transpose(after))
    )
    assert without_metadata(bare) == bare


@pytest.mark.parametrize("format", FORMATS)
def test_a_colour_profile_stays(format):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    photo().save(file, format, icc_profile=profile, exif=Image.Exif())
    assert opened(without_metadata(file.getvalue())).info["icc_profile"] == profile


@pytest.mark.parametrize(
    ("format", "options"), [("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("GIF", {})]
)
def test_a_picture_without_any_is_returned_as_it_is(format, options):
    file = io.BytesIO()
    photo().save(file, format, **options)
    assert without_metadata(file.getvalue()) == file.getvalue()


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_hidden_behind_a_picture_goes(format):
    file = io.BytesIO()
    photo().save(file, format)
    assert without_metadata(file.getvalue() + b"PK\x03\x04 a second file") == file.getvalue()


def test_texts_of_a_png_and_the_comment_of_a_jpeg_go():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Somebody")
    texts.add_itxt("XML:com.adobe.xmp", "Somebody", zip=True)
    png, jpeg = io.BytesIO(), io.BytesIO()
    photo().save(png, "PNG", pnginfo=texts)
    photo().save(jpeg, "JPEG", comment="Somebody")
    for file in (png, jpeg):
        assert b"Somebody" in file.getvalue()
        assert b"Somebody" not in without_metadata(file.getvalue())


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_anywhere_is_no_error(format):
    whole = with_secrets(photo(), format, 6)
    for length in range(0, len(whole), 97):
        assert isinstance(without_metadata(whole[:length]), bytes)
