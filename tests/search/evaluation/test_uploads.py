import json

import pytest

from search.evaluation import uploads
from search.evaluation.uploads import UploadError, decode, read_upload


def test_json_lines_are_read_with_skus_in_lower_case_and_rules_as_they_are():
    lines = [
        {
            "query": "  Navy   sneakers ",
            "kind": "attributes",
            "relevant": ["S-2", "s-1", 7],
            "wrong": ["S-9"],
        },
        {"query": "red dress", "rule": {"colour": ["Red"], "price_max": 40}},
    ]
    assert read_upload("\n\n".join(map(json.dumps, lines))) == [
        {"query": "Navy sneakers", "kind": "attributes", "relevant": ["7", "s-1", "s-2"], "wrong": ["s-9"]},
        {"query": "red dress", "kind": "", "rule": {"colour": ["Red"], "price_max": 40}},
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_are_read_whatever_separates_their_columns(separator):
    table = "Query,Kind,relevant,wrong\nnavy sneakers,a,S-1|S-2,S-7\nNavy Sneakers,a,S-3,\nred dress,,,\n\n"
    assert read_upload(table.replace(",", separator)) == [
        {"query": "navy sneakers", "kind": "a", "relevant": ["s-1", "s-2", "s-3"], "wrong": ["s-7"]},
        {"query": "red dress", "kind": "", "relevant": [], "wrong": []},
    ]


def test_a_table_of_one_product_a_line():
    assert read_upload("query,sku\nshoes,S-1\nshoes,S-2\n")[0]["relevant"] == ["s-1", "s-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begins with a line of names"),
        ("query,relevant\n", "The file has no query"),
        ("nothing,else\na,b\n", "Line 1: A table begins"),
        ("query,relevant\nshoes,S-1\n,S-2\n", "Line 3: It has no query"),
        ('{"query": "a", "relevant": []}\n{"query": "b"}', "Line 2: Give either"),
        ('{"query": "a", "relevant": [], "rule": {}}', "Line 1: Give either"),
        ('{"query": "a", "relevant": []}\nnot json', "Line 2: It is not JSON"),
        ("[1]", "Line 1: It is not an object"),
        ('{"query": 5, "relevant": []}', "Line 1: It has no query"),
        ('{"query": "a", "relevant": "S-1"}', '"relevant" is not a list'),
        ('{"query": "a", "relevant": [{}]}', "Line 1: "),
        ('{"query": "a", "relevant": [], "wrong": 3}', 'Line 1: "wrong" is not a list'),
        ('{"query": "a", "rule": {"colour": "Red"}}', "Line 1: rule 'colour' must be a list"),
        ('{"query": "a", "rule": {"price_max": NaN}}', "Line 1: It is not JSON"),
        ('{"query": "a", "relevant": ["\\u0000"]}', "Line 1: It has a character"),
        ('{"query": "a", "relevant": ["\\ud800"]}', "Line 1: It has a character"),
        ('{"query": "%s", "relevant": []}' % ("a" * 201), "Line 1: The query is longer than 200"),
        ('{"query": "a", "kind": "%s", "relevant": []}' % ("a" * 101), "Line 1: The kind is longer"),
        ('{"query": "a", "relevant": ["%s"]}' % ("a" * 201), "one that is too long"),
        (
            '{"query": "a", "rule": {}}\n\n{"query": "A", "relevant": []}',
            "Line 3: The query is already in line 1",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(text, said):
    with pytest.raises(UploadError) as refused:
        read_upload(text)
    assert said in str(refused.value)


def test_files_that_are_no_text_or_too_large():
    assert decode("\ufeffquery".encode()) == "query"
    for data, said in ((b"\xff\xfe", "UTF-8"), (b"a\0", "UTF-8"), (b"a" * 2_000_001, "more than 2 MB")):
        with pytest.raises(UploadError, match=said):
            decode(data)


def test_more_queries_than_a_set_may_have(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_QUERIES", 2)
    with pytest.raises(UploadError, match="more than 2 queries"):
        read_upload("query,relevant\na,1\nb,1\nc,1\n")
