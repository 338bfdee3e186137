"""One item of a product feed in XML: its elements become values by column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.parsers import expat
from xml.sax.saxutils import quoteattr  # nosec B406

from .cells import RowError
from .google import LISTS, PATHS
from .product_files import folded, unused_column

GOOGLE = "base.google.com/ns/1.0"
INSTEAD = {"summary": "description", "content": "description"}  # of Atom
_SPACES = re.compile(r"[ \t\n]+")  # not the no-break space, which would make another SKU of a SKU


def encoded(source: str) -> bytes:
    """The text for the parser, which refuses what is no text in the file's encoding."""
    return source.encode("utf-8", "surrogatepass")


class ItemReader:
    """Reads items into values by column, and collects in `unused` the elements that no column is read from.

    Args:
        prefixes: `xmlns:g` and its address, as the feed declares them.
        columns: those that are known, to whose spelling upper and lower case of the elements are adapted.
    """

    def __init__(self, prefixes: dict[str, str], columns: Sequence[str]) -> None:
        self._prefixes = {"xmlns:g": f"http://{GOOGLE}"} | prefixes
        self._known = {column.casefold(): column for column in columns}
        self._columns = frozenset(columns)
        self.unused: list[str] = []

    def read(self, fragment: str, line: int) -> dict[str, str] | RowError:
        """Read an item that begins on a line; an error where it is not well-formed or contradicts itself."""
        undeclared = {f"xmlns:{prefix}" for prefix in re.findall(r"</?([\w.-]+):", fragment)}
        prefixes = dict.fromkeys(undeclared, "urn:undeclared") | self._prefixes
        before = f"<items {' '.join(f'{name}={quoteattr(value)}' for name, value in prefixes.items())}>"
        element = _Element()
        try:
            element.parse(encoded(f"{before}{fragment}</items>"))
        except expat.ExpatError as error:
            return RowError(_fault(error, fragment, line))
        return self._values(element)

    def _values(self, element: _Element) -> dict[str, str] | RowError:
        values: dict[str, str] = {}
        for name, texts in (*element.plain.items(), *element.google.items()):  # what is Google's counts
            column = self._known.get(folded(name), name)
            if column in self._columns:
                try:
                    values[column] = _one(column, texts)
                except RowError as error:
                    return error
            elif column not in INSTEAD:
                self._unused(name)
        for name, column in INSTEAD.items():
            if name in element.plain and column not in values:
                values[column] = "\n".join(element.plain[name]).strip()
        for name in element.others:
            self._unused(name)
        return values

    def _unused(self, name: str) -> None:
        shown = unused_column(0, name, self._known)
        if shown not in self.unused:
            self.unused.append(shown)


def _one(column: str, texts: Sequence[str]) -> str:
    """The value of a column whose element may be repeated: a line for each."""
    stated = list(dict.fromkeys(filter(None, (_tidy(column, text) for text in texts))))
    if column in LISTS:
        return "\n".join(stated)
    if column in PATHS:  # of which Google takes the first
        return stated[0] if stated else ""
    if len(stated) > 1:
        raise RowError(
            f"{column} stands in the item twice, as {stated[0][:40]!r} and {stated[1][:40]!r}; take one of them out"
        )
    return "".join(stated)


def _tidy(column: str, text: str) -> str:
    """The text without the line breaks and spaces that only set it out."""
    return text.strip() if column == "description" else _SPACES.sub(" ", text).strip(" ")


def _fault(error: expat.ExpatError, fragment: str, line: int) -> str:
    at = line + error.lineno - 1
    if any("\ud800" <= character <= "\udfff" for character in fragment):
        return "the item holds bytes that are no text in the file's encoding; save the file as UTF-8"
    reason = f"the item is not well-formed XML (line {at}: {expat.ErrorString(error.code)})"
    source = (fragment.splitlines() or [""])[min(error.lineno, fragment.count("\n") + 1) - 1]
    if re.search(r"&(?!#?\w+;)", source):
        return f"{reason}; an & is written &amp;"
    if re.search(r"<(?![\w/!?])", source):
        return f"{reason}; a < is written &lt;"
    return reason


class _Element:
    """The elements of one item with their texts, by where their names come from: Google's namespace, none, or others."""

    def __init__(self) -> None:
        self.google: dict[str, list[str]] = {}
        self.plain: dict[str, list[str]] = {}
        self.others: list[str] = []
        self._depth = 0
        self._text: list[str] = []
        self._inner: dict[str, str] = {}  # of <product_detail>
        self._inner_from = 0

    def parse(self, source: bytes) -> None:
        """Parse the item, inside an element that declares the prefixes.

        Raises:
            ExpatError: it is not well-formed.
        """
        parser = expat.ParserCreate("utf-8", " ")
        parser.namespace_prefixes = True
        parser.UseForeignDTD(True)  # entities of HTML, such as &nbsp;, are handed over instead of refused
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text_of
        parser.SkippedEntityHandler = lambda name, _: self._text_of(f"&{name};")
        parser.Parse(source, True)

    def _text_of(self, text: str) -> None:
        self._text.append(text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 3:
            self._text, self._inner = [], {}
        elif self._depth == 4:
            self._inner_from = len(self._text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        # "address name prefix", without what there is not
        address, local, prefix, *_ = [*([] if " " in name else [""]), *name.split(" "), ""]
        if self._depth == 3:
            self._inner[local] = "".join(self._text[self._inner_from :]).strip()
        elif self._depth == 2:
            text = "".join(self._text)
            if local == "product_detail" and self._inner:
                parts = (
                    self._inner.get(part, "")
                    for part in ("section_name", "attribute_name", "attribute_value")
                )
                text = ":".join(_SPACES.sub(" ", part) for part in parts)
            if prefix == "g" or address.partition("://")[2].rstrip("/").lower() == GOOGLE:
                self.google.setdefault(local, []).append(text)
            elif not prefix:
                self.plain.setdefault(local, []).append(text)
            elif f"{prefix}:{local}" not in self.others:
                self.others.append(f"{prefix}:{local}")
