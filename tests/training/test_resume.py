"""A run that was stopped anywhere and resumed ends with the weights of one that never was."""

import json
import os
import signal

import h5py
import numpy as np
import pytest

from tests.training.products import write_catalogue
from tests.training.tiny_backbone import tiny_backbone
from training import teacher
from training.__main__ import main
from training.callbacks import ValidationCallback
from training.models import image

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore::FutureWarning:keras"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CONFIG = """
name = "squares"
dimension = 16
batch_size = 12
precision = "float32"
typo_rate = 0.2

[text]
vocabulary = 120
width = 16
units = 8
dropout = 0.3

[texts]
attributes = 1.0

[augmentation]
background = 0.5

[[stages]]
loss = "triplet"
epochs = 2
height = 32
width = 24
learning_rate = 1e-3
warmup = 2
facts_weight = 0.2

[[stages]]
loss = "contrastive"
epochs = 2
height = 32
width = 24
learning_rate = 1e-3
warmup = 2
frozen = true
text_teacher = "minilm"
"""
PER_EPOCH = 6  # batches


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    (folder / "config.toml").write_text(CONFIG)
    data = write_catalogue(folder / "shop", 96)

    def run(name, *options):
        arguments = ["fit", str(folder / "config.toml"), "--data", str(data), "--out", str(folder / name)]
        return main([*arguments, *options]), folder / name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "_backbone", tiny_backbone)
        patch.setattr(teacher, "shopper_texts", lambda: ["crimson frock", "navy jumper", "specs"])
        patch.setattr(teacher, "sentence_embeddings", by_letters)
        yield run


def by_letters(texts, cache):
    """Return (n, 26) instead of MiniLM's embeddings: how often each letter occurs, of unit length."""
    counts = np.array(
        [[text.lower().count(chr(97 + letter)) + 0.01 for letter in range(26)] for text in texts]
    )
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def whole(fit):
    status, folder = fit("whole")
    assert status == 0
    return folder


@pytest.mark.parametrize(
    ("stop", "epoch", "batch"),
    [
        (2, 0, 2),
        (PER_EPOCH + 5, 1, 5),
        (2 * PER_EPOCH, 2, 0),  # the last batch of a stage: its epoch is judged before the run ends
        (2 * PER_EPOCH + 1, 2, 1),
    ],
)
def test_it_ends_with_the_same_weights(fit, whole, monkeypatch, capsys, stop, epoch, batch):
    seen = []
    original = ValidationCallback.on_train_batch_end

    def on_train_batch_end(self, number, logs=None):
        seen.append(number)
        if len(seen) == stop:
            os.kill(os.getpid(), signal.SIGTERM)
        original(self, number, logs)

    monkeypatch.setattr(ValidationCallback, "on_train_batch_end", on_train_batch_end)
    status, folder = fit(f"stopped {stop}")
    assert status == 143
    assert "continue with --resume" in capsys.readouterr().err
    state = json.loads((folder / "state.json").read_text())
    assert (state["epoch"], state["batch"]) == (epoch, batch)
    assert fit(f"stopped {stop}", "--resume") == (0, folder)
    expected, found = (final(item) for item in (whole, folder))
    assert found["weights"].keys() == expected["weights"].keys()
    for name, values in expected["weights"].items():
        assert np.array_equal(found["weights"][name], values), name
    assert found["losses"] == pytest.approx(expected["losses"], rel=1e-6)
    assert found["figures"] == expected["figures"]


def final(folder):
    state = json.loads((folder / "state.json").read_text())
    history = state["history"]
    return {
        "weights": weights_of(folder / state["checkpoint"]),
        "losses": [entry.pop("loss") for entry in history],
        "figures": history,
    }


def weights_of(file):
    """Return every array in a weights file, the optimizer's too, by its path."""
    arrays = {}
    with h5py.File(file) as content:
        content.visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return arrays
