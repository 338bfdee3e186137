"""Import a product file and its pictures from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files.storage import Storage

from shop.files import write_whole
from shop.models import ProductImage

from .pictures import Picture, PictureSource, open_pictures
from .product_files import BadRow, open_rows, refuse_lacking
from .profiles import CatalogueRow, RowError, read_columns, read_kaggle
from .tables import Checked, store_chunk, stored_already

PROFILES: Mapping[str, Callable[[Mapping[str, str]], CatalogueRow]] = {
    "catalogue": read_columns,
    "kaggle-fashion": read_kaggle,
}
CHUNK_ROWS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportOptions:
    """What to import and how.

    `images` is a folder or a ZIP archive. `only_large` takes only rows whose column `large_image` is 1;
    `with_picture_only` passes over rows that the pictures lack, without calling them bad; `limit` stops
    after so many good rows.
    """

    products: Path
    images: Path | None = None
    profile: str = "catalogue"
    only_large: bool = False
    with_picture_only: bool = False
    limit: int | None = None


@dataclass(slots=True)
class ImportResult:
    """Counts of rows by what became of them, and the bad ones with their reasons."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    not_wanted: int = 0
    without_picture: int = 0
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
        LackingColumnsError: the file lacks columns of products that exist; nothing was changed.
    """
    read = PROFILES[options.profile]
    with open_rows(options.products) as (rows, _):
        refuse_lacking(options.products, rows, read, lambda values: _is_wanted(values, options))
    result, seen, chunk = ImportResult(), {}, []
    with open_pictures(options.images) as source, open_rows(options.products) as (rows, bytes_read):
        for line, values in rows:
            try:
                checked = _check(line, values, options, source, seen, result)
            except RowError as error:
                sku = "" if isinstance(values, RowError) else values.get("id", "")
                result.bad.append(BadRow(line, sku.strip()[:64], str(error)))
                continue
            if checked is None:
                continue
            chunk.append(checked)
            if len(chunk) == CHUNK_ROWS:
                _store(chunk, result)
                chunk = []
            if len(chunk) % 50 == 0:
                progress(bytes_read(), result)
            if options.limit is not None and result.imported + len(chunk) >= options.limit:
                break
        _store(chunk, result)
        progress(bytes_read(), result)
    return result


def _check(
    line: int,
    values: Mapping[str, str] | RowError,
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
    if not _is_wanted(values, options):
        result.not_wanted += 1
        return None
    row = PROFILES[options.profile](values)
    if row.sku in seen:
        raise RowError(f"SKU {row.sku} is already on line {seen[row.sku]}")
    names = _picture_names(row, source)
    if options.with_picture_only and (not names or None in names):
        result.without_picture += 1
        return None
    pictures = tuple(_picture(name, row, options, source) for name in names)
    seen[row.sku] = line
    return Checked(line, row, pictures)


def _is_wanted(values: Mapping[str, str], options: ImportOptions) -> bool:
    return not options.only_large or values.get("large_image", "1").strip() == "1"


def _picture_names(row: CatalogueRow, source: PictureSource) -> list[str | None]:
    if row.pictures:
        return [source.find(name) for name in row.pictures]
    return [source.find_for(row.sku)]


def _picture(name: str | None, row: CatalogueRow, options: ImportOptions, source: PictureSource) -> Picture:
    """Read a picture, and decode it unless an earlier run stored the very same bytes.

    Raises:
        RowError: there is none, or it cannot be read or decoded.
    """
    if name is None:
        raise RowError(f"no picture of SKU {row.sku} in {options.images}")
    picture = source.read(name, sku=row.sku)
    if not stored_already(_storage(), picture):
        picture.check()
    return picture


def _store(chunk: list[Checked], result: ImportResult) -> None:
    for item in chunk:
        for picture in item.pictures:
            if not stored_already(_storage(), picture):
                write_whole(_storage(), picture.name, picture.content)
    stored = store_chunk(chunk)
    result.added += stored.added
    result.changed += stored.changed
    result.unchanged += stored.unchanged


def _storage() -> Storage:
    return ProductImage._meta.get_field("image").storage
