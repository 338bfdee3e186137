"""From embeddings to positions on a plane: principal components, then t-SNE."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..exceptions import MapError

SEED = 1
COMPONENTS = (
    50  # principal components that t-SNE sees; of the default artifact's 256 dimensions they hold 99.7 %
)
PERPLEXITY = 30.0  # about how many neighbours of a product count
FEWEST = 12  # products that t-SNE makes sense for; fewer lie by their two principal components
THREADS = 2
# Above this many products interpolation is quicker than Barnes-Hut trees; two cores take 52 s for 11,179 products with
# trees and 68 s without, 269 s and 166 s for 41,408. Of few products interpolation makes minutes.
TREES_BELOW = 20_000
EARLY, LATE = 250, 500  # iterations while clusters form, and after that
EVERY = 25  # iterations between two reports

Positions = NDArray[np.float32]  # (n, 2)


def project(embeddings: NDArray[np.float32], report: Callable[[float], None]) -> Positions:
    """Return positions of embeddings on a plane, shape (n, 2); equal embeddings and seed give equal positions.

    Args:
        embeddings: of unit length, shape (n, dimension).
        report: takes how much is done, from 0 to 1.

    Raises:
        MapError: the library for t-SNE is not installed.
    """
    reduced = principal_components(embeddings.astype(np.float64), min(COMPONENTS, embeddings.shape[1]))
    if len(reduced) < FEWEST:
        return _plane(reduced)
    tsne = _library().TSNE(
        perplexity=perplexity_of(len(reduced)),
        early_exaggeration_iter=EARLY,
        n_iter=LATE,
        negative_gradient_method="bh" if len(reduced) < TREES_BELOW else "fft",
        n_jobs=min(THREADS, os.cpu_count() or 1),
        random_state=SEED,
        callbacks=_Progress(report),
        callbacks_every_iters=EVERY,
    )
    return _plane(np.asarray(tsne.fit(reduced)))


def perplexity_of(count: int) -> float:
    """Return the perplexity for a number of products: t-SNE looks at three times as many neighbours."""
    return min(PERPLEXITY, (count - 1) / 3)


def principal_components(embeddings: NDArray[np.float64], components: int) -> NDArray[np.float64]:
    """Return the embeddings in the directions in which they differ most, shape (n, components)."""
    centred = embeddings - embeddings.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    chosen = directions[:, ::-1][:, :components]
    # The sign of a direction is chance: the largest part of each is made positive.
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    found: NDArray[np.float64] = centred @ (chosen * signs)
    return found


def _plane(positions: NDArray[np.float64]) -> Positions:
    return positions[:, :2].astype(np.float32)


def _library() -> Any:
    # Imported when a map is made: it takes 3 s and 100 MB, which web processes and most tasks have no use for.
    try:
        import openTSNE
    except ImportError as error:
        raise MapError(
            'The map needs the package openTSNE: pip install "fashion-search[map]", then restart the workers.'
        ) from error
    return openTSNE


class _Progress:
    """Counts iterations over both phases, of which t-SNE reports each from the beginning."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._done = 0

    def __call__(self, iteration: int, error: float, positions: NDArray[np.float64]) -> None:
        self._done += EVERY
        self._report(min(1.0, self._done / (EARLY + LATE)))
