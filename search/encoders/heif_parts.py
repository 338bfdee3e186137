"""The boxes of a HEIC or AVIF file: what its picture is made of, added up before a decoder is asked.

Layout: ISO/IEC 14496-12 (boxes), 23008-12 (items, grids), https://aomediacodec.github.io/av1-avif/ .
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import error as Cut  # noqa: N812 - what unpacking says of bytes that are not there
from struct import unpack_from
from typing import BinaryIO, NamedTuple

from ..exceptions import PictureError
from .av1_parts import announced_pixels

HEIF_BEGIN = 64  # bytes at the beginning of a file that name its format
MOST_BOXES = 2_000  # a phone's picture of 24 megapixels has about 250, most of them for its tiles
MOST_LINKS = 20_000  # references, places and properties of items, each counted
MOST_DEEP = 10  # boxes inside one another; those of films have seven
MOST_FRAMES = 10_000  # of an animation, whose tables are read though its first frame alone is shown
MOST_CODED = 30_000_000  # pixels of one item: 25 megapixels, and what encoders fill up
MOST_DECODED = 110_000_000  # pixels of canvas and tiles, twice where there is transparency: 25 megapixels, and some padding
LEAST_DECODED = 65_536  # pixels that the decoder of HEIC allows for each item whatever it states
MOST_DERIVED = 3  # steps from a picture to what is coded: turned, of tiles, a tile
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF = {b"avif", b"avis"}
_ANY = {b"mif1", b"msf1"}  # which Pillow opens as AVIF, too
_CONTAINERS = {  # bytes before the boxes in them
    b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"grpl": 0, b"dinf": 0, b"moov": 0, b"trak": 0, b"edts": 0,
    b"mdia": 0, b"minf": 0, b"stbl": 0, b"stsd": 8, b"dref": 8,
}  # fmt: skip
_CODED, _DERIVED = (b"hvc1", b"av01"), (b"grid", b"iden")
_PACKED = (b"cmpC", b"icef")  # what may be small in the file and of any size afterwards
_FRAME_TABLES = {b"stsz": 8, b"stz2": 8, b"stts": 4, b"ctts": 4, b"stsc": 4, b"stco": 4, b"co64": 4}
_ONCE = {  # how deep, and in what
    b"pitm": (0, b"meta"), b"iinf": (0, b"meta"), b"iref": (0, b"meta"), b"iprp": (0, b"meta"), b"iloc": (0, b"meta"),
    b"idat": (0, b"meta"), b"ipco": (1, b"iprp"),
}  # fmt: skip
_TWICE = "The picture is damaged: it is described twice."
_IS_PACKED = "The picture is packed once more, as no camera or program writes it."


class Box(NamedTuple):
    """A box of a file, without its header."""

    kind: bytes
    start: int
    end: int
    parent: bytes
    outer: int  # where its parent's content starts
    depth: int


@dataclass(slots=True)
class _Items:
    """What the boxes say of the items of a picture."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    sizes: list[tuple[int, int]] = field(
        default_factory=list
    )  # of the properties, in their order; mostly 0, 0
    properties: dict[int, list[int]] = field(default_factory=dict)
    made_of: dict[int, list[int]] = field(default_factory=dict)
    beside: dict[int, list[int]] = field(default_factory=dict)  # transparency, depth
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def size(self, item: int) -> tuple[int, int]:
        """Width and height that an item states; 0 where it states none."""
        numbers = [number for number in self.properties.get(item, ()) if 0 < number <= len(self.sizes)]
        return max(
            (self.sizes[number - 1] for number in numbers), key=lambda size: size[0] * size[1], default=(0, 0)
        )


def heif_format(begin: bytes) -> str | None:
    """Return "HEIF" or "AVIF" by the brands in a file's first bytes, or None where it is neither.

    Args:
        begin: the first HEIF_BEGIN bytes of the file, or more.
    """
    if begin[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(begin[:4], "big"), len(begin))
    brands = [begin[8:12], *(begin[at : at + 4] for at in range(16, end - 3, 4))]
    for brand in brands:
        if brand in _AVIF or brand in _HEIC:
            return "AVIF" if brand in _AVIF else "HEIF"
    return "AVIF" if brands[0] in _ANY else None


