"""One run of two stages on coloured squares: fit, export, and use the artifact as the shop does; test_families.py has the real backbones."""

import json

import numpy as np
import pytest
from PIL import Image

from search.encoders import load_artifact
from tests.training.products import COLOURS, write_catalogue
from tests.training.tiny_backbone import tiny_backbone
from training.__main__ import main
from training.models import image

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:keras"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CONFIG = """
name = "squares"
dimension = 16
batch_size = 12
average_epochs = 2
precision = "float32"

[text]
vocabulary = 120
width = 16
units = 16

[texts]
attributes = 1.0

[[stages]]
loss = "contrastive"
epochs = 1
height = 40
width = 30
learning_rate = 1e-3
warmup = 2

[[stages]]
loss = "triplet"
epochs = 1
height = 40
width = 30
frozen = true
learning_rate = 3e-4
warmup = 2
miner = "semi-hard"
margin = 0.2
both_directions = true
"""


@pytest.fixture(scope="module", autouse=True)
def _light():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "_backbone", tiny_backbone)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "config.toml").write_text(CONFIG)
    data = write_catalogue(folder / "shop", 96)
    arguments = ["fit", str(folder / "config.toml"), "--data", str(data), "--out", str(folder / "out")]
    assert main(arguments) == 0
    return folder, data


def test_a_run_leaves_its_figures(run):
    state = json.loads((run[0] / "out" / "state.json").read_text())
    assert state["epoch"] == 2
    assert [entry["stage"] for entry in state["history"]] == ["contrastive", "triplet", "mean of 2 epochs"]
    assert all(np.isfinite(entry["loss"]) for entry in state["history"][:2])
    assert state["best"] == max(entry["text_to_image"]["mrr@10"] for entry in state["history"])


def test_a_finished_run_is_not_overwritten(run, capsys):
    folder, data = run
    arguments = ["fit", str(folder / "config.toml"), "--data", str(data), "--out", str(folder / "out")]
    assert main(arguments) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


def test_the_exported_artifact_gives_what_keras_gives(run, tmp_path):
    folder, data = run
    out = tmp_path / "artifact"
    arguments = ["export", str(folder / "out"), "--data", str(data), "--out", str(out), "--name", "squares"]
    assert main(arguments) == 0
    encoders = load_artifact(out)
    assert encoders.manifest.metrics["parity"]["image"] < 1e-4
    assert encoders.manifest.metrics["parity"]["text"] < 1e-2
    embeddings = encoders.encode_images([Image.new("RGB", (300, 400), colour) for colour in COLOURS.values()])
    assert embeddings.shape == (4, 16)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    assert encoders.encode_texts(["red tshirt", ""]).shape == (2, 16)


def test_a_folder_without_a_run_is_named(tmp_path, capsys):
    arguments = [
        "export",
        str(tmp_path),
        "--data",
        str(tmp_path),
        "--out",
        str(tmp_path / "a"),
        "--name",
        "none",
    ]
    assert main(arguments) == 2
    assert "holds no finished epoch" in capsys.readouterr().err
