"""A stage whose text encoder learns shoppers' texts from a teacher."""

import numpy as np
import pytest

from training import teacher
from training.config import Config, Stage, TextMix
from training.data import Product
from training.teacher import blend, catalogue_texts, prepare_lesson, sentence_embeddings
from training.tokens import train_tokenizer

CONFIG = Config(
    name="taught",
    stages=(
        Stage(loss="contrastive", epochs=1, height=8, width=6, learning_rate=1e-3, text_teacher="minilm"),
    ),
    texts=TextMix(name=1.0),
)
KNOWN = ["Sunglasses", "Dresses"]


def test_minilm_knows_what_words_mean_and_is_asked_once(tmp_path, monkeypatch):
    texts = ["gown", "Women's dress", "eyewear", "sunglasses", "gown"]
    found = sentence_embeddings(texts, tmp_path, progress=False)
    assert found.shape == (5, teacher.WIDTH)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert np.array_equal(found[0], found[4])
    likeness = found @ found.T
    assert likeness[0, 1] > likeness[0, 3]
    assert likeness[2, 3] > likeness[2, 1]
    monkeypatch.setattr(teacher, "_encode", None)
    assert np.array_equal(sentence_embeddings(texts, tmp_path), found)


def test_a_text_belongs_where_the_likest_known_texts_are():
    known = np.eye(2, 3, dtype=np.float32)
    embedded = np.array([[1, 0], [0, 1]], dtype=np.float32)
    texts = np.array([[1, 0, 0], [0, 0, 1], [0.6, 0.64, 0.48]], dtype=np.float32)
    targets = blend(texts, known, embedded)
    assert targets[0] == pytest.approx([1, 0], abs=1e-6)
    assert targets[1] == pytest.approx([0.5**0.5] * 2)  # like neither
    ratio = np.exp(0.04 / 0.04)
    assert targets[2] == pytest.approx(np.array([1, ratio]) / np.hypot(1, ratio), rel=1e-4)


def test_known_texts_are_facts_and_some_of_the_names(monkeypatch):
    products = [
        Product("shop", str(number), f"Acme {number}", article_type="Dresses", colour="Red")
        for number in range(9)
    ]
    monkeypatch.setattr(teacher, "MOST_NAMES", 4)
    texts = catalogue_texts(products, seed=1)
    assert texts == catalogue_texts(products, seed=1)
    assert {"Dresses", "Red", "Red Dresses"} <= set(texts)
    assert len(texts) == 3 + 4


def test_a_lesson_is_kept_for_the_rest_of_its_stage(tmp_path, monkeypatch):
    """Afterwards the text encoder is another one, and would give other targets."""
    products = [Product("shop", name, name, article_type=name) for name in KNOWN]
    axes = {"shades": 0, "Sunglasses": 0, "frock": 1, "Dresses": 1}
    monkeypatch.setattr(teacher, "shopper_texts", lambda: ["shades", "frock"])
    monkeypatch.setattr(
        teacher, "sentence_embeddings", lambda texts, cache: np.eye(2)[[axes[text] for text in texts]]
    )
    joint = {"Sunglasses": [0.6, 0.8], "Dresses": [1.0, 0.0]}
    monkeypatch.setattr(
        teacher,
        "encode_texts",
        lambda model, tokenizer, texts, config: np.array([joint[text] for text in texts]),
    )
    tokenizer = train_tokenizer([*axes] * 3, vocabulary=60)
    arguments = (None, tokenizer, products, CONFIG, tmp_path, tmp_path / "lesson-1.npy")
    lesson = prepare_lesson(*arguments)
    assert lesson.targets == pytest.approx(np.array([[0.6, 0.8], [1.0, 0.0]]), abs=1e-6)
    assert len(lesson) == len(lesson.tokens) == 2
    assert lesson.tokens.any(axis=0).all()  # no column of padding alone
    joint["Dresses"] = [0.0, 1.0]
    assert np.array_equal(prepare_lesson(*arguments).targets, lesson.targets)
