"""HEIC and AVIF files that break programs: huge behind what they state, of thousands of items, deep in one another, mislabelled."""

import io
import struct
from functools import cache

from PIL import Image
from pillow_heif import from_pillow

from tests.abuse.photos import photo

HUGE = 30_000  # pixels of a side


def box(kind: bytes, *bodies: bytes, full: int | None = None) -> bytes:
    """A box; a full one has a version."""
    body = b"".join(bodies)
    if full is not None:
        body = struct.pack(">I", full << 24) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def entry(item: int, kind: bytes, rest: bytes = b"\0") -> bytes:
    """What a description says of one item."""
    return box(b"infe", struct.pack(">HH4s", item, 0, kind), rest, full=2)


def described(
    kinds: dict[int, bytes], *more: bytes, made_of: dict[int, tuple[int, ...]] | None = None, sides: int = 64
) -> bytes:
    """A file of items of these kinds, the last of which is the picture, each of the same size."""
    entries = [entry(item, kind) for item, kind in kinds.items()]
    links = [
        box(b"dimg", struct.pack(f">HH{len(parts)}H", item, len(parts), *parts))
        for item, parts in (made_of or {}).items()
    ]
    owners = b"".join(struct.pack(">HBB", item, 1, 1) for item in kinds)
    properties = box(
        b"iprp",
        box(b"ipco", box(b"ispe", struct.pack(">II", sides, sides), full=0)),
        box(b"ipma", struct.pack(">I", len(kinds)), owners, full=0),
    )
    last = struct.pack(">H", max(kinds))
    inner = [
        box(b"pitm", last, full=0),
        box(b"iinf", struct.pack(">H", len(entries)), *entries, full=0),
        box(b"iref", *links, full=0),
        properties,
        *more,
    ]
    return begin(b"heic") + box(b"meta", *inner, full=0)


def begin(brand: bytes) -> bytes:
    """The first box of a file, which names its brand."""
    return box(b"ftyp", brand, bytes(4), b"mif1", brand)


@cache
def heic(**options: object) -> bytes:
    """A HEIC picture."""
    file = io.BytesIO()
    from_pillow(photo(128, 128)).save(file, **options)
    return file.getvalue()


@cache
def avif() -> bytes:
    """An AVIF picture."""
    file = io.BytesIO()
    photo().save(file, "AVIF")
    return file.getvalue()


@cache
def moving() -> bytes:
    """An AVIF animation of three frames."""
    file = io.BytesIO()
    photo().save(file, "AVIF", save_all=True, append_images=[photo().rotate(90), photo().rotate(180)])
    return file.getvalue()


@cache
def flat() -> bytes:
    """An AVIF picture of 31 megapixels in 4 kB."""
    file = io.BytesIO()
    Image.new("L", (6_100, 5_100)).save(file, "AVIF", speed=10)
    return file.getvalue()


