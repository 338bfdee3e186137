"""Photos that lie on their side or stand on their head without saying so: which of four turns shows something that the shop has.

How near the nearest pictures are says nothing: something turned on its side is as near to bags and wallets as a shirt is to
shirts (of the four turns of a photo, the upright one was nearest in 29 %, where 25 % is chance). What tells them apart is
whether those pictures are nearer to this turn than to the other three, as bags are not: they are near to all four.
docs/relevance.md has the measurements.
"""

from collections.abc import Sequence

import numpy as np
from django.db import OperationalError
from numpy.typing import NDArray
from PIL import Image

from ..models import EntryImage, IndexVersion
from ..session import search_session
from ..vectors import from_literal, to_literal

TURNS = (0, 90, 180, 270)  # degrees clockwise
NEAREST = 10  # pictures that a turn is judged by
_WAYS = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def turned_picture(picture: Image.Image, turn: int) -> Image.Image:
    """Return a picture turned clockwise.

    Args:
        picture: any.
        turn: one of TURNS.
    """
    return picture.transpose(_WAYS[turn]) if turn else picture


def surest_turn(embeddings: NDArray[np.float32], version: IndexVersion, margin: float) -> int:
    """Return the turn by which a photo shows most surely what the version has; 0 unless another one is surer by a margin.

    Args:
        embeddings: (4, dimension), of the photo by each of TURNS, of unit length.
        version: whose pictures it is compared with.
        margin: the artifact's, a difference of cosine similarities.

    Returns:
        One of TURNS; 0, too, where the pictures could not be read in time.
    """
    try:
        sure = certainties(embeddings, version)
    except OperationalError:
        return 0
    best = int(np.argmax(sure))
    return TURNS[best] if sure[best] > sure[0] + margin else 0


def certainties(embeddings: NDArray[np.float32], version: IndexVersion) -> NDArray[np.float64]:
    """Return how sure each turn is: how much nearer its nearest pictures are to it than to any other turn, on average.

    Args:
        embeddings: (turns, dimension), of unit length.
        version: whose pictures they are compared with.

    Returns:
        (turns,), differences of cosine similarities; 0 for all where the version has no picture.

    Raises:
        OperationalError: the pictures could not be read in time.
    """
    sure = np.zeros(len(embeddings))
    with search_session():
        nearest = [_nearest(embedding, version) for embedding in embeddings]
    for turn, pictures in enumerate(nearest):
        if len(pictures):
            near = pictures @ embeddings.T
            others = np.delete(near, turn, axis=1).max(axis=1)
            sure[turn] = float((near[:, turn] - others).mean())
    return sure


def _nearest(embedding: NDArray[np.float32], version: IndexVersion) -> NDArray[np.float32]:
    """The embeddings of the nearest pictures, (up to NEAREST, dimension)."""
    pictures = EntryImage.objects.in_version(version.pk)
    found: Sequence[str] = pictures.nearest_embeddings(
        to_literal(embedding), dimension=version.dimension, limit=NEAREST
    )
    return np.array([from_literal(literal) for literal in found], dtype=np.float32)
