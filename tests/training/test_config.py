from pathlib import Path

import pytest

from training.config import Config, Stage, TextMix, load_config, save_config

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


def test_values_set_anew(tmp_path):
    changes = [
        "batch_size=64",
        "image.weights=resnet.weights.h5",
        "stages.0.margin=0.1",
        "text.bidirectional=true",
    ]
    config = load_config(CONFIGS[0].parent / "triplet.toml", changes)
    assert (config.batch_size, config.image.weights) == (64, "resnet.weights.h5")
    assert (config.stages[0].margin, config.stages[0].miner, config.text.bidirectional) == (
        0.1,
        "random",
        True,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("batch_size", "write KEY=VALUE"),
        ("stages.7.epochs=1", "no place for it"),
        ("name.first=a", "no place for it"),
        ("image.colour=red", "unknown key 'colour'"),
        ("image.pooling=sum", "Unknown pooling 'sum'; there are 'max', 'average'"),
    ],
)
def test_a_change_that_does_not_fit_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        load_config(CONFIGS[0].parent / "triplet.toml", [change])


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_a_run_keeps_is_the_whole_configuration(path, tmp_path):
    config = load_config(path)
    save_config(config, tmp_path / "config.json")
    assert load_config(tmp_path / "config.json") == config


def test_word_vectors_are_the_joint_space():
    with pytest.raises(ValueError, match="dimension 256 is not width 300"):
        load_config(CONFIGS[0].parent / "devise.toml", ["dimension=256"])


def stage(epochs, **values):
    return Stage(loss="triplet", epochs=epochs, height=16, width=12, learning_rate=1e-3, **values)