def claiming(content: bytes, width: int, height: int) -> bytes:
    """The file with another size stated wherever it states one."""
    patched = bytearray(content)
    at = patched.find(b"ispe")
    while at >= 0:
        patched[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = patched.find(b"ispe", at + 1)
    return bytes(patched)


def after(content: bytes, name: bytes, skipped: int, value: int) -> bytes:
    """The file with another number of 32 bits so many bytes behind a box's name."""
    at = content.index(name) + 4 + skipped
    return content[:at] + struct.pack(">I", value) + content[at + 4 :]


def bombs() -> dict[str, bytes]:
    """Small files that claim to be huge, or are huge behind what they claim."""
    tiled = heic(tile_size=64)
    canvas = b"\0\0\1\1" + struct.pack(">HH", 128, 128)
    assert canvas in tiled
    doubled = dict.fromkeys(range(2, 40), b"iden")
    return {
        "HEIC that claims 900 megapixels": claiming(heic(), HUGE, HUGE),
        "AVIF that claims 900 megapixels": claiming(avif(), HUGE, HUGE),
        "AVIF of 31 megapixels": flat(),
        "AVIF of 31 megapixels that claims 64 x 64": claiming(flat(), 64, 64),
        "HEIC whose tiles lie on 4,294 megapixels": tiled.replace(
            canvas, b"\0\0\1\1" + struct.pack(">HH", 65535, 65535)
        ),
        "HEIC of 400 tiles of 25 megapixels": described(
            {**dict.fromkeys(range(1, 401), b"hvc1"), 401: b"iden"},
            made_of={401: tuple(range(1, 401))},
            sides=5_000,
        ),
        "HEIC that doubles itself 38 times": described(
            {1: b"hvc1", **doubled}, made_of={item: (item - 1, item - 1) for item in doubled}
        ),
    }


def floods() -> dict[str, bytes]:
    """Files of thousands of parts."""
    nested = b""
    for _ in range(1_000):
        nested = box(b"meta", nested, full=0)
    place = struct.pack(">HHHIH", 1, 0, 0, 0, 60_000) + bytes(60_000 * 8)
    whole = struct.pack(">HHHIH", 1, 0, 0, 0, 9) + 9 * struct.pack(">II", 0, 400)
    return {
        "HEIC of 5,000 items": described(dict.fromkeys(range(1, 5001), b"hvc1")),
        "HEIC of boxes": begin(b"heic") + box(b"free") * 500_000,
        "HEIC of boxes in boxes": begin(b"heic") + nested,
        "HEIC whose data stand in 60,000 places": described(
            {1: b"hvc1"}, box(b"iloc", b"\x44\x40", struct.pack(">H", 1), place, full=1)
        ),
        "HEIC whose data are longer than it": described(
            {1: b"hvc1"}, box(b"iloc", b"\x44\x40", struct.pack(">H", 1), whole, full=1)
        ),
        "HEIC of 16,777,216 properties": after(heic(), b"ipma", 4, 1 << 24),
        "HEIC of references": described({1: b"hvc1", 2: b"iden"}, made_of={2: (1,) * 30_000}),
        "AVIF of 20,000,000 frames": after(moving(), b"stsz", 8, 20_000_000),
        "AVIF of 20,000,000 times": after(moving(), b"stts", 4, 20_000_000),
    }


def others() -> dict[str, bytes]:
    """Mislabelled, packed, cut within a box, described twice; some of these are pictures."""
    heif, av1 = heic(), avif()
    meta = heif[heif.index(b"meta") - 4 : heif.index(b"mdat") - 4]
    return {
        "HEIC with the brand of AVIF": heif.replace(b"heic", b"avif"),
        "AVIF with the brand of HEIC": av1.replace(b"avif", b"heic"),
        "HEIC with an unknown brand": heif.replace(b"heic", b"abcd").replace(b"mif1", b"abcd"),
        "HEIC with the brand of any": heif.replace(b"ftypheic", b"ftypmif1", 1),
        "film": begin(b"isom") + box(b"moov", box(b"trak")) + box(b"mdat", bytes(500)),
        "film with the brand of HEIC": begin(b"heic") + box(b"moov", box(b"trak")) + box(b"mdat", bytes(500)),
        "HEIC of nothing": begin(b"heic"),
        "HEIC of an empty description": begin(b"heic") + box(b"meta", full=0),
        "HEIC whose picture is missing": after(heif, b"pitm", 2, 0x00630000),
        "HEIC of a box that ends before it begins": begin(b"heic") + struct.pack(">I4s", 4, b"meta"),
        "HEIC of a box of 16 exabytes": begin(b"heic") + struct.pack(">I4sQ", 1, b"meta", 2**64 - 1),
        "HEIC described twice": heif + meta,
        "HEIC that is packed": described({1: b"unci"}, box(b"cmpC", full=0)),
        "HEIC of text that is packed": begin(b"heic")
        + box(
            b"meta",
            box(b"iinf", struct.pack(">H", 1), entry(1, b"mime", b"\0text\0deflate\0"), full=0),
            full=0,
        ),
        "HEIC of raw pixels": described({1: b"unci"}),
        "HEIC that is made of itself": described({1: b"iden"}, made_of={1: (1,)}),
    }
