import dataclasses

import numpy as np

from search.preprocessing import ImageSpec
from tests.training.products import product, write_catalogue
from training.batches import Batches, augment, group_products
from training.catalogue import read_catalogue
from training.config import Config, Stage, TextMix
from training.tokens import train_tokenizer

CONFIG = Config(
    name="run",
    stages=(Stage(loss="triplet", epochs=1, height=8, width=6, learning_rate=1e-3),),
    texts=TextMix(name=1.0),
    batch_size=5,
    subword_dropout=0.0,
)


def test_groups_join_names_and_pictures():
    groups = group_products(
        [
            product("1", name="A"),
            product("2", name="B"),
            product("3", name="a"),  # the name of 1, in other case
            product("4", name="C", twin="2"),  # the picture of 2
            product("5", name="D"),
        ]
    )
    assert groups[0] == groups[2]
    assert groups[1] == groups[3]
    assert len(set(groups)) == 3


def test_augmenting_shifts_and_mirrors_without_touching_colours():
    pixels = np.zeros((64, 10, 10, 3), dtype=np.uint8)
    pixels[:, :, 7:] = (200, 30, 30)
    changed = augment(pixels, np.random.default_rng(1), flip=True, shift=0.1)
    assert set(np.unique(changed)) == {0, 30, 200}
    left = (changed[:, 5, 0, 0] == 200).sum()
    assert 20 < left < 44  # about half are mirrored


def test_no_augmentation_leaves_pictures_alone():
    pixels = np.random.default_rng(1).integers(0, 255, (4, 8, 6, 3)).astype(np.uint8)
    assert np.array_equal(augment(pixels, np.random.default_rng(1), flip=False, shift=0.0), pixels)


def test_an_epoch_repeats_and_epochs_differ(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 32)
    catalogue = read_catalogue([folder], split="train", spec=ImageSpec(6, 8), cache=tmp_path, progress=False)
    tokenizer = train_tokenizer([item.name for item in catalogue.products], vocabulary=60)
    third, again = (Batches(catalogue, tokenizer, CONFIG, CONFIG.stages[0], epoch=2) for _ in range(2))
    first = Batches(catalogue, tokenizer, CONFIG, CONFIG.stages[0])
    assert len(first) == 24 // 5
    inputs, keys = third[0]
    assert np.array_equal(inputs["pixels"], again[0][0]["pixels"])
    assert np.array_equal(keys, again[0][1])
    first.on_epoch_end()
    first.on_epoch_end()
    assert np.array_equal(first[0][0]["tokens"], inputs["tokens"])
    assert not np.array_equal(third.order, Batches(catalogue, tokenizer, CONFIG, CONFIG.stages[0]).order)


def test_a_stage_may_see_fewer_products_and_other_texts(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 32)
    catalogue = read_catalogue([folder], split="train", spec=ImageSpec(6, 8), cache=tmp_path, progress=False)
    tokenizer = train_tokenizer([item.name for item in catalogue.products], vocabulary=60)
    stage = dataclasses.replace(CONFIG.stages[0], epoch_products=10, texts=TextMix(description=1.0))
    batches = Batches(catalogue, tokenizer, CONFIG, stage)
    assert len(batches) == 2
    assert len(set(batches.texts)) == 4  # one description per colour
