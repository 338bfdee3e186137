"""Product files: plain, gzipped, damaged."""

import gzip
from pathlib import Path

import pytest

from shop.importing.reading import ProductFileError, open_rows
from shop.importing.rows import RowError


def rows_of(path: Path):
    with open_rows(path) as (rows, _bytes_read):
        return [(line, str(row) if isinstance(row, RowError) else row) for line, row in rows]


def test_lines_are_where_rows_begin(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('id,name\n1,"a\nb"\n\n2,c\n', encoding="utf-8")
    assert rows_of(path) == [(2, {"id": "1", "name": "a\nb"}), (5, {"id": "2", "name": "c"})]


def test_gzip_is_known_by_its_bytes_and_a_mark_of_order_is_left_out(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes(gzip.compress("\ufeffid,name\n1,é\n".encode()))
    assert rows_of(path) == [(2, {"id": "1", "name": "é"})]


def test_a_gzip_cut_short_gives_its_good_rows_and_one_error(tmp_path):
    content = "id,name\n" + "".join(f"{n},{n * 7919 % 10007}\n" for n in range(5000))
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(content.encode())[:-400])
    rows = rows_of(path)
    assert rows[0] == (2, {"id": "0", "name": "0"})
    assert rows[-1][1].startswith("the file is damaged from here on: ")
    assert sum(isinstance(row, str) for _, row in rows) == 1


def test_a_row_with_too_few_columns_is_an_error_of_that_row(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,name\n1\n2,b\n", encoding="utf-8")
    assert rows_of(path) == [(2, "1 columns instead of 2"), (3, {"id": "2", "name": "b"})]


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "the first line names no column `id`."), ("a,b\n", "the first line names no column `id`.")],
)
def test_a_file_without_the_column_id_is_refused(tmp_path, content, reason):
    path = tmp_path / "p.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProductFileError, match=reason):
        rows_of(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ProductFileError, match="No such file"):
        rows_of(tmp_path / "none.csv")
