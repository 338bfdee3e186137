"""Import a product file and its pictures from beginning to end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from django.core.files.storage import Storage

from shop.files import write_whole
from shop.models import ProductImage

from . import google, profiles
from .cells import Mark, RowError, decode_entities, is_absent, is_damaged, stock_keeping_unit
from .feeds import is_feed, open_feed
from .pictures import Picture, PictureSource, open_pictures
from .product_files import BadRow, Row, open_rows
from .profiles import CatalogueRow
from .tables import Checked, present, store_chunk, stored_already
from .undo import UndoRecord

PROFILES: Mapping[str, Callable[..., CatalogueRow]] = {
    "catalogue": profiles.read_columns,
    "google": google.read_google,
    "kaggle-fashion": profiles.read_kaggle,
}
COLUMNS = {
    "catalogue": profiles.COLUMNS,
    "google": google.COLUMNS,
    "kaggle-fashion": (*profiles.COLUMNS, *profiles.KAGGLE),
}
TEXTS = profiles.TEXTS | google.TEXTS
PICTURES = {"images", "image_link"}  # columns
CHUNK_ROWS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """What to import and how.

    A product file in XML is read with the profile `google`, whichever is named. `images` is a folder or a ZIP archive; without it, pictures are left as they are. `decimal` is the mark before decimals in
    prices. `keep_empty` takes an empty cell for one that is not there. `only_large` takes only rows whose column `large_image`
    is 1; `with_picture_only` passes over rows that the pictures lack, without calling them bad; `limit` stops after so many
    good rows. `dry_run` counts what would change, and changes nothing. `undo` is where the undo record is written, None for none.
    """

    products: Path
    images: Path | None = None
    profile: str = "catalogue"
    decimal: Mark | None = None
    keep_empty: bool = False
    only_large: bool = False
    with_picture_only: bool = False
    limit: int | None = None
    dry_run: bool = False
    undo: Path | None = None


@dataclass(slots=True)
class ImportResult:
    """Counts of rows by what became of them, and the bad ones with their reasons.

    `fields` counts changed products by what changed in them; `bare` are new products without a picture; `unread_pictures` are
    rows that name pictures though none were given to the import; `decoded` are lines with HTML entities, `garbled` those with
    damaged characters. `warnings` and
    `unused` are sentences about the file, and its columns that nothing is read from; `undo` is the undo record, if anything
    changed and one was asked for.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    not_wanted: int = 0
    without_picture: int = 0
    bare: int = 0
    unread_pictures: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    decoded: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    undo: Path | None = None
    bad: list[BadRow] = field(default_factory=list)

    @property
    def imported(self) -> int:
        """Rows that the catalogue now holds as they are stated."""
        return self.added + self.changed + self.unchanged


def import_catalogue(
    options: ImportOptions, *, progress: Callable[[int, ImportResult], None] = lambda read, result: None
) -> ImportResult:
    """Import every good row, chunk by chunk, and collect the bad ones.

    A run that is interrupted leaves whole chunks; run again, it passes quickly over what is there.

    Args:
        options: what to import.
        progress: called now and then with the bytes read of the product file and the counts so far.

    Raises:
        ProductFileError: the product file cannot be read at all.
        PictureSourceError: the folder or archive of pictures cannot be read.
        UndoError: the undo record cannot be written; what was stored before is in it.
    """
    record = UndoRecord(options.undo) if options.undo and not options.dry_run else None
    seen: dict[str, int] = {}
    opened = open_rows
    if is_feed(options.products):
        options, opened = replace(options, profile="google"), open_feed
    with (
        open_pictures(options.images) as source,
        opened(options.products, COLUMNS[options.profile]) as table,
    ):
        result = ImportResult()
        source_rows = google.gather(table.rows) if options.profile == "google" else table.rows
        while rows := list(islice(source_rows, CHUNK_ROWS)):
            known, chunk = present(_skus(rows)), []
            for line, values in rows:
                try:
                    if checked := _check(line, values, known, options, source, seen, result):
                        chunk.append(checked)
                except RowError as error:
                    result.bad.append(_bad_row(line, values, error))
                if len(chunk) % 50 == 0:
                    progress(table.bytes_read(), result)
                full = result.imported + len(chunk) == options.limit
                if full:
                    break
            _store(chunk, result, options, record)
            if full:
                break
        progress(table.bytes_read(), result)
    result.warnings, result.unused = (
        tuple(table.warnings),
        tuple(table.unused),
    )  # an XML feed's grow as it is read
    result.bad.sort(key=lambda row: row.line)
    return result


