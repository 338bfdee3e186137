import pytest

from search.evaluation.judged_queries import JudgedQuery, read_queries


def test_rules_and_skus_are_read(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_text(
        '{"query": "red shirt", "kind": "plain", "rule": {"colour": ["Red", "Maroon"], "price_max": 900}}\n\n'
        '{"query": "S-1", "relevant": ["S-1", 7]}\n'
    )
    assert read_queries(file) == [
        JudgedQuery(text="red shirt", kind="plain", fields={"colour": ("Red", "Maroon")}, price_max=900.0),
        JudgedQuery(text="S-1", skus=frozenset({"s-1", "7"})),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no query"),
        ("{", "line 1: "),
        ('{"query": 3, "rule": {}}', 'line 1: a line is an object with a text "query"'),
        ('{"query": "a"}', 'line 1: give either "rule" or "relevant"'),
        (
            '{"query": "a", "rule": {"colour": "Red"}}',
            "line 1: rule 'colour' must be a list of texts, not 'Red'",
        ),
        ('{"query": "a", "relevant": [null]}', "line 1: an SKU must be a text, not None"),
        ('{"query": "a", "rule": {"price_max": "x"}}', "line 1: could not convert"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, content, message):
    file = tmp_path / "queries.jsonl"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_queries(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.jsonl cannot be read"):
        read_queries(tmp_path / "nowhere.jsonl")
