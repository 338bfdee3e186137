"""Product files are read row by row, whatever program wrote them."""

import csv
import gzip
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.importer.cells import RowError
from shop.importer.product_files import ProductFileError, open_rows
from shop.importer.profiles import COLUMNS


def rows_of(path: Path):
    with open_rows(path, COLUMNS) as table:
        return [(line, str(row) if isinstance(row, RowError) else row) for line, row in table.rows]


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
    assert rows_of(path) == [
        (2, "1 columns instead of 2 in the row of SKU 1; it ends before the column name"),
        (3, {"id": "2", "name": "b"}),
    ]


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


def table_of(path: Path):
    with open_rows(path, COLUMNS) as table:
        list(table.rows)
        return table


TABLE = "id,name,category\n1,Größe,Apparel\n2,Café,Footwear\n"
ROWS = [
    (2, {"id": "1", "name": "Größe", "category": "Apparel"}),
    (3, {"id": "2", "name": "Café", "category": "Footwear"}),
]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_encoding_and_line_ends_are_found_out(tmp_path, separator, encoding, ends):
    path = tmp_path / "p.csv"
    path.write_bytes(TABLE.replace(",", separator).replace("\n", ends).encode(encoding))
    assert rows_of(path) == ROWS
    assert bool(table_of(path).warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_both_orders_of_utf_16(tmp_path, encoding):
    path = tmp_path / "p.csv"
    path.write_bytes(("\ufeff" + TABLE.replace(",", "\t")).encode(encoding))
    assert rows_of(path) == ROWS


@pytest.mark.parametrize("line", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_a_line_that_names_the_separator(tmp_path, line):
    path = tmp_path / "p.csv"
    path.write_text(line + TABLE.replace(",", ";"), encoding="utf-8", newline="")
    assert rows_of(path) == [(number + 1, row) for number, row in ROWS]


def test_commas_in_values_do_not_make_a_separator_of_semicolons(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('id;name;sizes\n1;"a, b";S, M\n')
    assert rows_of(path) == [(2, {"id": "1", "name": "a, b", "sizes": "S, M"})]


def test_windows_1252_is_said(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("id,name\n1,Men\u2019s Café \u2013 €\n".encode("cp1252"))
    assert rows_of(path) == [(2, {"id": "1", "name": "Men\u2019s Café \u2013 €"})]
    assert table_of(path).warnings == (
        "The file is not UTF-8 and was read as Windows-1252; if accents or signs look wrong in the shop, save it as UTF-8.",
    )  # fmt: skip


def test_one_bad_byte_does_not_make_another_encoding_of_utf_8(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("id,name\n1,é\n2,ü\n".encode() + b"3,\xe9\n")
    assert rows_of(path)[:2] == [(2, {"id": "1", "name": "é"}), (3, {"id": "2", "name": "ü"})]
    assert table_of(path).warnings == ()


def test_a_row_that_is_no_text_in_the_encoding_is_damage_from_there_on(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("\ufeffid\tname\n1\ta\n".encode("utf-16-le") + b"\x00\xd8")
    assert rows_of(path)[-1][1].startswith("the file is damaged from here on: ")


def test_case_and_spaces_of_the_header_do_not_matter(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(" ID , Article Type,COLOUR\n1,Shirts,Red\n")
    assert rows_of(path) == [(2, {"id": "1", "article_type": "Shirts", "colour": "Red"})]
    assert table_of(path).unused == ()


def test_columns_that_are_not_used_are_named_with_a_proposal(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,color,Article-Type,vendor,,name\n1,Red,Shirts,Acme,,a\n")
    assert table_of(path).unused == (
        "color: did you mean colour?", "Article-Type: did you mean article_type?", "vendor", "column 5, which has no name",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "named"), [("id,name,name", "name"), ("id,Colour,colour ", "colour"), ("id,x,X", "X")]
)
def test_two_columns_of_one_name_are_refused(tmp_path, header, named):
    path = tmp_path / "p.csv"
    path.write_text(f"{header}\n1,2,3\n")
    with pytest.raises(ProductFileError, match=f"has the column {named} twice"):
        rows_of(path)


def test_empty_rows_and_columns_that_are_empty_at_the_end_are_passed_over(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("\n,,\nid,name,\n,,\n1,a\n2,b,,,\n  ,\n\n3,c,x\n4,d,,y\n")
    assert rows_of(path) == [
        (5, {"id": "1", "name": "a"}),
        (6, {"id": "2", "name": "b"}),
        (
            9,
            "3 columns instead of 2 in the row of SKU 3; a value that holds the separator needs quotes around it",
        ),
        (
            10,
            "4 columns instead of 2 in the row of SKU 4; a value that holds the separator needs quotes around it",
        ),
    ]


QUOTES = """\
id,name,colour
1,12" boot,Red
2,"12" boot",Red
3,"Unclosed,Red
4,Fine,Red
5,"two
lines",Red
6,"also "" fine",Red
"""


def test_a_quote_that_is_not_closed_takes_no_other_row_away(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(QUOTES)
    assert rows_of(path) == [
        (2, {"id": "1", "name": '12" boot', "colour": "Red"}),
        (3, 'a quote inside a quoted value must be written twice: 2,"12" boot",Red'),
        (4, 'a quote opens in this line and is not closed in its row: 3,"Unclosed,Red'),
        (5, {"id": "4", "name": "Fine", "colour": "Red"}),
        (6, {"id": "5", "name": "two\nlines", "colour": "Red"}),
        (8, {"id": "6", "name": 'also " fine', "colour": "Red"}),
    ]


def test_a_quote_that_is_open_at_the_end_takes_no_other_row_away(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('id,name\n1,"a\n2,b\n3,"c')
    rows = rows_of(path)
    assert [line for line, row in rows if isinstance(row, str)] == [2, 4]
    assert (3, {"id": "2", "name": "b"}) in rows


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04....", "is a spreadsheet or an archive; save the table as CSV"),
        ("id\tname\n".encode("utf-16-le"), "holds zero bytes, as UTF-16 without a byte order mark does"),
        (b"sku,name\n1,a\n", "names no column `id`, between .*. It names: sku, name."),
    ],
)
def test_what_is_no_table_is_said(tmp_path, content, sentence):
    path = tmp_path / "p.csv"
    path.write_bytes(content)
    with pytest.raises(ProductFileError, match=sentence):
        rows_of(path)


def test_names_of_columns_may_have_quotes_and_line_ends(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('"id";"Retail\nprice";"name"\n1;2;a\n')
    assert rows_of(path) == [(3, {"id": "1", "Retail price": "2", "name": "a"})]


def test_whatever_csv_writes_is_read_as_it_was(tmp_path):
    path = tmp_path / "p.csv"
    values = ["a", 'b "c"', "d\ne", "f,g;h\ti", " j ", '"', "", '""', "k\r\nl"]
    rows = [[str(number), *pair] for number, pair in enumerate(itertools.product(values, values))]
    for dialect in (
        {},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"quoting": csv.QUOTE_ALL},
        {"lineterminator": "\n"},
    ):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, **dialect).writerows([["id", "name", "colour"], *rows])
        assert [list(row.values()) for _, row in rows_of(path)] == rows, dialect


@given(st.lists(st.text(alphabet='a1",;\n\r\t ', max_size=12), max_size=8))
def test_no_line_is_lost_whatever_stands_in_it(lines):
    """Each line that is not empty is in a row, or in an error that names it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.csv"
        path.write_bytes(("id,name\n" + "\n".join(lines)).encode())
        source = path.read_bytes().decode().splitlines()[1:]
        found = rows_of(path)
    begins = [number for number, _ in found]
    assert begins == sorted(set(begins))
    for number, line in enumerate(source, 2):
        if not line.strip(' ,\t"') or number in begins:
            continue
        inside = max((begin for begin in begins if begin < number), default=None)
        assert inside is not None
        row = dict(found)[inside]
        assert isinstance(row, dict)
        assert line.split('"')[0].split(",")[0] in "".join(row.values())
