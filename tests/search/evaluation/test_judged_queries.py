import pytest

from search.evaluation.judged_queries import JudgedQuery, is_right, read_queries


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


def test_a_right_answer_has_none_of_what_a_rule_is_without(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_text(
        '{"query": "shirt not red", "rule": {"kind": ["shirt"], "without": {"colour": ["red", "maroon"]}}}\n'
    )
    (query,) = read_queries(file)
    assert is_right(query, "a", {"kind": ["shirt"], "colour": ["blue"]}, None)
    assert is_right(query, "a", {"kind": ["shirt"]}, None)
    assert not is_right(query, "a", {"kind": ["shirt"], "colour": ["blue", "red"]}, None)
    assert not is_right(query, "a", {"kind": ["tie"], "colour": ["blue"]}, None)


def test_what_a_rule_is_without_is_an_object(tmp_path):
    file = tmp_path / "queries.jsonl"
    file.write_text('{"query": "shirt", "rule": {"kind": ["shirt"], "without": ["red"]}}\n')
    with pytest.raises(ValueError, match="without"):
        read_queries(file)
