"""Values of a product file that no column of the shop's can hold."""

from datetime import UTC, datetime

import pytest

from shop.importing.columns import date_of_season, read_columns
from shop.importing.rows import RowError, Size

GOOD = {"id": "1", "name": "Shirt", "category": "Apparel"}


def reason(**values):
    """Why a row is refused."""
    with pytest.raises(RowError) as refused:
        read_columns(GOOD | values)
    return str(refused.value)


@pytest.mark.parametrize(
    "created",
    [
        "9999-12-31T23:59:59-14:00",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01",
        "1899-12-31T23:59:59Z",
        "1900-01-01T00:00:00+01:00",
        "2101-01-01",
        "2100-12-31T23:00:00-02:00",
    ],
)
def test_a_date_of_another_age_is_refused(created):
    assert reason(created=created) == f"created {created!r} is not between the years 1900 and 2100"


def test_the_first_and_the_last_moment_are_taken():
    assert read_columns(GOOD | {"created": "1900-01-01"}).created == datetime(1900, 1, 1, tzinfo=UTC)
    last = read_columns(GOOD | {"created": "2100-12-31T23:59:59Z"}).created
    assert last == datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("stock", ["9" * 5_000, "2147483648", "99999999999", "-1", "1.5", "²", "x"])
def test_a_stock_that_no_column_holds_is_refused(stock):
    assert reason(sizes=f"S:{stock}") == f"sizes: stock {stock[:40]!r} is not a whole number"


def test_the_highest_stock_is_taken_and_zeros_before_a_number_mean_nothing():
    sizes = read_columns(GOOD | {"sizes": f"S:2147483647|M:{'0' * 5_000}7|L:000"}).sizes
    assert sizes == (Size("S", 2147483647), Size("M", 7), Size("L", 0))


@pytest.mark.parametrize("year", ["9" * 5_000, "1899", "2101", "02015", "MMXV"])
def test_a_year_of_another_age_is_refused(year):
    with pytest.raises(RowError) as refused:
        date_of_season("1", year, "Summer")
    assert str(refused.value) == f"year {year[:40]!r} is not a year"
