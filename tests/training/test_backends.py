"""A run is not bound to a Keras backend: one that JAX began is evaluated, and goes on, under another."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.training.products import write_catalogue
from tests.training.tiny_backbone import tiny_backbone
from training.__main__ import main
from training.models import image

ROOT = Path(__file__).parents[2]
PATIENCE = 1200  # seconds

CONFIG = """
name = "squares"
dimension = 16
batch_size = 12

[text]
encoder = "words"
vocabulary = 120
width = 16

[texts]
attributes = 1.0

[[stages]]
loss = "contrastive"
epochs = 1
height = 32
width = 32
learning_rate = 1e-3
warmup = 2
"""


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.filterwarnings("ignore::FutureWarning:keras", "ignore::DeprecationWarning")
def test_a_run_of_jax_goes_on_under_tensorflow(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(image, "_backbone", tiny_backbone)
    (tmp_path / "config.toml").write_text(CONFIG)
    data = str(write_catalogue(tmp_path / "shop", 48))
    fit = ["fit", str(tmp_path / "config.toml"), "--data", data, "--out", str(tmp_path / "run")]
    evaluate = ["evaluate", str(tmp_path / "run"), "--data", data, "--protocol", "val"]
    under_jax(*fit)
    figures = json.loads(under_jax(*evaluate))
    capsys.readouterr()
    assert main(evaluate) == 0
    assert json.loads(capsys.readouterr().out)["text_to_image val"] == pytest.approx(
        figures["text_to_image val"], abs=1e-6
    )
    assert main([*fit, "--resume", "--set", "stages.0.epochs=2"]) == 0
    state = json.loads((tmp_path / "run" / "state.json").read_text())
    assert [entry["epoch"] for entry in state["history"]] == [1, 2]
    assert np.isfinite([entry["loss"] for entry in state["history"]]).all()


def under_jax(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.tiny_backbone", *arguments],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_export_names_the_backend_that_it_needs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    folder = str(tmp_path)
    assert main(["export", folder, "--data", folder, "--out", folder, "--name", "none"]) == 2
    assert "Export goes through TensorFlow, not jax: set KERAS_BACKEND=tensorflow" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["tensorflow", "torch"])
def test_training_names_no_backend(library):
    files = sorted((ROOT / "training").rglob("*.py"))
    assert files
    assert [file.name for file in files if library in imported(file)] == []


def imported(file):
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names
