from pathlib import Path

import pytest

from training.config import Config, Stage, TextMix, load_config

CONFIGS = sorted((Path(__file__).parents[2] / "training" / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_configuration_that_ships_loads(path):
    assert load_config(path).name == path.stem


def test_an_unknown_key_is_named(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('name = "run"\nmargin = 3\n')
    with pytest.raises(ValueError, match="unknown key 'margin'"):
        load_config(path)


def test_shares_of_texts_sum_to_one():
    with pytest.raises(ValueError, match=r"sum to 0\.5"):
        Config(name="run", stages=(stage(1),), texts=TextMix(name=0.5))


def test_an_unknown_miner_is_named():
    with pytest.raises(ValueError, match="Unknown miner 'softest'"):
        Config(name="run", stages=(stage(1, miner="softest"),), texts=TextMix(name=1.0))


def stage(epochs, **values):
    return Stage(loss="triplet", epochs=epochs, height=16, width=12, learning_rate=1e-3, **values)
