import dataclasses
import json

import keras
import numpy as np
import pytest

from training.config import Config
from training.files import BEST, STATE
from training.interruption import Interruption
from training.judge import Judge
from training.sections import Stage, TextMix
from training.workdir import open_state

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras under NumPy 2

STAGE = Stage(loss="triplet", epochs=9, height=8, width=6, learning_rate=1e-3)


class Scripted(Judge):
    """Gives the validation figures of a script instead of measuring."""

    script: list[float]

    def measure(self):
        return {"text_to_image": {"mrr@10": self.script[self.state["epoch"]]}}


@pytest.fixture
def judge(tmp_path):
    config = Config(name="run", stages=(STAGE,), texts=TextMix(name=1.0), patience=2)
    state = open_state(tmp_path, resume=False)
    judge = Scripted((), None, None, config, tmp_path, state, STAGE, Interruption())
    judge.set_params({"steps": 2})
    judge.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    return judge


def run(judge, script):
    judge.script = script
    for epoch in range(len(script)):
        judge.model.set_weights([np.full((1, 1), float(epoch + 1)), np.zeros(1)])
        judge.on_epoch_begin(epoch)
        judge.on_train_batch_end(0)
        judge.on_epoch_end(epoch, {"loss": 1.0})
        if judge.state["stopped"]:
            break
    return json.loads((judge.workdir / STATE).read_text())


def weight(judge, file):
    judge.model.load_weights(judge.workdir / file)
    return float(judge.model.get_weights()[0][0, 0])


def test_the_best_weights_are_kept_and_patience_ends_the_run(judge):
    state = run(judge, [0.1, 0.3, 0.2, 0.25, 0.9])
    assert (state["epoch"], state["best_epoch"], state["best"], state["stopped"]) == (4, 2, 0.3, True)
    assert judge.model.stop_training
    assert weight(judge, BEST) == 2.0
    assert weight(judge, state["checkpoint"]) == 4.0
    assert len(list(judge.workdir.glob("checkpoint-*"))) == 1


def test_a_stop_saves_where_the_run_stands(judge):
    run(judge, [0.1])
    judge.interruption.asked = True
    judge.on_epoch_begin(1)
    judge.on_train_batch_end(0)
    judge.on_epoch_end(1, {"loss": 3.0})
    state = json.loads((judge.workdir / STATE).read_text())
    assert (state["epoch"], state["batch"], state["partial_loss"]) == (1, 1, 3.0)
    judge.interruption.asked = False
    judge.script = [0.1, 0.2]
    judge.on_epoch_begin(1)
    judge.on_train_batch_end(0)
    judge.on_epoch_end(1, {"loss": 1.0})
    assert judge.state["history"][-1]["loss"] == 2.0  # of both halves
    assert judge.state["batch"] == 0


def test_an_unknown_figure_to_choose_by_is_named(judge):
    judge.config = dataclasses.replace(judge.config, choose_by="beauty")
    with pytest.raises(ValueError, match=r"'beauty'; there are text_to_image mrr@10"):
        run(judge, [0.1])


def test_a_run_that_gets_better_goes_on(judge):
    state = run(judge, [0.1, 0.2, 0.15, 0.3])
    assert (state["epoch"], state["best_epoch"], state["stopped"]) == (4, 4, False)
