"""The figures of `python -m lab.bench.tags`, on numbers that can be followed by hand."""

import numpy as np
import pytest

from lab.bench.tags import calibration, read_rows, report_reliability, report_values, stated_by, vocabulary
from search.tags.vocabulary import Tag

ROW = {
    "id": "1", "name": "Red Shirts", "brand": "Acme", "category": "Apparel", "subcategory": "Topwear", "article_type": "Shirts",
    "colour": "Red", "gender": "Men", "usage": "Casual", "description": "With short sleeves.", "pattern": "Solid",
    "attributes": '{"Fabric": "Cotton", "Year": 2012}',
}  # fmt: skip


def test_patterns_are_read_from_either_attribute(tmp_path):
    import gzip

    path = tmp_path / "products.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write(
            'id,attributes\n1,"{""Pattern"": ""Solid""}"\n2,"{""Print or Pattern Type"": ""Floral""}"\n'
        )
        file.write('3,"{""Pattern"": ""NA""}"\n4,\n')
    assert [row["pattern"] for row in read_rows(path)] == ["Solid", "Floral", "", ""]


def test_texts_tell_words_and_phrases_in_any_inflection_and_columns_tell_values():
    tags = [
        Tag("material", "cotton", False),
        Tag("sleeve", "short sleeve", False),
        Tag("sleeve", "sleeve short", False),
        Tag("colour", "Red", True),
    ]
    assert stated_by([ROW, {**ROW, "colour": "Blue"}], tags).tolist() == [
        [True, True, False, True],
        [True, True, False, False],
    ]


def test_the_vocabulary_holds_the_values_with_their_shares():
    tags = vocabulary([ROW, {**ROW, "colour": "Blue"}])
    values = {(tag.kind, tag.word): tag.share for tag in tags if tag.is_value}
    assert values == {
        ("category", "Shirts"): 1.0, ("colour", "Red"): 0.5, ("colour", "Blue"): 0.5, ("gender", "Men"): 1.0, ("pattern", "Solid"): 1.0,
        ("usage", "Casual"): 1.0,
    }  # fmt: skip


def test_recall_counts_values_that_cannot_be_suggested_as_not_found(capsys):
    tags = [Tag("colour", word, True, 1 / 3) for word in ("Red", "Blue", "Green")]
    rows = [{**ROW, "colour": colour} for colour in ("Red", "Green", "Mauve")]
    similarities = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
    report_values(rows, tags, similarities, np.zeros(3), similarities)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("colour")]
    assert [line[-3:] for line in lines] == [["0.333", "0.667", "0.667"]] * 4


def test_calibration_is_the_distance_between_sure_and_right():
    sure = np.array([[0.85, 0.1], [0.85, 0.1], [0.35, 0.3], [0.35, 0.3]])
    truth = {0: 0, 1: 0, 2: 0, 3: 1}
    # Two at 0.85 that are right, two at 0.35 of which one is.
    assert calibration(sure, truth, [0, 1]) == pytest.approx((0.15 + 0.15) / 2)


def test_reliability_counts_how_often_words_are_right_by_how_sure_they_are(capsys):
    tags = [Tag("colour", "Red", True), Tag("colour", "Blue", True), Tag("material", "cotton", False)]
    sure = np.array([[0.97, 0.03, 0.5], [0.99, 0.01, 0.5], [0.99, 0.01, 0.5]])
    stated = np.array([[True, False, False], [False, True, True], [False, False, False]])
    report_reliability(tags, sure, stated)
    lines = {line[:12]: line[12:].split() for line in capsys.readouterr().out.splitlines() if line}
    assert lines["0.95 to 1.00"] == ["2", "0.500", "0"]  # the third product states no colour
    assert lines["0.40 to 0.60"] == ["0", "3", "0.333"]
