import keras
import numpy as np
import pytest

from training.checkpoint import load_checkpoint, open_state, save_checkpoint, write_state

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def model(rate=0.5):
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(rate, seed=3), keras.layers.Dense(1)])
    made.compile(optimizer="adam", loss="mse")
    made.optimizer.build(made.trainable_variables)
    return made


def test_a_fresh_folder_begins_at_nothing(tmp_path):
    state = open_state(tmp_path / "run", resume=False)
    assert (state["epoch"], state["batch"], state["history"]) == (0, 0, [])


def test_a_checkpoint_gives_back_weights_chance_and_optimizer(tmp_path):
    state = open_state(tmp_path, resume=False)
    trained = model()
    inputs = np.ones((8, 2), dtype=np.float32)
    trained.fit(inputs, np.zeros((8, 1)), verbose=0)
    save_checkpoint(trained, tmp_path, state)
    write_state(tmp_path, state)
    resumed = model()
    load_checkpoint(resumed, tmp_path, open_state(tmp_path, resume=True))
    for one in (trained, resumed):
        one.fit(inputs, np.zeros((8, 1)), verbose=0)
    for one, other in zip(trained.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert int(resumed.optimizer.iterations) == 2


def test_only_the_checkpoint_that_the_state_names_stays(tmp_path):
    state = open_state(tmp_path, resume=False)
    for epoch in range(3):
        state["epoch"] = epoch
        save_checkpoint(model(), tmp_path, state)
        write_state(tmp_path, state)
    assert [file.name for file in tmp_path.glob("checkpoint-*")] == ["checkpoint-2-0.weights.h5"]


def test_a_kill_before_the_state_is_written_leaves_the_checkpoint_before(tmp_path):
    state = open_state(tmp_path, resume=False)
    save_checkpoint(model(), tmp_path, state)
    write_state(tmp_path, state)
    state["epoch"] = 1
    save_checkpoint(model(), tmp_path, state)  # and no write_state
    found = open_state(tmp_path, resume=True)
    assert found["epoch"] == 0
    assert (tmp_path / found["checkpoint"]).exists()


def test_a_model_that_is_not_compiled_takes_the_weights_alone(tmp_path):
    state = open_state(tmp_path, resume=False)
    trained = model()
    trained.fit(np.ones((8, 2)), np.zeros((8, 1)), verbose=0)
    save_checkpoint(trained, tmp_path, state)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(1)])
    load_checkpoint(other, tmp_path, state)
    assert np.array_equal(other.get_weights()[0], trained.get_weights()[0])
    assert getattr(other, "optimizer", None) is None
