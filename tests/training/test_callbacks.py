import csv
import dataclasses
import json
import os
import signal

import keras
import numpy as np
import pytest

from training.callbacks import EpochLog, Interruption, ValidationCallback
from training.checkpoint import BEST, STATE, open_state
from training.config import Config, Stage, TextMix

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # Keras under NumPy 2

STAGE = Stage(loss="triplet", epochs=9, height=8, width=6, learning_rate=1e-3)


class Scripted(ValidationCallback):
    """Gives the validation figures of a script instead of measuring."""

    script: list[float]

    def measure(self):
        return {"text_to_image": {"mrr@10": self.script[self.state["epoch"]]}}


@pytest.fixture
def validation(tmp_path):
    config = Config(name="run", stages=(STAGE,), texts=TextMix(name=1.0), patience=2)
    state = open_state(tmp_path, resume=False)
    validation = Scripted((), None, None, config, tmp_path, state, STAGE, Interruption())
    validation.set_params({"steps": 2})
    validation.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    return validation


def run(validation, script):
    validation.script = script
    for epoch in range(len(script)):
        validation.model.set_weights([np.full((1, 1), float(epoch + 1)), np.zeros(1)])
        validation.on_epoch_begin(epoch)
        validation.on_train_batch_end(0)
        validation.on_epoch_end(epoch, {"loss": 1.0})
        if validation.state["stopped"]:
            break
    return json.loads((validation.workdir / STATE).read_text())


def weight(validation, file):
    validation.model.load_weights(validation.workdir / file)
    return float(validation.model.get_weights()[0][0, 0])


def test_the_best_weights_are_kept_and_patience_ends_the_run(validation):
    state = run(validation, [0.1, 0.3, 0.2, 0.25, 0.9])
    assert (state["epoch"], state["best_epoch"], state["best"], state["stopped"]) == (4, 2, 0.3, True)
    assert validation.model.stop_training
    assert weight(validation, BEST) == 2.0
    assert weight(validation, state["checkpoint"]) == 4.0
    assert len(list(validation.workdir.glob("checkpoint-*"))) == 1


def test_a_stop_saves_where_the_run_stands(validation):
    run(validation, [0.1])
    validation.interruption.requested = True
    validation.on_epoch_begin(1)
    validation.on_train_batch_end(0)
    validation.on_epoch_end(1, {"loss": 3.0})
    state = json.loads((validation.workdir / STATE).read_text())
    assert (state["epoch"], state["batch"], state["partial_loss"]) == (1, 1, 3.0)
    validation.interruption.requested = False
    validation.script = [0.1, 0.2]
    validation.on_epoch_begin(1)
    validation.on_train_batch_end(0)
    validation.on_epoch_end(1, {"loss": 1.0})
    assert validation.state["history"][-1]["loss"] == 2.0  # of both halves
    assert validation.state["batch"] == 0


def test_an_unknown_figure_to_choose_by_is_named(validation):
    validation.config = dataclasses.replace(validation.config, choose_by="beauty")
    with pytest.raises(ValueError, match=r"'beauty'; there are text_to_image mrr@10"):
        run(validation, [0.1])


def test_a_run_that_gets_better_goes_on(validation):
    state = run(validation, [0.1, 0.2, 0.15, 0.3])
    assert (state["epoch"], state["best_epoch"], state["stopped"]) == (4, 4, False)


def test_a_line_per_finished_epoch(tmp_path):
    log = EpochLog(tmp_path / "log.csv", batch_size=10)
    for epoch in range(2):
        log.on_epoch_begin(epoch)
        for batch in range(3):
            log.on_train_batch_end(batch)
        log.on_epoch_end(epoch, {"loss": 0.5, "text_to_image mrr@10": 0.25 * epoch})
    lines = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [(line["epoch"], line["loss"], line["text_to_image mrr@10"]) for line in lines] == [
        ("1", "0.5", "0"),
        ("2", "0.5", "0.25"),
    ]
    assert float(lines[0]["pictures per second"]) > 0


def test_an_epoch_that_was_stopped_has_no_line(tmp_path):
    log = EpochLog(tmp_path / "log.csv", batch_size=10)
    log.on_epoch_begin(0)
    log.on_train_batch_end(0)
    log.on_epoch_end(0, {"loss": 0.5})
    assert not (tmp_path / "log.csv").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_to_stop(number):
    with Interruption() as interruption:
        assert not interruption.requested
        os.kill(os.getpid(), number)
        assert interruption.requested


def test_a_second_interrupt_ends_at_once():
    with Interruption():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_afterwards_signals_are_what_they_were():
    before = signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