def walk_heif(file: BinaryIO) -> tuple[int, int] | None:
    """Refuse a HEIC or AVIF file that has more parts, or more pixels behind what it states, than a picture needs.

    Args:
        file: a seekable binary file at its beginning; it is left anywhere.

    Returns:
        Width and height in pixels that the picture states, before it is turned; None for an animation that
        states none beside its frames.

    Raises:
        PictureError: it has too many parts, is a film, is packed, or damaged.
    """
    content = file.read()
    moves = heif_format(content[:HEIF_BEGIN]) == "AVIF"  # of the others, only still pictures are shown
    items, frames = _Items(), 0
    try:
        outermost = [box for box in boxes(content, 0, len(content)) if not box.depth or box.kind == b"trak"]
        for box in outermost:
            if box.kind == b"trak":
                frames += 1
                start, length = _first_frame(content, box)
                if moves:
                    _refuse_pixels(announced_pixels(content[start : start + length]), MOST_CODED)
        described = [box for box in outermost if box.kind == b"meta" and not box.depth]
        if len(described) > 1:
            raise PictureError(_TWICE)
        for box in described:
            items = _read(content, box)
            if (size := items.size(items.primary))[0] * size[1] > MOST_CODED:
                return size  # which is refused by itself
            _refuse_pixels(_pixels(content, items, items.primary, {}))
        if not described and not (moves and frames):
            raise PictureError("The file holds no still picture.")
    except (Cut, IndexError) as error:
        raise PictureError("The picture is damaged: it breaks off among its boxes.") from error
    return items.size(items.primary) if described else None


def boxes(content: bytes, at: int, end: int, kind: bytes = b"") -> Iterator[Box]:
    """Find the boxes in a part of a file, each before those in it.

    Args:
        content: the file.
        at: where the first box begins, in bytes.
        end: where the last one ends.
        kind: of the box around them.

    Raises:
        PictureError: there are too many, or they stand too deep in one another.
    """
    waiting = [(at, end, kind, at, 0)]
    count = 0
    while waiting:
        at, end, parent, outer, depth = waiting.pop()
        _refuse_more(depth, MOST_DEEP, "boxes inside one another")
        while at + 8 <= end:
            size, kind = unpack_from(">I4s", content, at)
            start = at + 8
            if size == 1:
                (size,) = unpack_from(">Q", content, start)
                start += 8
            count += 1
            _refuse_more(count, MOST_BOXES, "boxes")
            until = min(at + size, end) if size else end
            if until < start:
                raise PictureError("The picture is damaged: one of its boxes ends before it begins.")
            yield Box(kind, start, until, parent, outer, depth)
            if kind in _CONTAINERS and start < until:
                inner = start + _CONTAINERS[kind] + (2 if kind == b"iinf" and content[start] else 0)
                waiting.append((inner, until, kind, start, depth + 1))
            at = until


def _first_frame(content: bytes, track: Box) -> tuple[int, int]:
    """Where the first frame of a track stands, and how many bytes it has."""
    place = length = 0
    for box in boxes(content, track.start, track.end):
        if box.kind in _FRAME_TABLES:
            (entries,) = unpack_from(">I", content, box.start + _FRAME_TABLES[box.kind])
            _refuse_more(entries, MOST_FRAMES, "frames")
            if box.kind == b"stsz":
                (length,) = unpack_from(">I", content, box.start + 4)
                length = length or (_number(content, box.start + 12, 4) if entries else 0)
            elif box.kind in (b"stco", b"co64") and entries:
                place = _number(content, box.start + 8, 4 if box.kind == b"stco" else 8)
    return place, length


def _read(content: bytes, described: Box) -> _Items:
    """What the description of a picture says of its items."""
    items = _Items()
    found: dict[bytes, Box] = {}
    inside = boxes(content, described.start + _CONTAINERS[b"meta"], described.end, b"meta")
    for box in inside:
        where = (box.depth, box.parent)
        if box.kind in _PACKED:
            raise PictureError(_IS_PACKED)
        if _ONCE.get(box.kind) == where:
            if box.kind in found:
                raise PictureError(_TWICE)
            found[box.kind] = box
        if where == (2, b"ipco"):
            items.sizes.append(unpack_from(">II", content, box.start + 4) if box.kind == b"ispe" else (0, 0))
        elif where == (1, b"iinf"):
            _read_entry(content, box, items)
        elif where == (1, b"iref"):
            _read_references(content, box, items)
        elif where == (1, b"iprp") and box.kind == b"ipma":
            _read_properties(content, box, items)
    if b"pitm" not in found:
        raise PictureError("The file holds no still picture.")
    at = found[b"pitm"].start
    items.primary = _number(content, at + 4, 4 if content[at] else 2)
    held = found[b"idat"].start if b"idat" in found else 0
    if b"iloc" in found:
        _read_places(content, found[b"iloc"], items, held)
    return items


def _read_entry(content: bytes, box: Box, items: _Items) -> None:
    """An item's number and kind."""
    wide = 4 if content[box.start] > 2 else 2
    at = box.start + 4 + wide + 2
    if content[box.start] < 2:
        return  # of old files, without a kind: no decoder shows it
    kind = content[at : at + 4]
    item = _number(content, box.start + 4, wide)
    if item in items.kinds:
        raise PictureError(_TWICE)
    items.kinds[item] = kind
    if kind == b"mime" and any(content[at + 4 : box.end].split(b"\0")[2:3]):
        raise PictureError(_IS_PACKED)


