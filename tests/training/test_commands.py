import csv
import gzip
import json
import subprocess
import sys

import pytest
from PIL import Image

from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import COLOURS, write_catalogue
from training.__main__ import main
from training.commands import PROTOCOLS
from training.data.shop import COLUMNS
from training.evaluation import protocols
from training.vectors import read_vectors


def test_help_names_the_commands_and_waits_for_no_tensorflow():
    program = "import sys\nfrom training.__main__ import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for command in ("fit", "evaluate", "export"):
        assert f"\n    {command} " in done.stdout
    assert done.stdout.endswith("False False\n")


def test_an_input_that_does_not_fit_is_said_in_one_line(tmp_path, capsys):
    missing = tmp_path / "missing.toml"
    assert main(["fit", str(missing), "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("python -m training fit: ")
    assert error.endswith(f"'{missing}'\n")


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["shine"])
    assert refused.value.code == 2
    assert "invalid choice: 'shine'" in capsys.readouterr().err


@pytest.fixture
def ask(tmp_path, capsys):
    write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "shop", 64)

    def run(*arguments):
        folders = ["--data", str(data), "--cache", str(tmp_path)]
        status = main(["ask", str(tmp_path / "artifact"), *arguments, *folders])
        return status, capsys.readouterr()

    return run


def test_texts_and_pictures_are_told_apart(ask, tmp_path):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (60, 80), COLOURS["Red"]).save(photo)
    status, printed = ask("green", str(photo), "--count", "3")
    assert status == 0
    text, picture = printed.out.split(str(photo))
    assert "similar words" in text
    assert "tags" in picture
    assert picture.count("Alder Red Tshirt") == 3  # the nearest pictures are of its colour


def test_a_picture_that_cannot_be_read_is_named(ask, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8broken")
    status, printed = ask(str(tmp_path / "broken.jpg"))
    assert status == 2
    assert "python -m training ask" in printed.err


def test_a_count_of_nothing_is_refused(ask):
    status, printed = ask("green", "--count", "0")
    assert status == 2
    assert "--count must be at least 1" in printed.err


def test_a_file_that_keras_would_not_read_is_refused_at_once(tmp_path, capsys):
    assert main(["backbone", str(tmp_path), "--out", str(tmp_path / "weights.bin")]) == 2
    assert "ends in .weights.h5" in capsys.readouterr().err


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    assert main(["backbone", str(tmp_path), "--out", str(tmp_path / "a.weights.h5")]) == 2
    assert "holds no finished epoch" in capsys.readouterr().err


@pytest.fixture
def evaluate(tmp_path, capsys):
    write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "shop", 64)

    def run(*arguments):
        folders = ["--data", str(data), "--cache", str(tmp_path), "--embeddings", str(tmp_path / "kept")]
        status = main(["evaluate", str(tmp_path / "artifact"), *folders, *arguments])
        return status, capsys.readouterr()

    run.kept = tmp_path / "kept"
    run.artifact = tmp_path / "artifact"
    return run


def test_the_help_describes_every_protocol():
    assert PROTOCOLS.keys() == protocols.PROTOCOLS.keys()


def test_val_and_all_are_measured_unless_asked_otherwise(evaluate):
    status, printed = evaluate()
    assert status == 0
    figures = json.loads(printed.out)
    directions = ("text_to_image", "image_to_text", "image_to_image")
    assert list(figures) == [f"{way} {gallery}" for gallery in ("val", "all") for way in directions]
    assert [section["gallery"] for section in figures.values()] == [16, 16, 16, 64, 64, 64]
    assert figures["image_to_image val"]["colour precision@1"] == 1.0


def test_val_and_all_are_measured_of_large_pictures_if_asked(tmp_path, capsys):
    write_tiny_artifact(tmp_path / "artifact")
    data = write_catalogue(tmp_path / "large shop", 64, large=range(48))
    folders = ["--data", str(data), "--cache", str(tmp_path), "--embeddings", str(tmp_path / "kept")]
    assert main(["evaluate", str(tmp_path / "artifact"), *folders, "--gallery", "large"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures)[::3] == ["text_to_image val-large", "text_to_image large"]
    assert [section["gallery"] for section in figures.values()] == [12, 12, 12, 48, 48, 48]


def test_several_protocols_encode_the_pictures_once(evaluate):
    first = json.loads(evaluate("--protocol", "attributes", "kagl-texts", "--gallery", "all")[1].out)
    pictures = {file.name for file in evaluate.kept.glob("pixels-*")}
    assert list(first) == ["attribute queries", "kagl text_to_image all"]
    assert len(pictures) == 1
    assert json.loads(evaluate("--protocol", "kagl-texts")[1].out) == {
        "kagl text_to_image all": first["kagl text_to_image all"]
    }
    assert {file.name for file in evaluate.kept.glob("pixels-*")} == pictures


def test_a_table_instead_of_json(evaluate):
    status, printed = evaluate("--protocol", "kagl-values", "--table")
    lines = printed.out.splitlines()
    assert status == 0
    assert lines[0].split()[:4] == ["queries", "gallery", "precision@1", "published"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["kagl", "category", "val", "1"],
        ["kagl", "subcategory", "val", "1"],
        ["kagl", "article_type", "val", "1"],
        ["kagl", "colour", "val", "4"],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--protocol", "attributes", "--gallery", "val"),
            "--gallery is used by all, kagl-texts, kagl-values, lookbench, queries, shopper-photos, val, words only.",
        ),
        (("--sheet", "x.png"), "--sheet is used by shopper-photos only."),
        (("--queries", "x.jsonl"), "--queries is used by queries only."),
        (("--protocol", "queries"), "The protocol needs a file of judged queries, one JSON object a line."),
        (
            ("--protocol", "shopper-photos", "--sheet", "x.gif"),
            "A contact sheet is a file *.jpg, *.jpeg, *.png: x.gif",
        ),
        (("--ground-truth", "x.json"), "--ground-truth is used by kagl-texts only."),
        (("--protocol", "val", "--photos", "x"), "--photos is used by shopper-photos only."),
        (
            ("--protocol", "shopper-photos"),
            "The protocol needs a folder of photos: photos.csv and photos.zip.",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(evaluate, arguments, message):
    status, printed = evaluate(*arguments)
    assert status == 2
    assert printed.err == f"python -m training evaluate: {message}\n"


def test_a_changed_artifact_is_refused_in_one_line(evaluate):
    with (evaluate.artifact / "image.onnx").open("ab") as file:
        file.write(b"x")
    status, printed = evaluate()
    assert status == 2
    assert printed.err.endswith("image.onnx is not the file that its manifest describes.\n")


def write_table(folder, rows):
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
    write_table(tmp_path, rows)
    out = tmp_path / "words.txt.gz"
    assert main(["vectors", "--data", str(tmp_path), "--out", str(out), "--dimension", "4"]) == 0
    assert capsys.readouterr().out == f"{out}: 2 words of 4 values\n"
    assert sorted(read_vectors(out).words) == ["kurta", "navy"]


def test_texts_without_a_repeated_word_are_refused(tmp_path, capsys):
    write_table(tmp_path, [{"id": "1", "name": "navy kurta", "split": "train"}])
    assert main(["vectors", "--data", str(tmp_path), "--out", str(tmp_path / "words.txt")]) == 2
    assert "No word occurs 3 times." in capsys.readouterr().err


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
