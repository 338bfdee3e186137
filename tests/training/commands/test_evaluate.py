import json

import pytest

from tests.tiny_artifact import write_tiny_artifact
from tests.training.products import write_catalogue
from training.__main__ import main
from training.commands.evaluate import PROTOCOLS
from training.protocols import PROTOCOLS as MEASURES


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
    assert PROTOCOLS.keys() == MEASURES.keys()


def test_val_and_all_are_measured_unless_asked_otherwise(evaluate):
    status, printed = evaluate()
    assert status == 0
    figures = json.loads(printed.out)
    directions = ("text_to_image", "image_to_text", "image_to_image")
    assert list(figures) == [f"{way} {gallery}" for gallery in ("val", "all") for way in directions]
    assert [section["gallery"] for section in figures.values()] == [16, 16, 16, 64, 64, 64]
    assert figures["image_to_image val"]["colour precision@1"] == 1.0


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
    assert lines[0].split()[:4] == ["queries", "gallery", "precision@1", "precision@10"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["kagl", "category", "val", "1"],
        ["kagl", "subcategory", "val", "1"],
        ["kagl", "article_type", "val", "1"],
        ["kagl", "colour", "val", "4"],
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gallery", "val"), "--gallery is used by kagl-texts, kagl-values, shopper-photos only."),
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
