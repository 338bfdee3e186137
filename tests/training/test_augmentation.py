import numpy as np
import pytest

from training.augmentation import LARGEST_BACKGROUND, augment, replace_backgrounds
from training.config import Augmentation

NOTHING = Augmentation(flip=False, shift=0.0)


def noise(count: int = 4) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (count, 16, 12, 3)).astype(np.uint8)


def right_half(colour, count: int = 1) -> np.ndarray:
    pixels = np.full((count, 40, 30, 3), 255, dtype=np.uint8)
    pixels[:, :, 15:] = colour
    return pixels


def test_no_augmentation_leaves_pictures_alone():
    assert np.array_equal(augment(noise(), NOTHING, np.random.default_rng(1)), noise())


def test_the_seed_decides():
    how = Augmentation(zoom=0.2, perspective=0.1, background=0.5)
    first, again = (augment(noise(), how, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, augment(noise(), how, np.random.default_rng(8)))


def test_about_half_are_mirrored():
    mirrored = augment(right_half((200, 30, 30), 64), Augmentation(shift=0.0), np.random.default_rng(1))
    assert 20 < (mirrored[:, 20, 0, 1] == 30).sum() < 44


@pytest.mark.parametrize(
    "how", [{"shift": 0.1}, {"shift": 0.0, "zoom": 0.2}, {"shift": 0.0, "perspective": 0.1}]
)
def test_moving_moves_the_edge_and_keeps_the_colours(how):
    pixels = right_half((200, 30, 30), 32)
    pixels[:, :, 10:15] = (200, 30, 30)  # off the centre, where zooming moves it too
    moved = augment(pixels, Augmentation(flip=False, **how), np.random.default_rng(1))
    edges = (moved[:, 20, :, 1] > 140).sum(axis=1)
    assert len(set(edges.tolist())) > 2
    assert abs(edges.mean() - 10) < 2
    assert (moved[:, 5:35, 0] == 255).all()  # beyond the frame its edge goes on
    assert (moved[:, 5:35, -1] == (200, 30, 30)).all()


def test_a_background_changes_around_what_stays():
    pixels = np.full((3, 40, 30, 3), 255, dtype=np.uint8)
    pixels[:, 10:30, 8:22] = (20, 40, 160)
    changed = replace_backgrounds(pixels, np.random.default_rng(1))
    assert np.array_equal(changed[:, 10:30, 8:22], pixels[:, 10:30, 8:22])
    outside = changed[:, :9]
    assert (outside.min(axis=-1) < 243).mean() > 0.9
    assert len({tuple(row[0, 0]) for row in changed}) == 3


def test_a_white_garment_keeps_its_picture():
    pixels = np.full((1, 40, 30, 3), 255, dtype=np.uint8)
    pixels[:, 10:12, 8:22] = 90
    assert (pixels == 255).mean() > LARGEST_BACKGROUND
    assert np.array_equal(replace_backgrounds(pixels, np.random.default_rng(1)), pixels)
