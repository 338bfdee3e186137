from dataclasses import dataclass, field

import pytest

from training.report.comparison import Cell, figure_rows, setting_rows
from training.report.subjects import flatten, labels


@dataclass
class Measured:
    figures: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)


def row(first, second, metric):
    subjects = [Measured({"text to image": {metric: value}}) for value in (first, second)]
    return figure_rows(subjects)[0].cells


def test_the_best_is_marked():
    assert row(0.25, 0.5, "recall@10") == (Cell("0.250", False), Cell("0.500", True))
    assert row(3.0, 27.5, "median_rank") == (Cell("3", True), Cell("27.5", False))


def test_what_is_printed_alike_is_not_marked():
    assert row(0.25001, 0.25002, "recall@10") == (Cell("0.250", False), Cell("0.250", False))
    assert row(1985, 41408, "gallery") == (Cell("1,985", False), Cell("41,408", False))


def test_a_figure_that_one_lacks():
    subjects = [Measured({"text to image": {"recall@10": 0.5}}), Measured()]
    assert figure_rows(subjects)[0].cells == (Cell("0.500", False), Cell("-", False))


def test_settings_differ_or_are_shared():
    runs = [Measured(settings={"seed": "1", "margin": "0.4"}), Measured(settings={"seed": "1"})]
    assert setting_rows(runs) == ([("margin", ["0.4", "default"])], [("seed", "1")])


def test_tables_of_a_configuration_are_flattened():
    content = {"seed": 1, "texts": {"name": 0.5}, "stages": [{"loss": "a"}, {"loss": "b", "flip": True}]}
    assert flatten(content) == {
        "seed": "1",
        "texts name": "0.5",
        "stages 1 loss": "a",
        "stages 2 loss": "b",
        "stages 2 flip": "true",
    }


def test_folders_of_one_name_are_told_apart(tmp_path):
    assert labels([tmp_path / "a" / "run", tmp_path / "b" / "run"]) == ["a/run", "b/run"]
    assert labels([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="named twice"):
        labels([tmp_path / "a", tmp_path / "a"])
