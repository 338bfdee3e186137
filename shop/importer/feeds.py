"""Product feeds in XML, RSS and Atom: their items one by one, as rows of a table whose columns are the elements of Google's namespace."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TextIO
from xml.parsers import expat

from .cells import RowError
from .feed_items import ItemReader, encoded
from .product_files import (
    DAMAGED,
    FIELD_LIMIT,
    UTF16,
    ProductFileError,
    Row,
    Table,
    encoding_of,
    unzipped,
)

ITEMS = {"rss": "item", "RDF": "item", "feed": "entry"}  # by the root
CUT = "the file ends inside the item: it was cut off"
PIECE = 1 << 16  # characters read at once
BEGINNING = 4096  # bytes, in which a feed declares itself
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_DECLARED = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_BEGIN = re.compile(r"<\?xml\b|<!DOCTYPE\b|<(?:[\w.-]+:)?(?:rss|feed|RDF)\b")
_WHAT = {"<!--": "a comment", "<![CDATA[": "<![CDATA["}
_ENDS = {"<!--": re.compile("-->"), "<![CDATA[": re.compile(r"\]\]>")}
_ONE_BYTE = re.compile(r"(?:iso-?8859|latin|l\d|cp125|windows-125|us-ascii|ascii)", re.IGNORECASE)
_ANY_START = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])")
_LONGEST_MARK = 100  # characters


class _DoctypeError(Exception):
    """The feed has a DOCTYPE."""


def is_feed(path: Path) -> bool:
    """Whether a product file is XML, by its content, gzipped or not, whatever its name says."""
    try:
        with path.open("rb") as raw:
            begin = unzipped(raw).read(BEGINNING)
    except DAMAGED:
        return False  # whoever reads it as a table says so
    begin = begin.removeprefix(codecs.BOM_UTF8)
    for mark in UTF16:
        begin = begin.removeprefix(mark)
    if begin.replace(b"\0", b"").lstrip().startswith(b"<"):
        return True
    return path.name.lower().endswith((".xml", ".xml.gz")) and b"<?xml" in begin


@contextmanager
def open_feed(path: Path, columns: Sequence[str]) -> Iterator[Table]:
    """Open a product feed, of which one item at a time is held.

    Args:
        path: RSS 2.0, RSS 1.0 or Atom 1.0 in the encoding that it declares, gzipped if its first two bytes say so.
        columns: those that are known, to whose spelling upper and lower case of the elements are adapted.

    Yields:
        The table, whose rows have the lines on which items begin; `unused` and `warnings` grow while they are read.

    Raises:
        ProductFileError: no such file, no feed, a feed with a DOCTYPE, or in an encoding that is none.
    """
    try:
        raw: BinaryIO = path.open("rb")
    except OSError as error:
        raise ProductFileError(f"{path}: {error.strerror}.") from error
    with raw:
        encoding, warnings = _encoding(raw, path)
        errors = "strict" if encoding.startswith("utf-16") else "surrogateescape"
        text = _Text(io.TextIOWrapper(unzipped(raw), encoding=encoding, errors=errors))
        try:
            head = _head(text, path, warnings)
        except (*DAMAGED, UnicodeError) as error:
            raise ProductFileError(f"{path}: {error}.") from error
        reader = ItemReader(head.prefixes, columns)
        yield Table(_rows(text, head, reader), reader.unused, warnings, raw.tell)


def _encoding(raw: BinaryIO, path: Path) -> tuple[str, list[str]]:
    """The encoding, and warnings where it is not the one that the feed declares."""
    try:
        begin = unzipped(raw).read(BEGINNING)
    except DAMAGED as error:
        raise ProductFileError(f"{path}: {error}.") from error
    if begin.startswith(_UTF32):
        return "utf-32", []
    if begin.startswith(UTF16):
        return "utf-16", []
    for encoding in ("utf-16-le", "utf-16-be"):
        if begin.startswith("<".encode(encoding)):
            return encoding, []
    found = _DECLARED.search(begin)
    declared = found[1].decode("ascii") if found else "utf-8"
    try:
        name = codecs.lookup(declared).name
        is_text = "<".encode(name) == b"<"
    except LookupError:
        is_text = False
    if begin.startswith(codecs.BOM_UTF8) or _is_wide(declared):
        name, is_text = "utf-8", True  # the declaration itself could be read, so it is not in UTF-16
    if not is_text:
        raise ProductFileError(f"{path} declares the encoding {declared}, which is none; save it as UTF-8.")
    guessed, warnings = encoding_of(unzipped(raw))
    if name in ("utf-8", "ascii"):
        return guessed, list(warnings)
    if not _ONE_BYTE.match(name):
        return name, []
    if guessed != "cp1252" and not _is_ascii(raw):
        return guessed, [f"The file declares {declared} and is in UTF-8; it was read as UTF-8."]
    return ("cp1252" if name == "iso8859-1" else name), []  # as browsers do: its further signs are no others


def _is_wide(declared: str) -> bool:
    """Whether an encoding has two bytes and more for each character."""
    return declared.lower().replace("_", "-").startswith(("utf-16", "utf16", "utf-32", "ucs-2", "unicode"))


def _is_ascii(raw: BinaryIO) -> bool:
    data = unzipped(raw)
    try:
        while piece := data.read(PIECE):
            if not piece.isascii():
                return False
    except DAMAGED:
        pass  # whoever reads the items comes to the same place, and says so
    return True


class _Text:
    """A text read in pieces, of which is held what has not been taken; `line` is the line on which that begins."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.held = ""
        self.line = 1

    def find(self, pattern: re.Pattern[str], start: int = 0) -> re.Match[str] | None:
        """The next match from a place in what is held; None where the text ends, or at `FIELD_LIMIT` characters."""
        while True:
            if found := pattern.search(self.held, start):
                return found
            start = max(start, len(self.held) - _LONGEST_MARK)
            if len(self.held) > FIELD_LIMIT or not self.more():
                return None

    def skip_to(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The next match, before which nothing is held; None where the text ends."""
        while True:
            if found := pattern.search(self.held):
                self.take(found.start())
                return pattern.match(self.held)
            self.take(max(len(self.held) - _LONGEST_MARK, 0))
            if not self.more():
                return None

    def more(self) -> bool:
        """Read on; False at the end."""
        piece = self._file.read(PIECE)
        self.held += piece
        return bool(piece)

    def take(self, end: int) -> str:
        """Take what is held up to a place."""
        taken, self.held = self.held[:end], self.held[end:]
        self.line += taken.count("\n")
        return taken


@dataclass(slots=True)
class _Head:
    """What stands before the first item: the root, the name of items, the prefixes of namespaces."""

    root: str = ""
    closed: bool = False  # the root ends without an item
    prefixes: dict[str, str] = field(default_factory=dict)  # `xmlns:g` and its address

    @property
    def item(self) -> str:
        """The name of the element that is a product."""
        return ITEMS[self.root.rpartition(":")[2]]


def _head(text: _Text, path: Path, warnings: list[str]) -> _Head:
    begin = text.find(_BEGIN)
    if begin is None:
        raise ProductFileError(
            f"{path} is XML or HTML, and no product feed in RSS or Atom; if a spreadsheet has made it, save it as CSV in UTF-8."
        )
    if text.take(begin.start()).strip("\ufeff \t\n"):
        warnings.append(f"What stands before the beginning of the feed, on line {text.line}, was left out.")
    first = text.find(_ANY_START)
    source = text.held[: first.start()] if first else text.held[:FIELD_LIMIT]
    head, parser, at = _Head(), expat.ParserCreate("utf-8"), [0]

    def start(name: str, attributes: dict[str, str]) -> None:
        if not head.root:
            head.root, at[0] = name, parser.CurrentByteIndex
        head.prefixes |= {name: value for name, value in attributes.items() if name.startswith("xmlns")}

    def doctype(*_: object) -> None:
        raise _DoctypeError

    def end(name: str) -> None:
        head.closed = name == head.root

    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    reason = ""
    try:
        parser.Parse(encoded(source), False)
    except _DoctypeError:
        raise ProductFileError(
            f"{path} has a DOCTYPE, with which a file can name others and grow without end; a feed needs none: take it out."
        ) from None
    except expat.ExpatError as error:  # behind the root, as in the channel's own title, it does no harm
        reason = f" (line {text.line + error.lineno - 1}: {expat.ErrorString(error.code)})"
    if head.root.rpartition(":")[2] not in ITEMS:
        named = (
            f"its first element is <{head.root[:40]}>" if head.root else f"it has no first element{reason}"
        )
        raise ProductFileError(
            f"{path} is XML, and no product feed: {named}, not <rss> (RSS) or <feed> (Atom); if a"
            " spreadsheet has made it, save it as CSV in UTF-8."
        )
    text.take(
        len(encoded(source)[: at[0]].decode("utf-8", "surrogatepass"))
    )  # comments before the items are skipped later
    return head


def _rows(text: _Text, head: _Head, reader: ItemReader) -> Iterator[Row]:
    start = rf"<(?:[\w.-]+:)?{head.item}(?=[\s/>])"
    between = re.compile(rf"<!--|<!\[CDATA\[|(?P<start>{start})|(?P<end></{re.escape(head.root)}\s*>)")
    inside = re.compile(rf"<!--|<!\[CDATA\[|(?P<start>{start})|(?P<end></(?:[\w.-]+:)?{head.item}\s*>)")
    closed = head.closed
    try:
        while mark := text.skip_to(between):
            line = text.line
            if mark["start"]:
                fragment, fault = _item(text, inside)
                yield line, RowError(fault) if fault else reader.read(fragment, line)
                closed = closed or fault == CUT
                continue
            closed = closed or bool(mark["end"])
            text.take(mark.end())
            if not (mark["end"] or text.skip_to(_ENDS[mark[0]])):
                what = _WHAT[mark[0]]
                yield (
                    line,
                    RowError(f"{what} opens in this line and is not closed; what follows was not read"),
                )
                return
        if not closed:
            yield (
                text.line,
                RowError(f"the file ends before </{head.root}>: it was cut off, and items are missing"),
            )
    except DAMAGED as error:
        yield text.line, RowError(f"the file is damaged from here on: {error}")


def _item(text: _Text, inside: re.Pattern[str]) -> tuple[str, str]:
    """Take an item, or what there is of it with what is wrong with it; what follows it is left for the next."""
    opened = text.find(inside)
    at = opened.end() if opened else 0
    tag_end = text.find(re.compile(">"), at)
    if tag_end and text.held[tag_end.start() - 1] == "/":
        return text.take(tag_end.end()), ""
    while mark := text.find(inside, at):
        if mark["end"]:
            return text.take(mark.end()), ""
        if mark["start"]:
            text.take(mark.start())
            return "", "the item is not closed before the next one begins"
        closing = text.find(_ENDS[mark[0]], mark.end())
        stretch = text.held[mark.end() : closing.start() if closing else None]
        swallowed = next((found for found in inside.finditer(stretch) if found["end"]), None)
        if swallowed:
            text.take(mark.end() + swallowed.end())
            return "", f"{_WHAT[mark[0]]} opens in the item and is not closed in it"
        if not closing:
            break
        at = closing.end()
    if len(text.held) > FIELD_LIMIT:
        text.take(at)
        return "", f"the item has more than {FIELD_LIMIT} characters"
    text.take(len(text.held))
    return "", CUT
