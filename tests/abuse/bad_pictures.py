"""Pictures that break programs, generated: cut, huge, hidden in one another, and in every mode."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image
from pillow_heif import from_pillow

from tests.abuse import bad_heif
from tests.abuse.photos import photo
from tests.colours import press, wide

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
SIDE = 4990  # times itself just below the limit of 25 megapixels
WEBP_SIDE = 3600  # and of 13
AVIF_SIDE = 3990  # and of 16
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def written(picture: Image.Image, format: str, **options: object) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    if format == "HEIF":
        from_pillow(picture).save(file, **options)
    else:
        picture.save(file, format, **options)
    return file.getvalue()


def cuts(format: str, percents: Iterator[int] | range = range(1, 100)) -> dict[str, bytes]:
    """A picture cut off at these percents of its length."""
    whole = written(photo(), format)
    return {f"{format} cut at {percent} %": whole[: len(whole) * percent // 100] for percent in percents}


def bombs() -> dict[str, bytes]:
    """Small files that claim to be huge, some with all the pixels."""
    jpeg = bytearray(written(photo(), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65500, 65500)
    gif = bytearray(written(photo(), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    lossless = b"\x2f" + struct.pack("<I", 16382 | 10799 << 14) + b"\0" * 5
    extended = struct.pack("<I", 0) + (16382).to_bytes(3, "little") * 2
    return {
        "JPEG that claims 4,290 megapixels": bytes(jpeg),
        "GIF that claims 4,295 megapixels": bytes(gif),
        "PNG that claims 4,611,686 terapixels": _png(2**31 - 1, 2**31 - 1, b""),
        "PNG of 64 megapixels in black": _png(8000, 8000, zlib.compress(bytes(8000 * 1001), 9)),
        "PNG with a megabyte of text": _png(
            8, 8, zlib.compress(bytes(16)), text=zlib.compress(bytes(90_000_000), 9)
        ),
        "WebP that claims 177 megapixels, lossless": _webp(b"VP8L", lossless),
        "WebP that claims 268 megapixels, extended": _webp(b"VP8X", extended),
    }


def floods() -> dict[str, bytes]:
    """Files of thousands of parts, and of scans that say nothing new."""
    jpeg, png, webp, gif = (written(photo(), kind) for kind in FORMATS[:4])
    grey = written(photo().convert("L"), "JPEG", progressive=True)
    scan = grey[grey.rindex(b"\xff\xc4", 0, grey.rindex(b"\xff\xda")) : -2]
    frame = 13 + 3 * 256  # behind the header and its table of colours
    private = struct.pack(">I", 0) + b"prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    chunks = webp[12:] + b"abcd\0\0\0\0" * 50_000
    return {
        "JPEG of 800 scans more": grey[:-2] + scan * 800 + grey[-2:],
        "JPEG of comments": jpeg[:2] + b"\xff\xfe\x00\x02" * 200_000 + jpeg[2:],
        "JPEG of EXIF": jpeg[:2] + b"\xff\xe1\x00\x09Exif\0\0a" * 50_000 + jpeg[2:],
        "JPEG of fill bytes": jpeg[:2] + b"\xff" * 200_000 + jpeg[2:],
        "PNG of chunks": png[:33] + private * 50_000 + png[33:],
        "WebP of chunks": webp[:4] + struct.pack("<I", 4 + len(chunks)) + webp[8:12] + chunks,
        "GIF of comments": gif[:frame] + b"\x21\xfe\x01a\0" * 50_000 + gif[frame:],
    }


def modes() -> dict[str, bytes]:
    """Every mode that the formats can hold; all of these are pictures."""
    of = {
        "JPEG": ("L", "RGB", "CMYK", "YCbCr"),
        "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
        "WEBP": ("RGB", "RGBA"),
        "GIF": ("L", "P"),
        "AVIF": ("L", "RGB", "RGBA"),
        "HEIF": ("L", "RGB", "RGBA"),
    }
    grey = photo().convert("L")
    return {
        f"{kind} of {mode}": written(
            grey.convert("I").convert("I;16") if mode == "I;16" else photo().convert(mode), kind
        )
        for kind, kinds in of.items()
        for mode in kinds
    }


def large() -> dict[str, bytes]:
    """Pictures just below the limit, which are decoded whole."""
    row = {"RGB": 3 * SIDE, "RGBA": 4 * SIDE, "grey of 16 bits": 2 * SIDE, "RGB of 16 bits": 6 * SIDE}
    header = {"RGB": (8, 2), "RGBA": (8, 6), "grey of 16 bits": (16, 0), "RGB of 16 bits": (16, 2)}
    made = {
        f"PNG of 25 megapixels of {kind}": _png(
            SIDE, SIDE, zlib.compress((b"\0" + b"\x77" * length) * SIDE, 1), kind=header[kind]
        )
        for kind, length in row.items()
    }
    whole = photo().resize((SIDE, SIDE))
    full = {"progressive": True, "subsampling": 0}
    turned = Image.Exif()
    turned[0x0112] = 6
    made["JPEG of 25 megapixels"] = written(whole, "JPEG", exif=turned)
    made["JPEG of 25 megapixels of CMYK"] = written(whole.convert("CMYK"), "JPEG")
    made["progressive JPEG of 25 megapixels"] = written(whole, "JPEG", progressive=True)
    made["progressive JPEG of 25 megapixels of RGB"] = written(whole, "JPEG", **full)
    made["progressive JPEG of 25 megapixels of CMYK"] = written(whole.convert("CMYK"), "JPEG", **full)
    made["GIF of 25 megapixels"] = written(whole.quantize(64), "GIF", transparency=3)
    wider = {"icc_profile": wide(), "compress_level": 1, "exif": turned}
    made["PNG of 25 megapixels in wider colours"] = written(whole, "PNG", **wider)
    whole.putalpha(whole.convert("L"))
    made["PNG of 25 megapixels in wider colours with transparency"] = written(whole, "PNG", **wider)
    made["JPEG of 25 megapixels of a press"] = written(
        whole.convert("RGB").convert("CMYK"), "JPEG", icc_profile=press(), exif=turned
    )
    whole = photo().resize((WEBP_SIDE, WEBP_SIDE))
    clear = whole.convert("RGBA")
    clear.putalpha(whole.convert("L"))
    quick = {"lossless": True, "quality": 0, "method": 0, "exif": turned}
    whole = photo().resize((SIDE, SIDE))
    made["HEIC of 25 megapixels"] = written(whole, "HEIF", quality=30)
    made["HEIC of 25 megapixels in tiles"] = written(whole, "HEIF", quality=30, tile_size=512)
    whole.putalpha(whole.convert("L"))
    made["HEIC of 25 megapixels with transparency"] = written(whole, "HEIF", quality=30)
    whole = photo().resize((AVIF_SIDE, AVIF_SIDE))
    made["AVIF of 16 megapixels"] = written(whole, "AVIF", speed=10, exif=turned)
    whole.putalpha(whole.convert("L"))
    made["AVIF of 16 megapixels with transparency"] = written(whole, "AVIF", speed=10)
    whole = photo().resize((WEBP_SIDE, WEBP_SIDE))
    made["WebP of 13 megapixels"] = written(whole, "WEBP", quality=20, method=0, exif=turned)
    made["WebP of 13 megapixels, lossless"] = written(whole, "WEBP", **quick)
    made["WebP of 13 megapixels with transparency"] = written(clear, "WEBP", **quick)
    return made


def others() -> dict[str, bytes]:
    """What is no picture, or more than one."""
    jpeg, png = written(photo(), "JPEG"), written(photo(), "PNG")
    frames = [photo(), photo().transpose(Image.Transpose.ROTATE_180)]
    moving = {"save_all": True, "append_images": frames * 3, "duration": 20}
    made = {
        "nothing": b"",
        "one byte": b"\xff",
        "zeros": bytes(2000),
        "SVG": SVG,
        "SVG of entities": b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 99 + b'">]><svg>' + b"&b;" * 999 + b"</svg>",
        "HTML": b"<html><script>alert(1)</script>",
        "ZIP": b"PK\x03\x04" + bytes(500),
        "PDF": b"%PDF-1.7\n" + bytes(500),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\n",
        "JPEG before HTML": jpeg + b"<script>alert(1)</script>",
        "GIF that is JavaScript": b"GIF89a/*" + bytes(200) + b"*/=1;alert(1)",
        "PNG before ZIP": png + b"PK\x03\x04" + bytes(500),
        "HTML before JPEG": b"<script>alert(1)</script>" + jpeg,
        "JPEG with fill bytes among its pixels": jpeg[:-2] + b"\xff" * 200_000 + b"\x00" + jpeg[-2:],
        "JPEG with SVG as a comment": written(photo(), "JPEG", comment=SVG),
        "PNG without a palette": _png(8, 8, zlib.compress(bytes(72)), kind=(8, 3)),
        "PNG whose pixels are damaged": png[: len(png) // 2] + bytes(40) + png[len(png) // 2 + 40 :],
        "GIF that moves": written(frames[0].quantize(), "GIF", **moving),
        "PNG that moves": written(frames[0], "PNG", **moving),
        "WebP that moves": written(frames[0], "WEBP", **moving),
        "AVIF that moves": written(frames[0], "AVIF", **moving),
    }
    for kind in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "JPEG2000"):
        if kind in Image.SAVE:
            made[kind] = written(photo(), kind)
    return made


def every() -> dict[str, bytes]:
    """All of them that are small; of the cuts a few."""
    some = {name: content for kind in FORMATS for name, content in cuts(kind, range(1, 100, 14)).items()}
    return (
        some
        | bombs()
        | bad_heif.bombs()
        | floods()
        | bad_heif.floods()
        | modes()
        | others()
        | bad_heif.others()
    )


def _png(
    width: int, height: int, pixels: bytes, *, kind: tuple[int, int] = (1, 0), text: bytes = b""
) -> bytes:
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, *kind, 0, 0, 0))]
    if text:
        chunks.append((b"zTXt", b"Comment\0\0" + text))
    chunks += [(b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _webp(name: bytes, body: bytes) -> bytes:
    chunk = name + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
