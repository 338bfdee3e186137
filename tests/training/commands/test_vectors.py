import csv
import gzip

import pytest

from training.__main__ import main
from training.vectors import read_vectors

COLUMNS = [
    "id",
    "name",
    "brand",
    "description",
    "category",
    "subcategory",
    "article_type",
    "colour",
    "gender",
    "usage",
    "attributes",
    "split",
    "dup_of",
    "held_out_twin",
]


def write_catalogue(folder, rows):
    with gzip.open(folder / "products.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)


def test_only_the_train_split_is_learned_and_never_a_held_out_twin(tmp_path, capsys):
    rows = [
        {"id": "1", "name": "navy navy navy", "description": "kurta kurta kurta", "split": "train"},
        {"id": "2", "name": "saree saree saree", "split": "val"},
        {"id": "3", "name": "jeans jeans jeans", "split": "train", "held_out_twin": "1"},
    ]
    write_catalogue(tmp_path, rows)
    out = tmp_path / "words.txt.gz"
    assert main(["vectors", "--data", str(tmp_path), "--out", str(out), "--dimension", "4"]) == 0
    assert capsys.readouterr().out == f"{out}: 2 words of 4 values\n"
    assert sorted(read_vectors(out).words) == ["kurta", "navy"]


def test_texts_without_a_repeated_word_are_refused(tmp_path, capsys):
    write_catalogue(tmp_path, [{"id": "1", "name": "navy kurta", "split": "train"}])
    assert main(["vectors", "--data", str(tmp_path), "--out", str(tmp_path / "words.txt")]) == 2
    assert "No word comes 3 times." in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["--data", "--out"])
def test_both_paths_are_needed(tmp_path, missing):
    other = {"--data": "--out", "--out": "--data"}[missing]
    with pytest.raises(SystemExit):
        main(["vectors", other, str(tmp_path)])


def test_every_caption_is_learned_from(tmp_path):
    lines = [
        f"1.jpg#{number}\t{words}" for number, words in enumerate(("navy navy navy", "kurta kurta kurta"))
    ]
    (tmp_path / "Flickr8k.token.txt").write_text("\n".join(lines))
    out = tmp_path / "words.txt"
    assert (
        main(["vectors", "--data", str(tmp_path), "--out", str(out), "--dimension", "4", "--epochs", "1"])
        == 0
    )
    assert sorted(read_vectors(out).words) == ["kurta", "navy"]