def _read_references(content: bytes, box: Box, items: _Items) -> None:
    if box.kind not in (b"dimg", b"auxl"):
        return
    wide = 4 if content[box.outer] else 2
    first = _number(content, box.start, wide)
    (count,) = unpack_from(">H", content, box.start + wide)
    others = [_number(content, box.start + wide + 2 + wide * n, wide) for n in range(count)]
    if box.kind == b"dimg":
        items.made_of.setdefault(first, []).extend(others)
    else:
        for other in others:
            items.beside.setdefault(other, []).append(first)
    _refuse_more(
        sum(map(len, items.made_of.values())) + sum(map(len, items.beside.values())), MOST_LINKS, "references"
    )


def _read_properties(content: bytes, box: Box, items: _Items) -> None:
    wide = 4 if content[box.start] else 2
    far = 2 if content[box.start + 3] & 1 else 1
    (count,) = unpack_from(">I", content, box.start + 4)
    _refuse_more(count, MOST_LINKS, "properties")
    at, seen = box.start + 8, 0
    for _ in range(count):
        item, many = _number(content, at, wide), content[at + wide]
        seen += many
        _refuse_more(seen, MOST_LINKS, "properties")
        at += wide + 1
        masked = (1 << (8 * far - 1)) - 1  # the first bit says whether it must be understood
        numbers = [_number(content, at + far * n, far) & masked for n in range(many)]
        items.properties.setdefault(item, []).extend(numbers)
        at += far * many


def _read_places(content: bytes, box: Box, items: _Items, held: int) -> None:
    """Where the bytes of each item stand."""
    version = content[box.start]
    sizes, more = content[box.start + 4], content[box.start + 5]
    offset_wide, length_wide, base_wide = sizes >> 4, sizes & 15, more >> 4
    index_wide = more & 15 if version else 0
    wide = 4 if version == 2 else 2
    at = box.start + 6
    count = _number(content, at, wide)
    _refuse_more(count, MOST_BOXES, "items")
    at, seen = at + wide, 0
    for _ in range(count):
        item = _number(content, at, wide)
        at += wide
        method = content[at + 1] & 15 if version else 0
        at += (2 if version else 0) + 2  # and which file
        base = _number(content, at, base_wide) + (held if method == 1 else 0)
        (extents,) = unpack_from(">H", content, at + base_wide)
        at += base_wide + 2
        seen += extents
        _refuse_more(seen, MOST_LINKS, "places")
        found: list[tuple[int, int]] = []
        for _ in range(extents):
            start = base + _number(content, at + index_wide, offset_wide)
            length = _number(content, at + index_wide + offset_wide, length_wide)
            found.append((start, length or max(0, len(content) - start)))
            at += index_wide + offset_wide + length_wide
        if sum(length for _, length in found) > len(content):
            raise PictureError("The picture is damaged: one of its parts is longer than the file.")
        if item in items.places:
            raise PictureError(_TWICE)
        items.places[item] = found


def _pixels(content: bytes, items: _Items, item: int, known: dict[int, int], depth: int = 0) -> int:
    """How many pixels are decoded for an item at most: its own, those it is made of, and those that lie beside it."""
    if item in known:
        return known[item]
    kind = items.kinds.get(item, b"")
    if depth > MOST_DERIVED or kind not in (*_CODED, *_DERIVED):
        raise PictureError("The picture is put together in a way that is not read.")
    width, height = items.size(item)
    own = max(width * height, LEAST_DECODED)
    if kind == b"av01":
        own = max(own, announced_pixels(_bytes_of(content, items, item)))
    elif kind == b"grid":
        own = max(own, _grid_pixels(_bytes_of(content, items, item)))
    _refuse_pixels(own, MOST_CODED)
    known[item] = own  # an item that is made of itself counts once
    parts = (*items.made_of.get(item, ()), *items.beside.get(item, ()))
    total = own
    for part in parts:
        if items.kinds.get(part) in (*_CODED, *_DERIVED):
            total += _pixels(content, items, part, known, depth + 1)
            _refuse_pixels(total)
    known[item] = total
    return total


def _refuse_pixels(pixels: int, most: int = MOST_DECODED) -> None:
    if pixels > most:
        raise PictureError(
            f"The picture is made of {pixels // 1_000_000:,} megapixels, more than its size needs."
        )


def _bytes_of(content: bytes, items: _Items, item: int) -> bytes:
    return b"".join(content[start : start + length] for start, length in items.places.get(item, ()))


def _grid_pixels(body: bytes) -> int:
    """Pixels of the canvas that tiles are laid on."""
    width, height = unpack_from(">II" if body[1] & 1 else ">HH", body, 4)
    pixels: int = width * height
    return pixels


def _number(content: bytes, at: int, size: int) -> int:
    if at + size > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + size], "big")


def _refuse_more(count: int, most: int, what: str) -> None:
    if count > most:
        raise PictureError(f"The picture has more than {most:,} {what}, as no camera or program writes it.")
