"""What cameras wrote beside a picture is taken out; pixels, profile and orientation stay."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, ImageSequence, PngImagePlugin

from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from shop.metadata import ORIENTATION, stored_form, without_metadata
from tests.abuse import bad_heif, bad_pictures
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
    ("format", "options"),
    [
        ("JPEG", {"progressive": True}),
        ("JPEG", {"restart_marker_rows": 1}),
        ("PNG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("GIF", {"transparency": 3}),
    ],
)
def test_a_picture_without_any_is_returned_as_it_is(format, options):
    file = io.BytesIO()
    photo().save(file, format, **options)
    assert without_metadata(file.getvalue()) == file.getvalue()


@pytest.mark.parametrize("format", [*FORMATS, "GIF"])
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


@pytest.mark.parametrize("format", [*FORMATS, "GIF"])
def test_a_file_cut_anywhere_is_no_error(format):
    whole = bad_pictures.written(photo(), "GIF") if format == "GIF" else with_secrets(photo(), format, 6)
    for length in range(0, len(whole), 97):
        assert isinstance(without_metadata(whole[:length]), bytes)


PLACE = b"GPSLatitude 12.97"


def in_jpeg(marker, body):
    whole = bad_pictures.written(photo(), "JPEG")
    return whole[:20] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + whole[20:]


def in_png(kind, at=33):
    whole = bad_pictures.written(photo(), "PNG")
    chunk = struct.pack(">I", len(PLACE)) + kind + PLACE + struct.pack(">I", zlib.crc32(kind + PLACE))
    return whole[:at] + chunk + whole[at:]


def in_webp(kind, **options):
    whole = bad_pictures.written(photo(), "WEBP", **options)
    whole += kind + struct.pack("<I", len(PLACE)) + PLACE + b"\0"
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def in_frame_of_webp():
    """A private chunk inside the first frame of an animation."""
    whole = bad_pictures.others()["WebP that moves"]
    at = whole.index(b"ANMF")
    size = int.from_bytes(whole[at + 4 : at + 8], "little")
    end, inner = at + 8 + size, b"abcd" + struct.pack("<I", len(PLACE)) + PLACE + b"\0"
    frame = b"ANMF" + struct.pack("<I", size + len(inner)) + whole[at + 8 : end] + inner
    body = whole[8:at] + frame + whole[end:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def in_gif(block):
    whole = bad_pictures.written(photo(), "GIF")
    at = 13 + 3 * 256  # behind the header and its table of colours
    assert whole[at] == ord(",")
    return whole[:at] + block + whole[at:]


SUB_BLOCK = bytes([len(PLACE)]) + PLACE
HIDDEN = {
    "preview in JFIF": lambda: in_jpeg(0xE0, b"JFIF\0\1\1\0\0\1\0\1\2\3" + PLACE + b"x"),
    "JFXX": lambda: in_jpeg(0xE0, b"JFXX\0\x10" + PLACE),
    "CIFF": lambda: in_jpeg(0xE0, b"II\x1a\0\0\0HEAPJPGM" + PLACE),
    "FlashPix": lambda: in_jpeg(0xE2, b"FPXR\0" + PLACE),
    "EXIF in the place of a profile": lambda: in_jpeg(0xE2, b"Exif\0\0" + PLACE),
    "another APP14": lambda: in_jpeg(0xEE, b"Other" + PLACE),
    "behind Adobe's transform": lambda: in_jpeg(0xEE, b"Adobe\0\x64\0\0\0\0\1" + PLACE),
    "between segments": lambda: (whole := in_jpeg(0xFE, b""))[:20] + PLACE + whole[20:],
    "behind the pixels of a JPEG": lambda: bad_pictures.written(photo(), "JPEG") + PLACE,
    "C2PA of a PNG": lambda: in_png(b"caBX"),
    "EXIF as PNG once had it": lambda: in_png(b"zxIf"),
    "Fireworks": lambda: in_png(b"prVW"),
    "any chunk of a PNG": lambda: in_png(b"abCd"),
    "in the end of a PNG": lambda: in_png(b"IEND", -12),
    "C2PA of a WebP": lambda: in_webp(b"C2PA"),
    "XMP misspelt": lambda: in_webp(b"XMP\0"),
    "any chunk of a WebP": lambda: in_webp(b"abcd", exif=Image.Exif()),
    "in a frame of a WebP": in_frame_of_webp,
    "comment of a GIF": lambda: in_gif(b"\x21\xfe" + SUB_BLOCK + b"\0"),
    "XMP of a GIF": lambda: in_gif(
        b"\x21\xff\x0bXMP DataXMP" + PLACE + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    ),
    "behind the loops of a GIF": lambda: in_gif(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0" + SUB_BLOCK + b"\0"),
    "behind the time of a frame": lambda: in_gif(b"\x21\xf9\x04\0\0\0\0" + SUB_BLOCK + b"\0"),
    "text of a GIF": lambda: in_gif(b"\x21\x01" + SUB_BLOCK + b"\0"),
    "between blocks of a GIF": lambda: in_gif(b"GPSLatitude 12.97"),
}


@pytest.mark.parametrize("place", HIDDEN)
def test_no_place_of_a_file_keeps_it(place):
    secret = HIDDEN[place]()
    assert b"Latitude 12.97" in secret
    bare = without_metadata(secret)
    assert b"Latitude 12.97" not in bare
    assert np.array_equal(np.asarray(opened(secret)), np.asarray(opened(bare)))
    assert without_metadata(bare) == bare


def decoded(content):
    try:
        return open_picture(io.BytesIO(content)).tobytes()
    except PictureError:
        return None


def test_every_picture_that_can_be_decoded_is_decoded_the_same():
    same = 0
    for name, content in bad_pictures.every().items():
        if pixels := decoded(content):
            assert decoded(without_metadata(content)) == pixels, name
            same += 1
    assert same >= len(bad_pictures.modes()) + 5


@pytest.mark.parametrize("format", ["PNG", "WebP", "GIF"])
def test_what_moves_goes_on_moving(format):
    content = bad_pictures.others()[f"{format} that moves"]
    before, after = opened(content), opened(without_metadata(content))
    assert before.n_frames == after.n_frames > 1
    assert after.info["loop"] == before.info["loop"] if "loop" in before.info else "loop" not in after.info
    for one, other in zip(ImageSequence.Iterator(before), ImageSequence.Iterator(after), strict=True):
        assert np.array_equal(np.asarray(one.convert("RGBA")), np.asarray(other.convert("RGBA")))
        assert one.info.get("duration") == other.info.get("duration")


def test_a_gif_that_loops_goes_on_doing_so():
    file = io.BytesIO()
    photo().save(file, "GIF", save_all=True, append_images=[photo().rotate(180)], loop=0)
    assert without_metadata(file.getvalue()) == file.getvalue()
    assert opened(file.getvalue()).info["loop"] == 0


def test_a_megabyte_of_fill_bytes_takes_no_time():
    whole = bad_pictures.written(photo(), "JPEG")
    filled = whole[:-2] + b"\xff" * 1_000_000 + b"\x00" + whole[-2:]
    begun = time.thread_time()
    bare = without_metadata(filled)
    assert time.thread_time() - begun < 0.5
    assert bare == filled


def test_an_orientation_that_a_private_chunk_states_is_none():
    whole = bad_pictures.written(photo(), "PNG")
    body = b'tiff:Orientation="6"'
    chunk = struct.pack(">I", len(body)) + b"caBX" + body + struct.pack(">I", zlib.crc32(b"caBX" + body))
    assert without_metadata(whole[:33] + chunk + whole[33:]) == whole


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_that_exif_calls_upright_is_not_turned_by_what_xmp_has_kept(format):
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    options = {"exif": exif}
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    if format == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    else:
        options["xmp"] = xmp
    assert (
        ORIENTATION
        not in opened(without_metadata(bad_pictures.written(photo(), format, **options))).getexif()
    )
    del exif[ORIENTATION]
    turned = without_metadata(bad_pictures.written(photo(), format, **options))
    assert opened(turned).getexif()[ORIENTATION] == 6


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_heic_and_avif_become_an_upright_jpeg_without_any(format, orientation):
    secret = with_secrets(photo(), format, orientation)
    assert any(word in secret for word in SECRETS)
    content, name = stored_form(secret, "products/IMG_1.Old.heic")
    assert name == "products/IMG_1.Old.jpg"
    assert [word for word in SECRETS if word in content] == []
    stored = opened(content)
    assert (stored.format, stored.mode, stored.size) == ("JPEG", "RGB", photo().size)
    assert dict(stored.getexif()) == {}
    assert np.abs(np.asarray(stored).astype(int) - np.asarray(photo())).mean() < 2
    assert stored_form(content, name) == (content, name)


def test_other_formats_stay_what_they_are():
    for kind in (*FORMATS, "GIF"):
        content = bad_pictures.written(photo(), kind)
        assert stored_form(content, f"a.{kind}") == (content, f"a.{kind}")


def test_heic_that_cannot_be_decoded_is_not_stored():
    for content in (bad_heif.heic()[:-40], bad_heif.bombs()["AVIF of 31 megapixels"]):
        with pytest.raises(PictureError):
            stored_form(content, "a.heic")