def _skus(rows: Iterable[Row]) -> list[str]:
    """The SKUs of rows, as far as they can be used; of the others `_check` says why not."""
    found = []
    for _, values in rows:
        with suppress(RowError):
            if not isinstance(values, RowError):
                found.append(stock_keeping_unit(values.get("id")))
    return found


def _bad_row(line: int, values: Mapping[str, str] | RowError, error: RowError) -> BadRow:
    if isinstance(values, RowError):
        return BadRow(line, "", str(error))
    also = values.get(google.LINES)
    more = f"; lines {also}, which are the same product, are left out, too" if also else ""
    return BadRow(line, values.get("id", "").strip()[:64], f"{error}{more}")


def _check(
    line: int,
    values: Mapping[str, str] | RowError,
    known: Mapping[str, CatalogueRow],
    options: ImportOptions,
    source: PictureSource,
    seen: dict[str, int],
    result: ImportResult,
) -> Checked | None:
    """Read a row and decode its pictures; None if it is not wanted.

    Raises:
        RowError: the row is bad.
    """
    if isinstance(values, RowError):
        raise values
    if options.only_large and values.get("large_image", "1").strip() != "1":
        result.not_wanted += 1
        return None
    stated = _cells(values, options)
    read = partial(PROFILES[options.profile], stated, decimal=options.decimal)
    own = known.get(stated["id"].strip())
    row = read(own)
    if row.sku in seen:
        raise RowError(f"SKU {row.sku} is already on line {seen[row.sku]}")
    names = _picture_names(row, own, source, options, may_stay=not PICTURES & stated.keys())
    if options.with_picture_only and not all(names.values() if names else (own and own.pictures,)):
        result.without_picture += 1
        return None
    pictures = tuple(_picture(name, full_name, row, options, source) for name, full_name in names.items())
    seen[row.sku] = line
    result.unread_pictures += bool(row.pictures and options.images is None)
    if stated != values and any(stated[column] != values[column] for column in stated):
        result.decoded.append(line)
    if any(is_damaged(value) for column, value in stated.items() if column in TEXTS):
        result.garbled.append(line)
    return Checked(line, row.sku, read, pictures)


def _cells(values: Mapping[str, str], options: ImportOptions) -> dict[str, str]:
    """The cells that count, with the characters that HTML entities stand for."""
    cells = {}
    for column, value in values.items():
        if options.keep_empty and is_absent(value) and column != "id":
            continue
        if column in TEXTS or column == "attributes":
            value = decode_entities(value, in_json=column == "attributes")
        cells[column] = value
    return cells


def _picture_names(
    row: CatalogueRow,
    own: CatalogueRow | None,
    source: PictureSource,
    options: ImportOptions,
    *,
    may_stay: bool,
) -> dict[str, str | None]:
    """Full names, None for one that is not there, by what the row calls them; none where the pictures stay as they are."""
    if options.images is None:
        return {}
    if row.pictures:
        return {name: source.find(name) for name in row.pictures}
    found = source.find_for(row.sku)
    if own and (len(own.pictures) > 1 or (found is None and (own.pictures or may_stay))):
        return {}
    return {"": found}


def _picture(
    name: str, full_name: str | None, row: CatalogueRow, options: ImportOptions, source: PictureSource
) -> Picture:
    """Read a picture, and decode it unless an earlier run stored the very same bytes.

    Raises:
        RowError: there is none, or it cannot be read or decoded.
    """
    if full_name is None:
        hint = "; between names stands |" if re.search(r"\.\w+\s*[,;]", name) else ""
        raise RowError(f"no picture {name or f'of SKU {row.sku}'} in {options.images}{hint}")
    picture = source.read(full_name, sku=row.sku)
    if not stored_already(_storage(), picture):
        picture.check()
    return picture


def _store(
    chunk: list[Checked], result: ImportResult, options: ImportOptions, record: UndoRecord | None
) -> None:
    for item in () if options.dry_run else chunk:
        for picture in item.pictures:
            if not stored_already(_storage(), picture):
                write_whole(_storage(), picture.name, picture.content)
    stored = store_chunk(chunk, keep=not options.dry_run, watch=record.watch if record else nullcontext)
    if record and record.written:
        result.undo = record.path
    result.added += stored.added
    result.changed += stored.changed
    result.unchanged += stored.unchanged
    result.bare += stored.bare
    result.fields += stored.fields
    result.bad += [BadRow(item.line, item.sku, str(error)) for item, error in stored.refused]


def _storage() -> Storage:
    return ProductImage._meta.get_field("image").storage
