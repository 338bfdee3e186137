"""Pieces of a photo, as photo search proposes them, in drawn scenes of one to three products whose places are known."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from search.encoders.pictures import ImageSpec
from search.encoders.proposals import Box, candidates, overlap

from ..cutout import backgrounds, opacity
from ..data import read_catalogue
from ..surfaces import draw_surface
from .evaluators import EmbeddingModel, Figures, Setting

Pixels = NDArray[np.uint8]

SCENES = 300
SIZE = (448, 336)  # height and width of a scene
PRODUCT = ImageSpec(width=168, height=224)
PROPOSED = 3
ENOUGH = 0.5  # overlap of a box with a product, from which it is found
CUT_OUT = (0.1, 0.85)  # least and largest share of background of pictures that are cut out well enough
# Where products lie, by their number: parts of the scene.
_PLACES: dict[int, tuple[tuple[Box, ...], ...]] = {
    1: (((0.1, 0.1, 0.9, 0.9),),),
    2: (
        ((0.02, 0.05, 0.5, 0.95), (0.5, 0.05, 0.98, 0.95)),
        ((0.1, 0.02, 0.9, 0.5), (0.1, 0.5, 0.9, 0.98)),
    ),
    3: (((0.02, 0.02, 0.5, 0.5), (0.5, 0.02, 0.98, 0.5), (0.1, 0.5, 0.9, 0.98)),),
}


class Scene(NamedTuple):
    """A drawn photo, (height, width, 3), and where its products are."""

    photo: Pixels
    boxes: Sequence[Box]


def pieces(model: EmbeddingModel, setting: Setting) -> Figures:
    """Propose pieces of drawn scenes of `val` products, and count the products that one of three boxes covers.

    Returns:
        A section for scenes of one, two and three products: `found`, the share of products that a box overlaps by at least
        half of what both cover together; `touched`, the share that have the middle of a box, where the shop shows a dot;
        `overlap`, the best box's, on average.

    Raises:
        ValueError: the model is no artifact whose encoder gives a map, or too few products can be cut out.
    """
    encode = getattr(getattr(model, "model", model), "encode_cells", None)
    if encode is None:
        raise ValueError("The protocol needs an artifact: export the run first.")
    catalogue = read_catalogue(
        [setting.data],
        split="val",
        spec=PRODUCT,
        cache=setting.cache,
        held_out=True,
        large=setting.has_large_pictures,
    )
    found: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for scene in scenes(catalogue.pixels, setting.seed):
        cells = encode(Image.fromarray(scene.photo))
        if cells is None:
            raise ValueError("The artifact's picture encoder gives no map of cells: export it anew.")
        proposed = candidates(cells, PROPOSED)
        for box in scene.boxes:
            best = max((overlap(box, other) for other in proposed), default=0.0)
            found[len(scene.boxes)].append((best, any(_middle_in(other, box) for other in proposed)))
    return {
        f"pieces, scenes of {number}": {
            "products": len(rows),
            "found": float(np.mean([best >= ENOUGH for best, _ in rows])),
            "touched": float(np.mean([touched for _, touched in rows])),
            "overlap": float(np.mean([best for best, _ in rows])),
        }
        for number, rows in sorted(found.items())
    }


def scenes(pictures: Pixels, seed: int) -> Iterator[Scene]:
    """Draw 300 scenes of products on surfaces, by turns of one, two and three.

    Args:
        pictures: (n, height, width, 3) of products on white.
        seed: of the random numbers.

    Raises:
        ValueError: fewer than three of them can be cut out.
    """
    rng = np.random.default_rng(seed)
    found = backgrounds(pictures)
    share = found.mean(axis=(1, 2))
    usable = np.flatnonzero((share > CUT_OUT[0]) & (share < CUT_OUT[1]))
    if len(usable) < len(_PLACES):
        raise ValueError("Fewer than three products stand on white, so that they can be cut out.")
    for number in range(SCENES):
        scene = draw_surface(*SIZE, rng, pictures, 0.0)
        ways = _PLACES[number % len(_PLACES) + 1]
        places = ways[rng.integers(len(ways))]
        chosen = rng.choice(usable, size=len(places), replace=False)
        boxes = [
            _lay(scene, pictures[row], opacity(pictures[row], found[row]), place, rng)
            for row, place in zip(chosen, places, strict=True)
        ]
        yield Scene(np.moveaxis(np.clip(scene, 0, 255), 0, 2).astype(np.uint8), boxes)


def _lay(
    scene: NDArray[np.float32], picture: Pixels, alpha: Pixels, place: Box, rng: np.random.Generator
) -> Box:
    """Draw a product somewhere in a part of the scene (3, height, width), and return its box."""
    high, wide = scene.shape[1:]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    part = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    room = ((place[2] - place[0]) * wide, (place[3] - place[1]) * high)
    scale = min(room[0] / (part[2] - part[0]), room[1] / (part[3] - part[1])) * rng.uniform(0.75, 1.0)
    size = (max(1, int((part[2] - part[0]) * scale)), max(1, int((part[3] - part[1]) * scale)))
    left, top = (
        int(start * side + rng.random() * (space - length))
        for start, side, space, length in zip(place[:2], (wide, high), room, size, strict=True)
    )
    product = np.asarray(Image.fromarray(picture).crop(part).resize(size)).transpose(2, 0, 1)
    opaque = np.asarray(Image.fromarray(alpha).crop(part).resize(size)).astype(np.float32) / 255.0
    covered = scene[:, top : top + size[1], left : left + size[0]]
    covered *= 1.0 - opaque
    covered += product * opaque
    return left / wide, top / high, (left + size[0]) / wide, (top + size[1]) / high


def _middle_in(box: Box, other: Box) -> bool:
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return other[0] <= across <= other[2] and other[1] <= down <= other[3]
