import numpy as np
import pytest

from training.config import Stage
from training.losses import (
    ContrastiveLoss,
    CosineLoss,
    RandomMiner,
    SoftContrastiveLoss,
    TripletLoss,
    distances,
    easy,
    hard,
    semi_hard,
    stage_loss,
)

# Three unit vectors in the plane, 0, 60 and 180 degrees: distances 1 (60 degrees), 2 (180), sqrt(3) (120).
PLANE = np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)], [-1.0, 0.0]], dtype="float32")
OWN = np.eye(3, dtype=bool)  # every text is true of its own picture only


def test_distances_are_euclidean():
    measured = np.asarray(distances(PLANE, PLANE))
    root = np.sqrt(3.0)
    assert measured == pytest.approx(np.array([[0, 1, 2], [1, 0, root], [2, root, 0]]), abs=2e-3)


def test_semi_hard_takes_the_nearest_negative_beyond_the_positive():
    distance = np.array([[0.5, 0.3, 0.9, 0.7]], dtype="float32")
    positive, forbidden = np.array([[0.5]], dtype="float32"), np.array([[True, False, False, False]])
    assert np.asarray(semi_hard(distance, positive, forbidden)) == pytest.approx([0.7])


def test_semi_hard_without_one_beyond_takes_the_farthest():
    distance = np.array([[0.5, 0.3, 0.4]], dtype="float32")
    positive, forbidden = np.array([[0.5]], dtype="float32"), np.array([[True, False, False]])
    assert np.asarray(semi_hard(distance, positive, forbidden)) == pytest.approx([0.4])


def test_hard_takes_the_nearest_that_is_allowed():
    distance = np.array([[0.5, 0.1, 0.3]], dtype="float32")
    forbidden = np.array([[True, True, False]])
    assert np.asarray(hard(distance, None, forbidden)) == pytest.approx([0.3])


def test_easy_takes_the_farthest_that_is_allowed():
    distance = np.array([[0.5, 0.1, 0.3, 0.9]], dtype="float32")
    forbidden = np.array([[False, False, False, True]])
    assert np.asarray(easy(distance, None, forbidden)) == pytest.approx([0.5])


def test_random_never_takes_a_forbidden_one():
    distance = np.array([[0.5, 0.1, 0.3]], dtype="float32")
    forbidden = np.array([[True, True, False]])
    miner = RandomMiner(seed=1)
    for _ in range(20):
        assert np.asarray(miner(distance, None, forbidden)) == pytest.approx([0.3])


def test_triplet_by_hand():
    # Texts equal pictures but the second: its positive lies at distance 1, the nearest negative at sqrt(3).
    images = PLANE
    texts = PLANE[[0, 0, 2]]
    loss = TripletLoss(hard, 0.4, both_directions=False)(images, texts, OWN, 0.0)
    # a0: p 0, n 0 (text 1 is vector 0) -> 0.4; a1: p 1, n 1 -> 0.4; a2: p 0, n 2 -> 0
    assert float(loss) == pytest.approx((0.4 + 0.4 + 0.0) / 3, abs=2e-3)


def test_a_batch_of_one_product_gives_no_loss():
    every = np.ones((3, 3), dtype=bool)
    loss = TripletLoss(semi_hard, 0.4, both_directions=True)(PLANE, PLANE[::-1].copy(), every, 0.0)
    assert float(loss) == 0.0


def test_contrastive_by_hand():
    log_scale = np.float32(0.0)
    loss = ContrastiveLoss()(PLANE[[0, 2]], PLANE[[0, 2]], OWN[:2, :2], log_scale)
    assert float(loss) == pytest.approx(np.log(1 + np.exp(-2)), abs=1e-5)


def test_contrastive_leaves_other_true_texts_out():
    every = np.ones((2, 2), dtype=bool)
    loss = ContrastiveLoss()(PLANE[[0, 1]], PLANE[[0, 1]], every, np.float32(1.0))
    assert float(loss) == pytest.approx(0.0, abs=1e-6)


def test_a_text_true_of_one_more_picture_is_left_out_in_its_own_direction():
    # Text 0 is true of picture 1 too, text 1 is not of picture 0: anchors 1 (picture) and 0 (text) have no negative.
    true = np.array([[True, False], [True, True]])
    images, texts = PLANE[[0, 1]], PLANE[[0, 1]]
    # The others: positive at distance 0, negative at distance 1.
    loss = TripletLoss(hard, 1.5, both_directions=True)(images, texts, true, 0.0)
    assert float(loss) == pytest.approx(0.5 * (0.5 / 2) + 0.5 * (0.5 / 2), abs=2e-3)


def test_a_stage_names_its_loss():
    stage = Stage(
        loss="triplet",
        epochs=1,
        height=8,
        width=6,
        learning_rate=1.0,
        miner="hard",
        margin=0.1,
        both_directions=True,
    )
    loss = stage_loss(stage, seed=1)
    assert (loss.miner, loss.margin, loss.both_directions) == (hard, 0.1, True)


def test_a_stage_may_add_the_contrastive_loss():
    stage = Stage(
        loss="triplet", epochs=1, height=8, width=6, learning_rate=1.0, miner="hard", contrastive_weight=0.5
    )
    arguments = (PLANE, PLANE[[0, 0, 2]], OWN, np.float32(0.0))
    expected = float(TripletLoss(hard, 0.4, both_directions=False)(*arguments)) + 0.5 * float(
        ContrastiveLoss()(*arguments)
    )
    assert float(stage_loss(stage, seed=1)(*arguments)) == pytest.approx(expected, abs=1e-6)


def test_soft_contrastive_by_hand():
    images = np.array([[1.0, 0.0], [0.0, 1.0]], dtype="float32")
    texts = np.array([[0.6, 0.8], [0.0, 1.0]], dtype="float32")
    temperature = 0.5
    alike = (images @ images.T + texts @ texts.T) / 2 / temperature
    targets = np.exp(alike) / np.exp(alike).sum(axis=1, keepdims=True)
    logits = texts @ images.T / temperature

    def log_softmax(rows):
        return rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))

    expected = -0.5 * np.mean(
        (targets * log_softmax(logits)).sum(axis=1) + (targets.T * log_softmax(logits.T)).sum(axis=1)
    )
    loss = SoftContrastiveLoss(temperature)(images, texts, None, np.float32(0.0))
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_cosine_by_hand():
    images = np.array([[1.0, 0.0], [0.0, 1.0]], dtype="float32")
    texts = np.array([[0.6, 0.8], [0.0, 1.0]], dtype="float32")
    assert float(CosineLoss()(images, texts, None, np.float32(0.0))) == pytest.approx(0.2)
