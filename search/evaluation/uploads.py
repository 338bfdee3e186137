"""Files of judged queries that people upload: JSON lines as `evaluate_search` reads them, or a table with a header."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..exceptions import InvalidQuery
from ..models.insight import normalise
from ..models.judged import MOST_QUERIES, MOST_SKUS, NAME_LENGTH
from ..text import clean_text, storable
from .judged_queries import read_query

MOST_BYTES = 2_000_000  # what a form may carry on to the second step
LONGEST_SKU = 200  # characters
_SEPARATORS = ",;\t"
_BETWEEN_SKUS = re.compile(r"[|;,\n]")


class UploadError(ValueError):
    """A file cannot be read; the message names the line and what is wrong with it."""


def decode(data: bytes) -> str:
    """Return the text of a file.

    Raises:
        UploadError: it is too large or no text.
    """
    if len(data) > MOST_BYTES:
        raise UploadError(
            _("The file has more than %(size)d MB. Split it into several.")
            % {"size": MOST_BYTES // 1_000_000}
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UploadError(_("The file is not text in UTF-8. Save it as UTF-8.")) from error
    if "\0" in text:
        raise UploadError(_("The file is not text in UTF-8. Save it as UTF-8."))
    return text


def read_upload(text: str) -> list[dict[str, Any]]:
    """Read the text of a file of judged queries.

    Returns:
        An object per query, with "query", "kind", and "relevant" and "wrong" (SKUs in lower case) or "rule".

    Raises:
        UploadError: it is empty, or a line of it cannot be used.
    """
    rows = _json_lines(text) if text.lstrip()[:1] in ("{", "[") else _table(text)
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for line, content in rows:
        checked = _checked(line, content)
        query = normalise(checked["query"])
        if query in found:
            _unite(line, checked, *found[query])
        elif len(found) == MOST_QUERIES:
            raise UploadError(_("The file has more than %(count)d queries.") % {"count": MOST_QUERIES})
        else:
            found[query] = (line, checked)
    if not found:
        raise UploadError(_("The file has no query."))
    return [content for _line, content in found.values()]


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise _wrong(number, _("It is not JSON: %(error)s.") % {"error": error}) from error
        written = json.dumps(content, ensure_ascii=False)
        if storable(written) != written or "\\u0000" in written:
            raise _wrong(number, _("It has a character that no text has (NUL, or half a surrogate pair)."))
        if not isinstance(content, dict):
            raise _wrong(
                number, _('It is not an object such as {"query": "red shirt", "relevant": ["S-1"]}.')
            )
        if ("rule" in content) == ("relevant" in content):
            raise _wrong(number, _('Give either "relevant" or "rule".'))
        yield number, content


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _table(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    head = text.lstrip().partition("\n")[0]
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator)
    try:
        names = {str(name).strip().casefold(): name for name in reader.fieldnames or ()}
        given = names.get("relevant", names.get("sku"))
        if "query" not in names or given is None:
            raise _wrong(
                1, _("A table begins with a line of names: query, relevant, and perhaps kind and wrong.")
            )
        for row in reader:
            query = (row[names["query"]] or "").strip()
            if not any(row.values()):
                continue
            yield (
                reader.line_num,
                {
                    "query": query,
                    "kind": (row[names["kind"]] or "") if "kind" in names else "",
                    "relevant": _skus(row[given]),
                    "wrong": _skus(row[names["wrong"]]) if "wrong" in names else [],
                },
            )
    except csv.Error as error:
        raise _wrong(
            max(1, reader.line_num), _("It is not a line of a table: %(error)s.") % {"error": error}
        ) from error


def _skus(cell: str | None) -> list[str]:
    return [sku.strip() for sku in _BETWEEN_SKUS.split(cell or "") if sku.strip()]


def _checked(line: int, content: dict[str, Any]) -> dict[str, Any]:
    """The content with single spaces and SKUs in lower case."""
    try:
        text = clean_text(content["query"] if isinstance(content.get("query"), str) else "", _("The query"))
    except InvalidQuery as error:
        raise _wrong(line, error.sentence) from error
    if not text:
        raise _wrong(line, _("It has no query."))
    kind = " ".join(str(content.get("kind") or "").split())
    if len(kind) > NAME_LENGTH:
        raise _wrong(line, _("The kind is longer than %(count)d characters.") % {"count": NAME_LENGTH})
    try:
        read_query({**content, "query": text})
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise _wrong(line, str(error)) from error
    checked: dict[str, Any] = {"query": text, "kind": kind}
    if "rule" in content:
        return {**checked, "rule": content["rule"]}
    return {
        **checked,
        "relevant": _read_skus(line, "relevant", content["relevant"]),
        "wrong": _read_skus(line, "wrong", content.get("wrong", [])),
    }


def _read_skus(line: int, name: str, given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(sku, str | int) for sku in given):
        raise _wrong(line, _('"%(name)s" is not a list of SKUs.') % {"name": name})
    skus = sorted({str(sku).strip().lower() for sku in given} - {""})
    if len(skus) > MOST_SKUS or any(len(sku) > LONGEST_SKU for sku in skus):
        raise _wrong(
            line,
            ngettext(
                '"%(name)s" has more than %(count)d SKU, or one that is too long.',
                '"%(name)s" has more than %(count)d SKUs, or one that is too long.',
                MOST_SKUS,
            )
            % {"name": name, "count": MOST_SKUS},
        )
    return skus


def _unite(line: int, more: dict[str, Any], first: int, content: dict[str, Any]) -> None:
    """Add the answers of a query's further line: tables often have one for each product."""
    if "rule" in more or "rule" in content:
        raise _wrong(line, _("The query is already in line %(first)d.") % {"first": first})
    for name in ("relevant", "wrong"):
        content[name] = _read_skus(line, name, [*content[name], *more[name]])


def _wrong(line: int, problem: str) -> UploadError:
    return UploadError(_("Line %(line)d: %(problem)s") % {"line": line, "problem": problem})
