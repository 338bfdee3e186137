import json

import keras
import numpy as np
import pytest

from training.config import Config, Stage, TextMix
from training.fit import BEST, CHECKPOINT, STATE, Judge

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
    state = {"epoch": 0, "best": -1.0, "best_epoch": 0, "stopped": False, "averaged": False, "history": []}
    judge = Scripted(None, None, config, tmp_path, state, STAGE)
    judge.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    return judge


def run(judge, script):
    judge.script = script
    for epoch in range(len(script)):
        judge.model.set_weights([np.full((1, 1), float(epoch + 1)), np.zeros(1)])
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
    assert weight(judge, CHECKPOINT) == 4.0


def test_a_run_that_gets_better_goes_on(judge):
    state = run(judge, [0.1, 0.2, 0.15, 0.3])
    assert (state["epoch"], state["best_epoch"], state["stopped"]) == (4, 4, False)
