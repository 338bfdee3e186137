import sys
from types import ModuleType

import numpy as np
import pytest

from search.exceptions import MapError
from search.quality.projection import perplexity_of, principal_components, project


def clusters(count: int, each: int, *, dimension: int = 32) -> np.ndarray:
    random = np.random.default_rng(3)
    middles = np.eye(dimension)[:count]
    points = np.repeat(middles, each, axis=0) + random.normal(scale=0.02, size=(count * each, dimension))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_products_that_look_alike_lie_together_and_the_same_seed_gives_the_same_map():
    embeddings = clusters(3, 20)
    shares: list[float] = []
    positions = project(embeddings, shares.append)
    assert (positions.shape, positions.dtype) == ((60, 2), np.float32)
    far = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    own = np.repeat(np.arange(3), 20)
    np.fill_diagonal(far, np.inf)
    assert (own[far.argmin(axis=1)] == own).all()
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) == 30  # 750 iterations, one report after each 25
    assert np.array_equal(positions, project(embeddings, shares.append))


def test_few_products_lie_by_their_two_principal_components():
    embeddings = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float32)
    positions = project(embeddings, pytest.fail)
    # Centred, they are (2/3, -2/3), (-1/3, 1/3), (-1/3, 1/3): one direction, of which they have 2 sqrt(2)/3 and half of that.
    assert np.abs(positions[:, 0]) == pytest.approx([0.9428, 0.4714, 0.4714], abs=1e-4)
    assert positions[:, 1] == pytest.approx([0, 0, 0], abs=1e-6)
    assert project(embeddings[:1], pytest.fail).tolist() == [[0, 0]]


def test_principal_components_are_ordered_by_how_much_they_tell():
    points = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert principal_components(points, 2).tolist() == points.tolist()


def test_perplexity_leaves_enough_neighbours():
    assert [perplexity_of(count) for count in (13, 91, 1000)] == [4.0, 30.0, 30.0]


def test_a_map_that_did_not_converge_is_no_map(monkeypatch):
    class Diverging:
        def __init__(self, **options: object) -> None:
            pass

        def fit(self, points: np.ndarray) -> np.ndarray:
            return np.full((len(points), 2), np.nan)

    library = ModuleType("openTSNE")
    library.TSNE = Diverging  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "openTSNE", library)
    with pytest.raises(MapError, match="t-SNE did not converge"):
        project(clusters(3, 5), lambda share: None)


def test_without_the_library_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(MapError, match=r'pip install "fashion-search\[map\]"'):
        project(clusters(3, 5), lambda share: None)


def test_products_that_are_all_alike_lie_in_one_place():
    embeddings = np.tile(np.eye(1, 8, dtype=np.float32), (40, 1))
    assert not project(embeddings, lambda share: None).any()
