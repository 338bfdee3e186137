import numpy as np
import pytest

from tests.training.report.subjects import subject
from training.report.plane import MARGIN, SIDE, layout, plane, sample_rows
from training.report.subjects import Thumbnails


def test_equal_embeddings_lie_nearer_than_others():
    random = np.random.default_rng(1)
    clusters = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    noisy = clusters + random.normal(scale=0.01, size=clusters.shape).astype(np.float32)
    places = np.array(layout(noisy, seed=1), dtype=float)
    centres = places.reshape(3, 10, 2).mean(axis=1)
    own = np.linalg.norm(places.reshape(3, 10, 2) - centres[:, None], axis=2).mean()
    between = np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1).mean()
    assert own < between / 3
    assert (places.min(), places.max()) == (MARGIN, SIDE - MARGIN)


def test_pairs_and_others_have_their_similarity():
    drawn = plane(subject(), Thumbnails(), sample=15, seed=1)
    assert len(drawn.pairs) == 15
    assert {pair.similarity for pair in drawn.pairs} == {1.0}
    assert drawn.of_pairs == 1.0
    assert drawn.of_others == pytest.approx((75 - 15) / (225 - 15))
    assert drawn.legend == (("Apparel", 0),)


def test_lots_are_drawn_without_return():
    assert sample_rows(5, 9, seed=1).tolist() == [0, 1, 2, 3, 4]
    assert len(set(sample_rows(100, 20, seed=1).tolist())) == 20
    assert sample_rows(100, 20, seed=1).tolist() != sample_rows(100, 20, seed=2).tolist()
