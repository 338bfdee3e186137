import dataclasses

import numpy as np
import pytest

from search.encoders.pictures import ImageSpec
from tests.training.products import product, write_catalogue
from training.batches import Batches, group_products, number_facts, shuffle, true_of
from training.config import Config, Stage, TextMix
from training.data import read_catalogue
from training.embeddings import Pictures
from training.teacher import Lesson
from training.tokens import train_tokenizer

CONFIG = Config(
    name="run",
    stages=(Stage(loss="triplet", epochs=1, height=8, width=6, learning_rate=1e-3),),
    texts=TextMix(name=1.0),
    batch_size=5,
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


def test_a_text_is_true_of_what_has_or_may_have_its_facts():
    products = [
        product("1", colour="Red", pattern="Striped"),
        product("2", colour="Red", pattern="Solid"),
        product("3", colour="Red", pattern=""),  # may be striped
        product("4", colour="Blue", pattern="Striped"),
    ]
    states = np.zeros((4, 7), dtype=bool)
    states[0, 1:3] = True  # colour and pattern: "red striped"
    states[3, 1] = True  # "blue"
    facts = number_facts(products)
    stated = true_of(facts, facts, states)
    assert stated[:, 0].tolist() == [True, False, True, False]
    assert stated[:, 3].tolist() == [False, False, False, True]
    assert not stated[:, 1:3].any()  # those texts say more than facts


def test_products_of_one_type_stand_together():
    types = np.repeat(np.arange(5, dtype=np.int32), 40)
    order = shuffle(types, 8, np.random.default_rng(1))
    assert sorted(order) == list(range(200))
    runs = types[order].reshape(-1, 8)
    assert (runs == runs[:, :1]).all()
    assert len(set(runs[:5, 0])) > 1  # runs of a type are spread
    half = types[shuffle(types, 8, np.random.default_rng(1), alone=0.5)]
    assert 0.3 < (np.diff(half) == 0).mean() < 0.7
    scattered = types[shuffle(types, 1, np.random.default_rng(1))]
    assert (np.diff(scattered) == 0).mean() < 0.4


@pytest.fixture
def catalogue(tmp_path):
    folder = write_catalogue(tmp_path / "shop", 32)
    return read_catalogue([folder], split="train", spec=ImageSpec(6, 8), cache=tmp_path, progress=False)


def batches_of(catalogue, stage=CONFIG.stages[0], pictures=None, lesson=None):
    tokenizer = train_tokenizer([item.name for item in catalogue.products], vocabulary=60)
    pictures = pictures or Pictures("pixels", catalogue.pixels)
    return Batches(catalogue.products, pictures, tokenizer, CONFIG, stage, lesson)


def test_an_epoch_repeats_and_epochs_differ(catalogue):
    third, again, first = (batches_of(catalogue) for _ in range(3))
    assert len(first) == first.per_epoch == 24 // 5
    third.begin(2)
    again.begin(2)
    inputs, labels = third[0]
    assert np.array_equal(inputs["pixels"], again[0][0]["pixels"])
    true = labels["true"]
    assert np.array_equal(true, again[0][1]["true"])
    assert labels["facts"].shape == (5, 7)
    assert true.shape == (5, 5)
    assert true.diagonal().all()
    assert not np.array_equal(third.order, first.order)


def test_an_epoch_goes_on_after_the_batches_that_are_over(catalogue):
    whole, rest = batches_of(catalogue), batches_of(catalogue)
    whole.begin(1)
    rest.begin(1, skip=3)
    assert (len(whole), len(rest)) == (4, 1)
    for kind in ("pixels", "tokens"):
        assert np.array_equal(whole[3][0][kind], rest[0][0][kind])


def test_features_stand_for_pictures(catalogue):
    features = np.arange(48, dtype=np.float32).reshape(1, 24, 2)
    batches = batches_of(catalogue, pictures=Pictures("features", features))
    inputs, _ = batches[0]
    assert np.array_equal(inputs["features"], features[0, batches.order[:5]])
    assert "pixels" not in inputs


def test_of_several_copies_each_picture_shows_one_and_another_in_the_next_epoch(catalogue):
    copies = np.stack([np.full((24, 2), number, np.float32) for number in range(3)])
    batches = batches_of(catalogue, pictures=Pictures("features", copies))
    seen = [batches[index][0]["features"][:, 0] for index in range(len(batches))]
    again = [batches[index][0]["features"][:, 0] for index in range(len(batches))]
    assert np.array_equal(seen, again)
    assert set(np.concatenate(seen)) == {0.0, 1.0, 2.0}
    batches.begin(1)
    other = [batches[index][0]["features"][:, 0] for index in range(len(batches))]
    assert not np.array_equal(seen, other)


def test_a_stage_may_see_fewer_products_and_other_texts(catalogue):
    stage = dataclasses.replace(CONFIG.stages[0], epoch_products=10, texts=TextMix(description=1.0))
    batches = batches_of(catalogue, stage)
    assert len(batches) == 2
    assert len(set(batches.texts)) == 4  # one description per colour


def test_a_stage_may_truncate_texts_more(catalogue):
    stage = dataclasses.replace(CONFIG.stages[0], texts=TextMix(description=1.0))
    longer = batches_of(catalogue, stage).tokens
    shorter = batches_of(catalogue, dataclasses.replace(stage, max_tokens=3)).tokens
    assert longer.shape[1] > shorter.shape[1] == 3
    assert np.array_equal(longer[:, :3], shorter)


def test_a_lesson_gives_as_many_taught_texts_as_products(catalogue):
    lesson = Lesson(np.arange(1, 10, dtype=np.int32)[:, None], np.arange(9, dtype=np.float32)[:, None] / 10)
    batches = batches_of(catalogue, lesson=lesson)

    def draw(epoch, index):
        batches.begin(epoch)
        inputs, truth = batches[index]
        assert inputs["taught"].shape == (CONFIG.batch_size, 1)
        assert truth["taught"] * 10 == pytest.approx(inputs["taught"] - 1)  # each with its target
        return inputs["taught"][:, 0].tolist()

    assert draw(0, 1) == draw(0, 1)
    assert draw(0, 1) != draw(0, 2)
    assert draw(0, 1) != draw(1, 1)
    assert "taught" not in batches_of(catalogue)[0][0]
