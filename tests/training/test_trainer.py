"""One run of two stages on coloured squares, exported and used as an artifact; test_families.py has the real backbones."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from search.encoders.sessions import load_artifact
from tests.training.products import COLOURS, write_catalogue
from tests.training.test_callbacks import STAGE
from tests.training.tiny_backbone import tiny_backbone
from training.__main__ import main
from training.config import Config, TextMix
from training.data import read_catalogue
from training.evaluation.evaluators import open_model
from training.models import image
from training.trainer import (
    STATISTICS_BATCHES,
    PartAdamW,
    average_weights,
    compile_stage,
    measure_statistics,
)

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


class Tiny(keras.Model):
    """One weight and a batch normalisation, in place of the joint model."""

    def __init__(self):
        super().__init__()
        self.images = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1), keras.layers.BatchNormalization(momentum=0.95)]
        )
        self.built = True

    def call(self, inputs, training=False):
        return self.images(inputs["pixels"], training=training)


def test_weights_are_averaged_and_statistics_measured_anew(tmp_path):
    model = Tiny()
    dense, norm = model.images.layers
    files = []
    for value in (1.0, 3.0):
        dense.set_weights([np.full((2, 1), value), np.zeros(1)])
        norm.set_weights([np.ones(1), np.zeros(1), np.full(1, -50.0), np.full(1, 9.0)])
        files.append(tmp_path / f"{value}.weights.h5")
        model.save_weights(files[-1])
    batch = ({"pixels": np.array([[1.0, 1.0], [2.0, 2.0]], dtype=np.float32)}, None)
    average_weights(model, files)
    measure_statistics(model, [batch] * (STATISTICS_BATCHES + 5))
    assert dense.get_weights()[0].tolist() == [[2.0], [2.0]]
    mean, variance = norm.get_weights()[2:]
    # Outputs are 4 and 8: mean 6, variance 4; under 2 % of the old -50 and 9 may be left.
    assert mean[0] == pytest.approx(6.0, abs=0.02 * 56)
    assert variance[0] == pytest.approx(4.0, abs=0.02 * 5)


class Plain(keras.Sequential):
    """Something to be compiled."""

    joint_loss, facts_weight, text_teacher_weight, image_teacher_weight = None, 0.0, 0.0, 0.0


@pytest.mark.parametrize(("steps", "warmed"), [(1000, 100), (40, 10)])
def test_a_short_stage_warms_up_for_a_quarter_of_it(steps, warmed):
    model = Plain([keras.Input((1,)), keras.layers.Dense(1)])
    compile_stage(model, Config(name="run", stages=(STAGE,), texts=TextMix(name=1.0)), STAGE, steps)
    rate = model.optimizer._learning_rate
    assert float(rate(warmed)) == pytest.approx(STAGE.learning_rate)
    assert float(rate(warmed // 2)) == pytest.approx(STAGE.learning_rate / 2)
    assert float(rate(steps)) == pytest.approx(0.0, abs=1e-9)


def test_slow_variables_learn_at_their_share_of_the_rate():
    inputs = keras.Input((1,))
    slow, quick = (
        keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name) for name in "sq"
    )
    model = keras.Model(inputs, quick(slow(inputs)))
    optimizer = PartAdamW(0.1, weight_decay=0.0, slow={slow.kernel.path}, rate=0.25)
    model.compile(optimizer=optimizer, loss="mse")
    model.fit(np.ones((4, 1)), np.zeros((4, 1)), batch_size=4, verbose=0)
    changes = [1.0 - layer.get_weights()[0].item() for layer in (slow, quick)]
    assert changes == pytest.approx([0.025, 0.1], rel=1e-3)  # the first step of Adam is as long as the rate


STUDENT = """
name = "student"
dimension = 16
batch_size = 12
precision = "float32"

[image]
teacher = "TEACHER"

[text]
vocabulary = 120
width = 16
units = 16

[texts]
attributes = 1.0

[augmentation]
shift = 0.0
photo = 0.2

[[stages]]
loss = "contrastive"
epochs = 4
height = 40
width = 30
learning_rate = 3e-2
warmup = 2
image_teacher_weight = 4.0

[[stages]]
loss = "contrastive"
epochs = 1
height = 40
width = 30
learning_rate = 1e-3
frozen = true
variants = 3
image_teacher_weight = 4.0
"""


def test_a_student_imitates_its_teacher(run, tmp_path):
    folder, data = run
    config = tmp_path / "student.toml"
    config.write_text(STUDENT.replace("TEACHER", str(folder / "out")))
    assert main(["fit", str(config), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    student, teacher = (open_model(path) for path in (tmp_path / "out", folder / "out"))
    catalogue = read_catalogue([data], split="val", spec=student.spec, cache=tmp_path / "cache")
    cosines = (student.encode_pixels(catalogue.pixels) * teacher.encode_pixels(catalogue.pixels)).sum(axis=1)
    assert (
        cosines.mean() > 0.6
    )  # embeddings of 16 values that nobody aligned have cosines of 0, give or take .25
    shapes = {
        np.load(file, mmap_mode="r").shape[0] for file in (tmp_path / "out" / "cache").glob("features-*")
    }
    assert shapes == {1, 3}  # of val as they are, of train in three copies


def test_a_teacher_of_another_dimension_is_refused(run, tmp_path, capsys):
    folder, data = run
    config = tmp_path / "student.toml"
    text = STUDENT.replace("TEACHER", str(folder / "out"))
    config.write_text(text.replace("dimension = 16", "dimension = 8"))
    assert main(["fit", str(config), "--data", str(data), "--out", str(tmp_path / "out")]) == 2
    assert "has 16 values per embedding; set dimension to it" in capsys.readouterr().err


def test_a_weight_without_a_teacher_is_refused(tmp_path, capsys):
    config = tmp_path / "student.toml"
    config.write_text(STUDENT.replace('teacher = "TEACHER"', ""))
    assert main(["fit", str(config), "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "image.teacher names no teacher" in capsys.readouterr().err


def weights_of(folder):
    model = open_model(folder).model
    return {weight.path.split("/", 1)[-1]: np.asarray(weight) for weight in model.weights}


def test_a_blend_is_the_mean_of_a_run_and_of_what_it_went_on_from(run, tmp_path):
    folder, data = run
    start, later, mixed = folder / "out", tmp_path / "later", tmp_path / "mixed"
    arguments = ["fit", str(folder / "config.toml"), "--data", str(data), "--out", str(later)]
    assert main([*arguments, "--from", str(start), "--set", "stages.1.epochs=0"]) == 0
    assert main(["blend", str(later), "--start", str(start), "--share", "0.25", "--out", str(mixed)]) == 0
    before, after, between = weights_of(start), weights_of(later), weights_of(mixed)
    assert any(not np.allclose(before[name], after[name]) for name in before)
    for name, value in between.items():
        assert value == pytest.approx(0.25 * after[name] + 0.75 * before[name], abs=1e-6)
    artifact = ["export", str(mixed), "--data", str(data), "--out", str(tmp_path / "a"), "--name", "mixed"]
    assert main(artifact) == 0


@pytest.mark.parametrize(
    ("start", "share", "said"),
    [("out", "1.5", "between 0 and 1"), ("other", "0.5", "different tokenizers")],
)
def test_what_cannot_be_blended_is_named(run, tmp_path, capsys, start, share, said):
    folder, _ = run
    (folder / "other").mkdir(exist_ok=True)
    (folder / "other" / "tokenizer.json").write_text("{}")
    arguments = ["--start", str(folder / start), "--share", share, "--out", str(tmp_path / "out")]
    assert main(["blend", str(folder / "out"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
