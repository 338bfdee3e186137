"""The Kaggle data set "Fashion Product Images": as Kaggle ships it, and as a table of its details."""

from __future__ import annotations

from collections.abc import Mapping

from .columns import category_path, date_of_season, read_columns
from .rows import CatalogueRow, text

NAME_COLUMN = "productDisplayName"
# Columns of the retailer's own bookkeeping and tax classes, which mean nothing to a shopper.
BOOKKEEPING = frozenset(
    {"Body or Garment Size", "Brick", "Business Unit", "Class", "Family", "Make", "Processing Time",
     "Segment", "taxMaterial"}
)  # fmt: skip


def read_kaggle(values: Mapping[str, str]) -> CatalogueRow:
    """Read a row of `styles.csv`, or of a table that has the data set's details beside it.

    Raises:
        RowError: a value cannot be used.
    """
    if NAME_COLUMN not in values:
        row = read_columns(values)
        for name in BOOKKEEPING & row.attributes.keys():
            del row.attributes[name]
        return row
    sku = text(values.get("id"), column="id", limit=64, required=True)
    season, year = values.get("season") or "", values.get("year") or ""
    created = date_of_season(sku, year, season)
    details = {"Season": season, "Year": str(created.year) if created else "", "Usage": values.get("usage")}
    details = {name: text(value, column=name.lower(), limit=40) for name, value in details.items()}
    return CatalogueRow(
        sku=sku,
        name=text(values.get(NAME_COLUMN), column=NAME_COLUMN, limit=200, required=True),
        category=category_path(
            values.get("masterCategory"), values.get("subCategory"), values.get("articleType")
        ),
        gender=text(values.get("gender"), column="gender", limit=20),
        colour=text(values.get("baseColour"), column="baseColour", limit=40),
        attributes={name: value for name, value in details.items() if value},
        created=created,
    )
