"""Files of too many parts are refused before a decoder walks through them one by one."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from search.encoders.picture_parts import Scans, walk_parts
from search.encoders.pictures import open_picture
from search.exceptions import PictureError
from tests.pace import slowness

EIGHT_MB = 8_000_000
SECONDS = 0.5  # of this thread, on a quick machine; most take a hundredth


def written(format, size=(64, 64), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size, 128 if mode == "L" else (200, 30, 30)).save(file, format, **options)
    return file.getvalue()


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_with(part):
    whole = written("JPEG")
    return whole[:2] + part * (EIGHT_MB // len(part)) + whole[2:]


def png_with(part):
    whole = written("PNG")
    return whole[:33] + part * (EIGHT_MB // len(part)) + whole[33:]


def webp_with(part):
    whole = written("WEBP") + part * (EIGHT_MB // len(part))
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def gif_with(part):
    whole = written("GIF")
    at = whole.index(b"\x2c")
    return whole[:at] + part * (EIGHT_MB // len(part)) + whole[at:]


SEGMENTS = "The picture has more than 2,000 segments, as no camera or program writes it."
CHUNKS = "The picture has more than 2,000 chunks, as no camera or program writes it."
BLOCKS = "The picture has more than 4,000 blocks, as no camera or program writes it."
FLOODS = {
    "comments of a JPEG": (lambda: jpeg_with(b"\xff\xfe\x00\x02"), SEGMENTS),
    "EXIF of a JPEG": (
        lambda: jpeg_with(segment(0xE1, b"Exif\0\0a")),
        "The picture has more than 100 EXIF segments, as no camera or program writes it.",
    ),
    "profiles of a JPEG": (lambda: jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\1")), SEGMENTS),
    "markers alone in a JPEG": (lambda: jpeg_with(b"\xff\xd0"), SEGMENTS),
    "beginnings in a JPEG": (lambda: jpeg_with(b"\xff\xd8"), SEGMENTS),
    "EXIF in what Pillow takes for no segment": (
        lambda: jpeg_with(segment(0xF0, segment(0xE1, b"Exif\0\0a") * 5_000)),
        "The picture has more than 100 EXIF segments, as no camera or program writes it.",
    ),
    "junk in a JPEG": (
        lambda: jpeg_with(b"junk"),
        "The picture has more than 65,536 bytes between its segments, as no camera or program writes it.",
    ),
    "fill bytes in a JPEG": (
        lambda: jpeg_with(b"\xff"),
        "The picture has more than 65,536 bytes between its segments, as no camera or program writes it.",
    ),
    "private chunks of a PNG": (lambda: png_with(chunk(b"prVt")), CHUNKS),
    "texts of a PNG": (lambda: png_with(chunk(b"tEXt", b"a\0b")), CHUNKS),
    "empty pixels of a PNG": (lambda: png_with(chunk(b"IDAT")), CHUNKS),
    "chunks of a WebP": (lambda: webp_with(b"abcd\0\0\0\0"), CHUNKS),
    "comments of a GIF": (lambda: gif_with(b"\x21\xfe\x01a\0"), BLOCKS),
    "one comment of a GIF": (lambda: gif_with(b"\x21\xfe" + b"\x01a" * 3_999_998 + b"\0"), BLOCKS),
    "bytes between blocks of a GIF": (lambda: gif_with(b"a"), BLOCKS),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_refused_at_once(name):
    make, sentence = FLOODS[name]
    content = make()
    begun = time.thread_time()
    with pytest.raises(PictureError) as refused:
        open_picture(io.BytesIO(content))
    assert time.thread_time() - begun < SECONDS * slowness()
    assert str(refused.value) == sentence


def test_scans_are_counted_with_their_colours():
    assert walk_parts(io.BytesIO(written("JPEG"))) == Scans(1, 3)
    assert walk_parts(io.BytesIO(written("JPEG", mode="L"))) == Scans(1, 1)
    assert walk_parts(io.BytesIO(written("JPEG", progressive=True))) == Scans(10, 14)
    assert walk_parts(io.BytesIO(written("PNG"))) == Scans()
    assert walk_parts(io.BytesIO(b"\xff\xd8")) == Scans(cut_at=2)


def more_scans(content, times):
    """The last scan, which refines what is known already, again and again."""
    last = content.rindex(b"\xff\xc4", 0, content.rindex(b"\xff\xda"))
    return content[:-2] + content[last:-2] * times + content[-2:]


def test_a_hundred_scans_are_taken_and_no_more():
    grey = written("JPEG", mode="L", progressive=True)
    begun = walk_parts(io.BytesIO(grey)).times
    assert open_picture(io.BytesIO(more_scans(grey, 100 - begun))).size == (64, 64)
    with pytest.raises(PictureError, match="has more than 100 scans"):
        open_picture(io.BytesIO(more_scans(grey, 101 - begun)))


def test_scans_of_a_large_picture_are_fewer():
    grey = written("JPEG", size=(4990, 4990), mode="L", progressive=True, quality=50)
    begun = walk_parts(io.BytesIO(grey)).times
    assert open_picture(io.BytesIO(more_scans(grey, 32 - begun)), at_least=(60, 60)).size == (624, 624)
    with pytest.raises(PictureError, match="goes over its 4990 x 4990 pixels in too many scans"):
        open_picture(io.BytesIO(more_scans(grey, 33 - begun)), at_least=(60, 60))


def test_a_marker_is_found_where_blocks_of_the_file_meet():
    grey = written("JPEG", mode="L", progressive=True)
    begun = walk_parts(io.BytesIO(grey)).times
    last = grey.rindex(b"\xff\xda")
    for filled in (*range(50, 65), *range(65_582, 65_604)):
        padded = grey[:last] + bytes(filled) + more_scans(grey, 1)[last:]
        assert walk_parts(io.BytesIO(padded)).times == begun + 1


def test_pixels_in_chunks_of_a_kilobyte_are_taken():
    whole = written("PNG", size=(1200, 1200))
    at = whole.index(b"IDAT") - 4
    pixels = zlib.compress(zlib.decompress(whole[at + 8 : -16]), 0)
    split = b"".join(chunk(b"IDAT", pixels[n : n + 1000]) for n in range(0, len(pixels), 1000))
    assert split.count(b"IDAT") > 4_000
    assert open_picture(io.BytesIO(whole[:at] + split + whole[-12:])).getpixel((5, 5)) == (200, 30, 30)


def test_a_gif_that_moves_long_is_taken():
    noise = [Image.effect_noise((200, 200), 90) for _ in range(60)]
    file = io.BytesIO()
    noise[0].save(file, "GIF", save_all=True, append_images=noise[1:])
    assert file.tell() > 255 * 4_000
    file.seek(0)
    assert open_picture(file).size == (200, 200)


def test_sixteen_compressed_texts_are_taken_and_no_more():
    whole = written("PNG")
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000)))
    assert open_picture(io.BytesIO(whole[:33] + text * 16 + whole[33:])).size == (64, 64)
    with pytest.raises(PictureError, match="has more than 16 compressed texts"):
        open_picture(io.BytesIO(whole[:33] + text * 17 + whole[33:]))
